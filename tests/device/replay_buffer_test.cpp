// SPDX-License-Identifier: MIT
#include "mote/replay_buffer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <vector>

#include "support/guarded_memory.hpp"

namespace {

using mote::ElementType;
using mote::Inputs;
using mote::ReplayBuffer;
using mote::Status;

std::map<int, int> classes_of(const ReplayBuffer& replay) {
  std::map<int, int> counts;
  for (std::size_t i = 0; i < replay.size(); ++i) ++counts[replay.label(i)];
  return counts;
}

TEST(ReplayBuffer, KeepsSamplesWithTheirLabelsInExactlyItsMemory) {
  GuardedMemory memory(mote::replay_bytes(ElementType::int16, 3, 20));
  ReplayBuffer replay;
  ASSERT_TRUE(replay.bind(ElementType::int16, 3, 20, 1, memory.memory()).ok());
  EXPECT_EQ(replay.size(), 0u);
  for (std::int16_t n = 0; n < 500; ++n) {
    const std::int16_t elements[] = {n, static_cast<std::int16_t>(-n), static_cast<std::int16_t>(n % 7)};
    replay.add(Inputs(elements, 1, 3, 0.5f), static_cast<std::uint8_t>(n % 7));
    EXPECT_EQ(replay.size(), n < 20 ? static_cast<std::size_t>(n) + 1 : 20u);
  }
  const std::int16_t any[3] = {};
  const Inputs like = Inputs(any, 1, 3, 0.25f).set_offset(2.0f);
  for (int draw = 0; draw < 100; ++draw) {
    const std::size_t i = replay.pick();
    ASSERT_LT(i, 20u);
    const Inputs sample = replay.sample(i, like);
    const auto* elements = static_cast<const std::int16_t*>(sample.data);
    EXPECT_EQ(elements[0], -elements[1]);
    EXPECT_EQ(elements[0] % 7, replay.label(i));
    EXPECT_EQ(mote::input_at(sample, 0, 0), (static_cast<float>(elements[0]) - 2.0f) * 0.25f);
  }
  EXPECT_TRUE(memory.intact());
}

TEST(ReplayBuffer, KeepsAllClassesAboutEqually) {
  GuardedMemory memory(mote::replay_bytes(ElementType::uint8, 1, 30));
  ReplayBuffer replay;
  ASSERT_TRUE(replay.bind(ElementType::uint8, 1, 30, 7, memory.memory()).ok());
  const auto add = [&](int label, int times) {
    const std::uint8_t element = 5;
    for (int i = 0; i < times; ++i) replay.add(Inputs(&element, 1, 1), static_cast<std::uint8_t>(label));
  };
  add(0, 1000);
  add(1, 1000);
  EXPECT_EQ(classes_of(replay), (std::map<int, int>{{0, 15}, {1, 15}}));
  add(2, 3);  // a rare class keeps its few samples
  add(0, 1000);
  add(1, 500);
  const std::map<int, int> counts = classes_of(replay);
  EXPECT_EQ(counts.at(2), 3);
  EXPECT_NEAR(counts.at(0), counts.at(1), 1);
}

TEST(ReplayBuffer, ForgetsOldSamplesOfAClassGradually) {
  GuardedMemory memory(mote::replay_bytes(ElementType::uint8, 1, 40));
  ReplayBuffer replay;
  ASSERT_TRUE(replay.bind(ElementType::uint8, 1, 40, 3, memory.memory()).ok());
  for (int i = 0; i < 80; ++i) {
    const std::uint8_t element = i < 40 ? 0 : 1;
    replay.add(Inputs(&element, 1, 1), 9);
  }
  int old = 0;
  for (std::size_t i = 0; i < 40; ++i) old += *static_cast<const std::uint8_t*>(replay.sample(i, Inputs()).data) == 0;
  EXPECT_GE(old, 7) << "about 40/e of them";
  EXPECT_LE(old, 23);
}

TEST(ReplayBuffer, RejectsTooLittleMemory) {
  GuardedMemory memory(mote::replay_bytes(ElementType::float32, 4, 3));
  ReplayBuffer replay;
  EXPECT_EQ(replay.bind(ElementType::float32, 4, 3, 1, memory.memory().subspan(0, 16)).status,
            Status::memory_too_small);
  EXPECT_EQ(replay.bind(ElementType::float32, 0, 3, 1, memory.memory()).status, Status::no_samples);
  EXPECT_EQ(replay.bind(ElementType::float32, 4, 0, 1, memory.memory()).status, Status::no_samples);
}

}  // namespace
