// SPDX-License-Identifier: MIT
// A network of four layers in flash, in every format, and samples, for tests of layers that learn on.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "mote/flash_network.hpp"
#include "mote/tuned_layers.hpp"
#include "support/converted_network.hpp"
#include "support/double_network.hpp"
#include "support/support.hpp"

namespace tuned {

using mote::Activation;
using mote::FlashModel;
using mote::Inputs;
using mote::Span;
using mote::Topology;

inline constexpr Topology kTopology{
    19, {21, Activation::gelu}, {9, Activation::tanh}, {6, Activation::relu}, {4, Activation::softmax}};
inline constexpr std::size_t kInputs = 19, kOutputs = 4;

template <typename T>
Span<T> span(std::vector<T>& values) {
  return {values.data(), values.size()};
}

/// A network in flash in every format, and samples.
struct Example {
  std::vector<float> parameters, floats, biases, factors, byte_biases, half_biases;
  std::vector<mote::Half> halves;
  std::vector<std::int8_t> bytes;
  FlashModel float32, float16, int8;
  twin::Batch batch = twin::random_batch(kTopology, 12, 3);
  mote::test::Converted integers{kTopology};

  Example()
      : parameters(kTopology.parameter_count()),
        floats(mote::flash_weight_count(kTopology)),
        biases(mote::flash_row_count(kTopology)),
        factors(biases.size()),
        byte_biases(biases.size()),
        half_biases(biases.size()),
        halves(floats.size()),
        bytes(floats.size()) {
    twin::randomize(kTopology, 5, span(parameters));
    const Span<const float> p = span(parameters);
    EXPECT_TRUE(mote::make_flash_weights(kTopology, p, span(floats), span(biases)).ok());
    EXPECT_TRUE(mote::make_flash_weights(kTopology, p, span(halves), span(half_biases)).ok());
    EXPECT_TRUE(mote::make_flash_weights(kTopology, p, span(bytes), span(byte_biases), span(factors)).ok());
    float32 = FlashModel(kTopology, Span<const float>(span(floats)), span(biases));
    float16 = FlashModel(kTopology, Span<const mote::Half>(span(halves)), span(half_biases));
    int8 = FlashModel(kTopology, Span<const std::int8_t>(span(bytes)), span(byte_biases), span(factors));
    integers.make(kTopology, p, samples(), mote::ScalePer::output);
  }
  Inputs samples() const { return {batch.inputs.data(), batch.rows(), kInputs}; }
  Inputs sample(std::size_t i) const { return samples().subset(i, 1); }
};

/// The parameters of the whole network.
inline std::vector<float> copied(const mote::TunedLayers& tuning) {
  std::vector<float> parameters(tuning.network_topology().parameter_count());
  EXPECT_TRUE(tuning.copy_parameters(span(parameters)).ok());
  return parameters;
}

/// Knows four classes, and learns a fifth from its samples mixed with those of the four.
template <typename Tuning>
void expect_to_learn_a_fifth_class(Tuning& tuning) {
  const auto pixels = [](std::size_t label, std::size_t i) {
    std::vector<float> x(kInputs, 0.1f);
    mote::test::Source source(static_cast<std::uint32_t>(100 * label + i));
    for (std::size_t k = label; k < kInputs; k += 5) x[k] = source.uniform(0.7f, 1.5f);
    return x;
  };
  for (std::size_t step = 0; step < 4000; ++step) {
    const auto label = static_cast<std::uint8_t>(step % 5);
    const std::vector<float> x = pixels(label, step / 5 % 20);
    ASSERT_TRUE(tuning.train(Inputs(x.data(), 1, kInputs), label).ok());
  }
  std::size_t correct = 0;
  for (std::size_t label = 0; label < 5; ++label) {
    for (std::size_t i = 100; i < 110; ++i) {
      const std::vector<float> x = pixels(label, i);
      correct += mote::argmax(tuning.forward_pre_activations(Inputs(x.data(), 1, kInputs))) == label;
    }
  }
  EXPECT_GE(correct, 45u) << "of 50";
  EXPECT_EQ(tuning.network_topology().outputs(), 5u);
}

}  // namespace tuned
