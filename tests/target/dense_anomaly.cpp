// SPDX-License-Identifier: MIT
// The anomaly network of MLPerf Tiny in integers, with random weights: learns a threshold from sounds of one kind and
// detects another. About half of its hidden activations are 0. Scores and thresholds are equal on every machine.
#include "dense.hpp"
#include "device.hpp"
#include "mote/anomaly.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "report.hpp"

namespace {

constexpr std::uint32_t kSizes[] = {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640};
constexpr std::size_t kLayers = 10, kWeights = 264192, kUnits = 1672;
constexpr std::size_t kScratch = 128 + 640;  // integer_network_bytes() of these layers

std::int8_t weights[kWeights], shifts[kUnits];
std::int32_t biases[kUnits], multipliers[kUnits];
mote::IntegerLayer layers[kLayers];
mote::IntegerModel model;

// The RAM of a firmware, whose weights lie in flash.
std::int8_t sample[640];
mote::Storage<kScratch> scratch;
mote::IntegerNetwork network;
mote::AnomalyDetector<mote::IntegerNetwork> detector;
constexpr std::size_t kRam = sizeof sample + sizeof scratch + sizeof network + sizeof detector;

/// Weights and inputs are uniform bytes. The factors give pre-activations a deviation of a quarter of their range, from
/// inputs with a deviation of 74 in the first layer, and a root mean square of 45 in the others.
void fill(dense::Numbers& numbers) {
  constexpr double kFirst = 64.0 / (74.0 * 74.0 * 25.3), kOfWide = 64.0 / (74.0 * 45.0 * 11.3),
                   kOfNarrow = 64.0 / (74.0 * 45.0 * 2.83);
  constexpr auto kMultiplierOf = [](double factor) { return static_cast<std::int32_t>(factor * 0x1p38); };
  constexpr std::int32_t kFactors[] = {kMultiplierOf(kFirst), kMultiplierOf(kOfWide), kMultiplierOf(kOfNarrow)};
  std::size_t weight = 0, unit = 0;
  for (std::size_t l = 0; l < kLayers; ++l) {
    mote::IntegerLayer& layer = layers[l];
    layer.inputs = kSizes[l];
    layer.outputs = kSizes[l + 1];
    layer.weights = weights + weight;
    layer.biases = biases + unit;
    layer.multipliers = multipliers + unit;
    layer.shifts = shifts + unit;
    layer.z.zero = l + 1 < kLayers ? -128 : 0;  // ReLU, but for the last
    for (std::size_t j = 0; j < layer.outputs; ++j, ++unit) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        weights[weight] = static_cast<std::int8_t>(numbers.bits() >> 24);
        sum += weights[weight++];
      }
      biases[unit] = l == 0 ? 0 : 128 * sum;  // 128: the inputs' zero
      multipliers[unit] = kFactors[l == 0 ? 0 : layer.inputs == 8 ? 2 : 1];
      shifts[unit] = -7;
    }
  }
  model.layers = layers;
  model.input = {0.5f, 0};
  layers[kLayers - 1].output = {0.75f, 0};
}

/// A sound of bytes in [-amplitude, amplitude).
void record(dense::Numbers& numbers, std::uint32_t amplitude) {
  for (std::int8_t& x : sample) {
    const auto byte = static_cast<std::int32_t>(numbers.bits() >> 8) % static_cast<std::int32_t>(2 * amplitude);
    x = static_cast<std::int8_t>(byte - static_cast<std::int32_t>(amplitude));
  }
}

}  // namespace

int image_main() {
  dense::Numbers numbers;
  fill(numbers);
  require(network.bind(model, scratch));
  require(detector.bind(network, 0.97f));
  report("memory_bytes", kRam);
  record(numbers, 60);
  std::uint32_t start = device::clock();
  const mote::Span<const std::int8_t> outputs = network.forward(sample);
  report("instructions_of_inference", device::instructions_since(start));
  report_bits("outputs", mote::crc32({reinterpret_cast<const unsigned char*>(outputs.data()), outputs.size()}));
  std::size_t zeros = 0;
  for (const unsigned char x : mote::Memory(scratch).subspan(0, 128))
    zeros += x == 0x80 ? 1 : 0;  // of the last but one
  report("zeros_of_128", zeros);
  start = device::clock();
  require(detector.learn(sample));
  report("instructions_of_learning", device::instructions_since(start));
  std::size_t false_alarms = 0, detected = 0;
  for (int i = 0; i < 30; ++i) {
    record(numbers, 60);
    require(detector.learn(sample));
  }
  report("threshold", detector.threshold());
  for (int i = 0; i < 10; ++i) {
    record(numbers, 60);
    false_alarms += detector.detect(sample) ? 1 : 0;
    record(numbers, 128);
    detected += detector.detect(sample) ? 1 : 0;
  }
  report("score", mote::anomaly_score(network, sample));
  report("false_alarms_of_10", false_alarms);
  report("detected_of_10", detected);
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  return 0;
}
