// SPDX-License-Identifier: MIT
// Firmware that learns, without reports: the smallest training. It tells three movements by the readings of an
// accelerometer, as they come.
#include "device.hpp"
#include "mote/static_trainer.hpp"

constexpr mote::Topology topology{12, {16, mote::Activation::relu}, {3, mote::Activation::softmax}};
#ifdef MOTE_TRAIN_WITH_ADAM
constexpr mote::OptimizerOptions optimizer{mote::Optimizer::adam, 0.002f};
#else
constexpr mote::OptimizerOptions optimizer{mote::Optimizer::sgd, 0.1f};
#endif
constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, optimizer, 0.0f, 4};
static mote::StaticTrainer<topology, options, mote::kUnstored> trainer;

static bool learn(const std::int16_t (&readings)[4][12], const std::uint8_t (&labels)[4]) {
  return trainer.train_batch({mote::Inputs(readings[0], 4, 12, 1.0f / 16384.0f), labels, 3}).ok();
}

int image_main() {
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  std::int16_t readings[4][12];
  const std::uint8_t labels[4] = {0, 1, 2, 1};
  for (int batch = 0; batch < 100; ++batch) {
    for (int i = 0; i < 4; ++i) {  // the class decides which axis moves
      for (int j = 0; j < 12; ++j) {
        readings[i][j] = static_cast<std::int16_t>(j % 3 == labels[i] ? 8192 + 64 * batch : 512 * i - 16 * batch);
      }
    }
    if (!learn(readings, labels)) return 1;
  }
  return trainer.epoch_totals().correct != 4;
}
