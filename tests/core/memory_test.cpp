// SPDX-License-Identifier: MIT
#include "mote/memory.hpp"
#include "mote/trainer.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using mote::kAlignment;
using mote::Memory;
using mote::MemoryPlan;
using mote::Status;
using mote::Storage;

std::uintptr_t address(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

TEST(Storage, IsAlignedAndAsLargeAsItSays) {
  static Storage<1> one;
  static Storage<64> line;
  static Storage<1000> thousand;
  static_assert(Storage<1000>::size() == 1000);
  static_assert(sizeof(Storage<kAlignment>) == kAlignment && sizeof(Storage<kAlignment + 1>) == 2 * kAlignment,
                "nothing but the bytes and their alignment");
  for (const Memory memory : {Memory(one), Memory(line), Memory(thousand)}) {
    EXPECT_EQ(address(memory.data()) % kAlignment, 0u);
  }
  EXPECT_EQ(Memory(one).size(), 1u);
  EXPECT_EQ(Memory(line).size(), 64u);
  EXPECT_EQ(Memory(thousand).size(), 1000u);
  EXPECT_EQ(Memory(thousand).data(), reinterpret_cast<unsigned char*>(&thousand));
}

constexpr std::size_t planned_bytes() {
  MemoryPlan plan;
  plan.take<float>(3);          // from 0
  plan.take<unsigned char>(1);  // from 64, or the next multiple of 8
  plan.take<double>(9);         // from 128, or 24
  return plan.bytes();
}
constexpr bool kIsSmall = kAlignment == 8;
constexpr std::size_t kLastPart = kIsSmall ? 24 : 128;

TEST(MemoryPlan, CountsBytesWithoutPaddingAtTheEnd) {
  static_assert(planned_bytes() == kLastPart + 72);
}

TEST(MemoryPlan, AlignsEveryPart) {
  MemoryPlan plan;
  EXPECT_EQ(plan.bytes(), 0u);
  EXPECT_EQ(plan.take<float>(16).offset, 0u);
  EXPECT_EQ(plan.bytes(), 64u);
  EXPECT_EQ(plan.take<unsigned char>(65).offset, 64u);
  EXPECT_EQ(plan.bytes(), 129u);
  EXPECT_EQ(plan.take<std::uint32_t>(1).offset, kIsSmall ? 136u : 192u);
  EXPECT_EQ(plan.bytes(), kIsSmall ? 140u : 196u);
}

TEST(MemoryPlan, NothingTakesNoRoomButAlignment) {
  MemoryPlan plan;
  EXPECT_EQ(plan.take<float>(0).offset, 0u);
  EXPECT_EQ(plan.bytes(), 0u);
  plan.take<float>(1);
  EXPECT_EQ(plan.take<float>(0).offset, kAlignment);
  EXPECT_EQ(plan.bytes(), kAlignment);
  EXPECT_EQ(plan.take<float>(1).offset, kAlignment);
}

TEST(MemoryPlan, CountsNoFewerBytesThanItTakesHoweverMany) {
  constexpr std::size_t kLargest = static_cast<std::size_t>(-1);
  for (const std::size_t rows : {kLargest, kLargest / 2, kLargest / 4 + 1, kLargest / 16 + 1}) {
    mote::MemoryPlan plan;
    plan.take<float>(rows, 16);
    EXPECT_EQ(plan.bytes(), kLargest) << rows;
    plan.take<float>(1);
    EXPECT_EQ(plan.bytes(), kLargest) << rows;
  }
  EXPECT_EQ(mote::inference_bytes({3, {5}}, kLargest / 64 + 1), kLargest);
  EXPECT_EQ(mote::training_bytes({3, {5}}, {}, kLargest / 4 + 1), kLargest);
}

TEST(MemoryCheck, RefusesOneByteTooFewAndSaysHowManyAreNeeded) {
  static Storage<300> storage;
  const Memory memory = storage;
  const mote::Result result = check(memory, 301);
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_EQ(result.found, 300u);
  EXPECT_EQ(result.expected, 301u);
}

TEST(MemoryCheck, AcceptsExactlyEnoughAndMore) {
  static Storage<300> storage;
  EXPECT_TRUE(check(storage, 300).ok());
  EXPECT_TRUE(check(storage, 299).ok());
  EXPECT_TRUE(check(storage, 0).ok());
  EXPECT_TRUE(check(Memory(), 0).ok());
}

TEST(MemoryCheck, RefusesEveryMisalignedAddress) {
  static Storage<300> storage;
  for (std::size_t past = 1; past < kAlignment; ++past) {
    const mote::Result result = check(Memory(storage).subspan(past, 200), 100);
    EXPECT_EQ(result.status, Status::memory_misaligned) << past;
    EXPECT_EQ(result.found, past);
    EXPECT_EQ(result.expected, kAlignment);
  }
  EXPECT_TRUE(check(Memory(storage).subspan(kAlignment, 200), 200).ok());
}

TEST(Part, LiesWhereThePlanPutIt) {
  static Storage<planned_bytes()> storage;
  const Memory memory = storage;
  const mote::Span<double> last = mote::Part<double>{kLastPart, 9}.in(memory);
  EXPECT_EQ(address(last.data()), address(memory.data()) + kLastPart);
  EXPECT_EQ(last.size(), 9u);
  EXPECT_EQ(address(last.end()), address(memory.end())) << "the plan ends where the memory does";
  EXPECT_TRUE((mote::Part<float>{kAlignment, 0}.in(memory).empty()));
  MemoryPlan plan;
  EXPECT_EQ(plan.take<float>(3, 7).count, 21u);
}

TEST(PartDeathTest, StopsAtAPartPastTheEnd) {
  static Storage<planned_bytes()> storage;
  EXPECT_DEATH(static_cast<void>(mote::Part<double>{kLastPart, 10}.in(storage)), "");
}

TEST(ArrayCheck, SaysHowManyBytesAreGivenAndNeeded) {
  float floats[5] = {};
  const mote::Span<float> array(floats);
  EXPECT_TRUE(mote::check_at_least(array, 5).ok());
  EXPECT_TRUE(mote::check_at_least(array, 4).ok());
  EXPECT_TRUE(mote::check_exactly(array, 5).ok());
  for (const mote::Result result : {mote::check_at_least(array, 6), mote::check_exactly(array, 6)}) {
    EXPECT_EQ(result.status, Status::memory_too_small);
    EXPECT_EQ(result.found, 20u);
    EXPECT_EQ(result.expected, 24u);
  }
  EXPECT_EQ(mote::check_exactly(array, 4).status, Status::memory_too_small);
}

}  // namespace
