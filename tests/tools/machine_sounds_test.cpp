// SPDX-License-Identifier: MIT
#include "examples/machine_sounds.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mote/checksum.hpp"
#include "support/support.hpp"

namespace {

using examples::Condition;
using examples::kBands;
using examples::kFeatures;
using examples::kFrames;
using examples::MachineSounds;
using mote::test::moments;
using mote::test::wide;

std::vector<float> record(Condition condition, std::size_t count, std::uint64_t seed) {
  MachineSounds machine(seed);
  std::vector<float> sounds(count * kFeatures);
  for (std::size_t i = 0; i < count; ++i) machine.record(condition, sounds.data() + i * kFeatures);
  return sounds;
}

TEST(MachineSounds, HasItsOwnLogarithm) {
  for (double x = 1e-6; x < 1e6; x *= 1.37) EXPECT_NEAR(examples::log2_of(x), std::log2(x), 1e-13) << x;
}

/// A checksum of the bits: equal on every machine.
TEST(MachineSounds, OfASeedAreEqualOnEveryMachine) {
  std::uint32_t crc = 0;
  for (const Condition condition : {Condition::normal, Condition::clicks, Condition::side_bands,
                                    Condition::lost_harmonic, Condition::raised_noise}) {
    for (const float x : record(condition, 20, 1)) {
      const std::uint32_t bits = mote::test::bits(x);
      const unsigned char bytes[] = {static_cast<unsigned char>(bits), static_cast<unsigned char>(bits >> 8),
                                     static_cast<unsigned char>(bits >> 16), static_cast<unsigned char>(bits >> 24)};
      crc = mote::crc32({bytes, 4}, crc);
    }
  }
  EXPECT_EQ(crc, 0xc772da55u);
}

TEST(MachineSounds, DifferBySeedAndHaveTheScaleOfInputs) {
  const std::vector<float> sounds = record(Condition::normal, 200, 1);
  EXPECT_NE(sounds, record(Condition::normal, 200, 2));
  EXPECT_NEAR(moments(sounds).mean, 0.0, 0.1);
  EXPECT_NEAR(moments(sounds).variance, 0.75, 0.05);
}

/// Mean over sounds and frames of the features of bands [first, end).
double level(const std::vector<float>& sounds, std::size_t first, std::size_t end) {
  double sum = 0.0;
  for (std::size_t i = 0; i < sounds.size(); ++i) {
    if (i % kBands >= first && i % kBands < end) sum += wide(sounds[i]);
  }
  return sum / static_cast<double>(sounds.size() / kBands * (end - first));
}

TEST(MachineSounds, OfFaultsDifferWhereTheFaultIs) {
  constexpr std::size_t kSounds = 1000;
  const std::vector<float> normal = record(Condition::normal, kSounds, 1);
  const auto difference = [&](Condition condition, std::size_t first, std::size_t end) {
    return level(record(condition, kSounds, 2), first, end) - level(normal, first, end);
  };
  constexpr double kRandom = 0.03;  // of speed and load
  EXPECT_GT(difference(Condition::clicks, 85, 105), 2.0 * kRandom);
  EXPECT_NEAR(difference(Condition::clicks, 0, 20), 0.0, kRandom);
  EXPECT_GT(difference(Condition::side_bands, 40, 60), 2.0 * kRandom);
  EXPECT_NEAR(difference(Condition::side_bands, 80, 128), 0.0, kRandom);
  EXPECT_LT(difference(Condition::lost_harmonic, 4, 30), -kRandom);
  EXPECT_NEAR(difference(Condition::lost_harmonic, 80, 128), 0.0, kRandom);
  EXPECT_GT(difference(Condition::raised_noise, 80, 128), 4.0 * kRandom);
}

}  // namespace
