// SPDX-License-Identifier: MIT
#include "mote/status.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace {

using mote::Result;
using mote::Status;

constexpr int kLargestValue = 255;  // of the underlying type

std::string text_of(int value) {
  return mote::to_string(static_cast<Status>(value));
}

TEST(Status, EveryValueHasItsOwnText) {
  const std::string unknown = text_of(kLargestValue);
  std::set<std::string> texts = {unknown};
  int count = 0;
  while (count <= kLargestValue && text_of(count) != unknown) {
    EXPECT_TRUE(texts.insert(text_of(count)).second) << "value " << count << " shares \"" << text_of(count) << '"';
    ++count;
  }
  EXPECT_GT(count, static_cast<int>(Status::not_finite));
  for (int value = count; value <= kLargestValue; ++value) EXPECT_EQ(text_of(value), unknown) << value;
}

TEST(Status, TextsAreLowerCaseSentencesWithoutFinalStop) {
  for (int value = 0; value <= kLargestValue; ++value) {
    const std::string text = text_of(value);
    ASSERT_FALSE(text.empty()) << value;
    EXPECT_TRUE(std::islower(static_cast<unsigned char>(text.front()))) << text;
    EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(text.back()))) << text;
    EXPECT_LT(text.size(), 80u) << text;
  }
}

TEST(Result, IsOkByDefaultAndOnlyForOk) {
  static_assert(Result().ok());
  static_assert(Result(Status::ok).ok());
  for (int value = 1; value <= kLargestValue; ++value) EXPECT_FALSE(Result(static_cast<Status>(value)).ok()) << value;
}

TEST(Result, ConvertsFromStatusAndCarriesBothNumbers) {
  const Result plain = Status::no_layers;
  EXPECT_EQ(plain.status, Status::no_layers);
  EXPECT_EQ(plain.found, 0u);
  EXPECT_EQ(plain.expected, 0u);
  constexpr Result full{Status::memory_too_small, 0xffffffffffffffffu, 0x100000000u};
  static_assert(full.status == Status::memory_too_small);
  static_assert(full.found == 0xffffffffffffffffu && full.expected == 0x100000000u, "64 bits on every target");
  static_assert(!full.ok());
}

}  // namespace
