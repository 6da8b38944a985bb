// SPDX-License-Identifier: MIT
#include "mote/activation.hpp"
#include "mote/loss.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/names.hpp"

namespace {

TEST(Names, AreThoseOfTheOptions) {
  std::set<std::string> names;
  for (const auto& named : tools::kActivations) {
    EXPECT_EQ(named.name, mote::name_of(named.value));
    names.insert(mote::name_of(named.value));
  }
  for (const auto& named : tools::kLosses) {
    EXPECT_EQ(named.name, mote::name_of(named.value));
    names.insert(mote::name_of(named.value));
  }
  EXPECT_EQ(names.size(), std::size(tools::kActivations) + std::size(tools::kLosses));
}

TEST(Names, EndWithTheEnumerations) {
  EXPECT_EQ(mote::name_of(static_cast<mote::Activation>(std::size(tools::kActivations))), nullptr);
  EXPECT_EQ(mote::name_of(static_cast<mote::Loss>(std::size(tools::kLosses))), nullptr);
}

}  // namespace
