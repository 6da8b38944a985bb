// SPDX-License-Identifier: MIT
// Learns to tell three movements by an accelerometer, from windows of signed readings that are seen once and never
// stored. The sensor is simulated. Elements of the readings: MOTE_READING, std::int16_t or float with equal values.
#include "device.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/random.hpp"
#include "mote/trainer.hpp"
#include "report.hpp"

namespace {

constexpr std::size_t kTimes = 8, kAxes = 3, kFeatures = kTimes * kAxes, kClasses = 3, kBatch = 16;
constexpr int kBatches = 60, kTests = 10;
constexpr std::int32_t kGravity = 16384;
constexpr mote::Topology kTopology{kFeatures, {12, mote::Activation::relu}, {kClasses, mote::Activation::softmax}};
constexpr mote::TrainingOptions kOptions{mote::Loss::cross_entropy, {mote::Optimizer::momentum, 0.02f}, 0.0f, kBatch};

struct Readings {
  MOTE_READING elements[kBatch][kFeatures];
  float offsets[kFeatures], scales[kFeatures];
  std::uint8_t labels[kBatch];
};
Readings readings;
mote::Storage<mote::training_bytes(kTopology, kOptions, mote::kUnstored)> memory;
mote::Trainer trainer;
#ifdef MOTE_MICROCONTROLLER
static_assert(sizeof memory + sizeof trainer + sizeof readings <= 10 * 1024);
#endif

/// A movement at a random strength and moment, with noise: still, shaken along x, or tilted from z to y.
std::int32_t acceleration(std::uint8_t movement, std::size_t axis, std::int32_t time, std::int32_t strength) {
  const std::int32_t still = axis == 2 ? kGravity : 0;
  if (movement == 1) return axis == 0 ? (time % 4 < 2 ? strength : -strength) : still;
  if (movement == 2) return axis == 0 ? 0 : axis == 1 ? strength * time / 16 : kGravity - strength * time / 16;
  return still;
}

/// Reads a batch of windows from the sensor.
mote::Inputs read_batch(mote::Random& random) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    const auto movement = static_cast<std::uint8_t>(random.below(kClasses));
    const auto strength = static_cast<std::int32_t>(4096 + random.below(8192)),
               first = static_cast<std::int32_t>(random.below(4));
    readings.labels[i] = movement;
    for (std::size_t f = 0; f < kFeatures; ++f) {
      const auto noise = static_cast<std::int32_t>(random.below(4096)) - 2048;
      const auto time = static_cast<std::int32_t>(f / kAxes) + first;
      readings.elements[i][f] = static_cast<MOTE_READING>(acceleration(movement, f % kAxes, time, strength) + noise);
    }
  }
  return {readings.elements[0], kBatch, kFeatures};
}

mote::Dataset standardized(const mote::Inputs& inputs) {
  mote::Inputs result = inputs;
  result.set_transformation(readings.offsets, readings.scales);
  return {result, readings.labels, kClasses};
}

}  // namespace

int image_main() {
  mote::Random sensor(1, mote::Stream::shuffle);
  require(mote::standardize(read_batch(sensor), readings.offsets, readings.scales));  // the first windows calibrate
  require(trainer.bind(kTopology, kOptions, mote::kUnstored, memory));
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  std::uint32_t instructions = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const mote::Dataset data = standardized(read_batch(sensor));
    const std::uint32_t start = device::clock();
    require(trainer.train_batch(data));
    instructions += device::instructions_since(start);
  }
  std::uint32_t correct = 0;
  for (int test = 0; test < kTests; ++test) {
    mote::LossTotals totals;
    require(trainer.evaluate(standardized(read_batch(sensor)), totals));
    correct += totals.correct;
  }
  report("test_correct", correct);
  report("tests", kTests * kBatch);
  report_bits("fingerprint", mote::fingerprint(kTopology, trainer.parameters()));
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  report("instructions_a_batch", instructions / kBatches);
  report("memory_bytes", sizeof memory + sizeof readings);
  report("state_bytes", sizeof trainer);
  report("stack_bytes", device::stack_used());
  return 0;
}
