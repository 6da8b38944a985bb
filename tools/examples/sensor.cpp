// SPDX-License-Identifier: MIT
// Learns to recognize movements from windows of 8 readings of an accelerometer, as firmware would: raw int16, each
// window used once and not stored, in a trainer that owns exactly its memory. The sensor is simulated. Prints
//
//   trained on 4800 windows in 32128 bytes
//   still 99 %, shaken 100 %, tilted 97 %
//
// On a microcontroller, whose rows have less padding, the trainer takes about a fifth.
#include <cstdio>
#include <initializer_list>

#include "mote/mote.hpp"

constexpr std::size_t kTimes = 8, kFeatures = kTimes * 3, kClasses = 3, kBatch = 16;
constexpr const char* kMovements[kClasses] = {"still", "shaken", "tilted"};
constexpr mote::Topology topology{kFeatures, {12, mote::Activation::relu}, {kClasses, mote::Activation::softmax}};
constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::momentum, 0.02f}, 0.0f, kBatch};
static mote::StaticTrainer<topology, options, mote::kUnstored> trainer;

/// One window: x, y, z at 8 times, in units of 1/16384 g.
static void read_window(mote::Random& random, std::uint8_t movement, std::int16_t* window) {
  const int strength = 4096 + static_cast<int>(random.below(8192)), first = static_cast<int>(random.below(4));
  for (int t = 0; t < static_cast<int>(kTimes); ++t) {
    const int time = t + first, turned = movement == 2 ? strength * time / 16 : 0;
    const int shaken = movement != 1 ? 0 : time % 4 < 2 ? strength : -strength;
    for (const int value : {shaken, turned, 16384 - turned}) {
      *window++ = static_cast<std::int16_t>(value + static_cast<int>(random.below(4096)) - 2048);
    }
  }
}

int main() {
  mote::Random random(1, mote::Stream::shuffle);
  std::int16_t windows[kBatch][kFeatures];
  std::uint8_t labels[kBatch];
  const mote::Dataset batch(mote::Inputs(windows[0], kBatch, kFeatures, 1.0f / 16384.0f), labels, kClasses);
  const auto read_batch = [&] {
    for (std::size_t i = 0; i < kBatch; ++i) {
      labels[i] = static_cast<std::uint8_t>(random.below(kClasses));
      read_window(random, labels[i], windows[i]);
    }
  };
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  for (int i = 0; i < 300; ++i) {
    read_batch();
    if (!trainer.train_batch(batch).ok()) return 1;
  }
  std::printf("trained on %d windows in %d bytes\n", static_cast<int>(300 * kBatch),
              static_cast<int>(mote::training_bytes(topology, options, mote::kUnstored)));
  std::uint32_t confusion[kClasses * kClasses], seen[kClasses] = {}, right[kClasses] = {};
  for (int i = 0; i < 20; ++i) {
    read_batch();
    mote::LossTotals totals;
    if (!trainer.evaluate(batch, totals, confusion).ok()) return 1;
    for (std::size_t c = 0; c < kClasses * kClasses; ++c) {
      seen[c / kClasses] += confusion[c];
      right[c / kClasses] += c % (kClasses + 1) == 0 ? confusion[c] : 0;
    }
  }
  for (std::size_t c = 0; c < kClasses; ++c) {
    std::printf("%s %u %%%s", kMovements[c], 100 * right[c] / seen[c], c + 1 < kClasses ? ", " : "\n");
  }
}
