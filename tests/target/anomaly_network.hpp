// SPDX-License-Identifier: MIT
// The anomaly network of MLPerf Tiny in integers with random weights, and random sounds: equal on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dense.hpp"
#include "mote/integer_network.hpp"

namespace dense {

constexpr std::uint32_t kAnomalySizes[] = {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640};
constexpr std::size_t kAnomalyInputs = 640, kAnomalyScratch = 128 + 640;  // integer_network_bytes() of these layers
/// CRC-32 of the outputs for the first sound.
constexpr std::uint32_t kAnomalyChecksum = 0x5e3f9bb4;

/// About half of the hidden activations are 0.
struct AnomalyNetwork {
  static constexpr std::size_t kLayers = 10, kWeights = 264192, kUnits = 1672;
  std::int8_t weights[kWeights], shifts[kUnits];
  std::int32_t biases[kUnits], multipliers[kUnits];
  mote::IntegerLayer layers[kLayers];
  mote::IntegerModel model;

  /// Weights are uniform bytes. The factors give pre-activations a deviation of a quarter of their range, from inputs
  /// with a deviation of 74 in the first layer, and with a root mean square of 45 in the others.
  void fill(Numbers& numbers) {
    constexpr double kFirst = 64.0 / (74.0 * 74.0 * 25.3), kOfWide = 64.0 / (74.0 * 45.0 * 11.3),
                     kOfNarrow = 64.0 / (74.0 * 45.0 * 2.83), kShifted = 0x1p38;
    constexpr std::int32_t kFactors[] = {static_cast<std::int32_t>(kFirst * kShifted),
                                         static_cast<std::int32_t>(kOfWide * kShifted),
                                         static_cast<std::int32_t>(kOfNarrow * kShifted)};
    std::size_t weight = 0, unit = 0;
    for (std::size_t l = 0; l < kLayers; ++l) {
      mote::IntegerLayer& layer = layers[l];
      layer.inputs = kAnomalySizes[l];
      layer.outputs = kAnomalySizes[l + 1];
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
    layers[kLayers - 1].output = {0.75f, 0};
    model.layers = layers;
    model.input = {0.5f, 0};
  }
};

/// Fills sample, [kAnomalyInputs], with bytes in [-amplitude, amplitude).
inline void record(Numbers& numbers, std::int32_t amplitude, std::int8_t* sample) {
  for (std::size_t i = 0; i < kAnomalyInputs; ++i) {
    const auto byte = static_cast<std::int32_t>(numbers.bits() >> 8) % (2 * amplitude);
    sample[i] = static_cast<std::int8_t>(byte - amplitude);
  }
}

}  // namespace dense
