// SPDX-License-Identifier: MIT
// The smallest inference in integers: a network with constant weights in flash, and its known answer.
#include "device.hpp"
#include "mote/integer_network.hpp"

namespace {

constexpr std::size_t kInputs = 16, kHidden = 12, kOutputs = 3;

struct Numbers {
  std::int8_t weights[kHidden * kInputs + kOutputs * kHidden] = {};
  std::int32_t biases[kHidden + kOutputs] = {}, multipliers[kHidden + kOutputs] = {};
  std::int8_t shifts[kHidden + kOutputs] = {};
  std::int8_t inputs[kInputs] = {};

  constexpr Numbers() {
    std::uint32_t state = 1;
    const auto byte = [&state] {
      state = state * 1664525u + 1013904223u;
      return static_cast<std::int8_t>(static_cast<std::int32_t>(state >> 24) - 128);
    };
    for (std::int8_t& x : weights) x = byte();
    for (std::int8_t& x : inputs) x = byte();
    for (std::size_t j = 0; j < kHidden + kOutputs; ++j) {
      biases[j] = 16 * byte();
      multipliers[j] = (1 << 30) + (1 << 21) * byte();
      shifts[j] = -8;
    }
  }
};
constexpr Numbers kNumbers;

constexpr mote::IntegerLayer layer(std::size_t inputs, std::size_t outputs, std::size_t weight, std::size_t unit) {
  mote::IntegerLayer layer;
  layer.inputs = static_cast<std::uint32_t>(inputs);
  layer.outputs = static_cast<std::uint32_t>(outputs);
  layer.weights = kNumbers.weights + weight;
  layer.biases = kNumbers.biases + unit;
  layer.multipliers = kNumbers.multipliers + unit;
  layer.shifts = kNumbers.shifts + unit;
  layer.least = weight == 0 ? 0 : -128;
  return layer;
}
constexpr mote::IntegerLayer kLayers[] = {layer(kInputs, kHidden, 0, 0),
                                          layer(kHidden, kOutputs, kHidden* kInputs, kHidden)};
constexpr mote::IntegerModel kModel{kLayers, {}};
constexpr std::int8_t kAnswer[kOutputs] = {4, 9, -1};

mote::Storage<mote::integer_network_bytes(kLayers)> scratch;
mote::IntegerNetwork network;

}  // namespace

int image_main() {
  if (!network.bind(kModel, scratch).ok()) return 1;
  const mote::Span<const std::int8_t> outputs = network.forward(kNumbers.inputs);
  for (std::size_t j = 0; j < kOutputs; ++j) {
    if (outputs[j] != kAnswer[j]) return 2;
  }
  return 0;
}
