// SPDX-License-Identifier: MIT
#include "mote/integer_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::IntegerLayer;
using mote::IntegerModel;
using mote::IntegerNetwork;
using mote::Quantization;
using mote::Span;
using mote::Status;
using mote::test::wide;

using Bytes = std::vector<std::int8_t>;

/// A layer that owns its arrays.
struct Layer {
  IntegerLayer view;
  Bytes weights, shifts, input, output;
  std::vector<std::int32_t> biases, multipliers;

  /// With input zero `zero` folded into the biases.
  void connect(std::int32_t zero) {
    for (std::size_t j = 0; j < view.outputs; ++j) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < view.inputs; ++k) sum += weights[j * view.inputs + k];
      biases[j] -= zero * sum;
    }
    view.weights = weights.data();
    view.biases = biases.data();
    view.multipliers = multipliers.data();
    view.shifts = shifts.data();
  }
};

Bytes bytes_of(const std::string& hexadecimal) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    bytes.push_back(static_cast<std::int8_t>(std::stoi(hexadecimal.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// The numbers after the name of a line.
template <typename T>
std::vector<T> numbers_of(std::istringstream& line) {
  std::vector<T> numbers;
  for (long number; line >> number;) numbers.push_back(static_cast<T>(number));
  return numbers;
}

std::vector<Layer> vectors_of_cmsis_nn() {
  std::vector<Layer> layers;
  std::ifstream file("tests/device/s8.txt");
  std::int32_t zero = 0;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string name, word;
    line >> name;
    if (name == "case") {
      layers.emplace_back();
      long number;
      line >> number;
      while (line >> word >> number) {
        IntegerLayer& layer = layers.back().view;
        if (word == "in") layer.inputs = static_cast<std::uint32_t>(number);
        if (word == "out") layer.outputs = static_cast<std::uint32_t>(number);
        if (word == "input_zero") zero = static_cast<std::int32_t>(number);
        if (word == "output_zero") layer.output_zero = static_cast<std::int8_t>(number);
        if (word == "min") layer.least = static_cast<std::int8_t>(number);
        if (word == "max") layer.most = static_cast<std::int8_t>(number);
      }
    }
    if (name == "multiplier") layers.back().multipliers = numbers_of<std::int32_t>(line);
    if (name == "shift") layers.back().shifts = numbers_of<std::int8_t>(line);
    if (name == "bias") layers.back().biases = numbers_of<std::int32_t>(line);
    if (name == "input" && line >> word) layers.back().input = bytes_of(word);
    if (name == "weights" && line >> word) layers.back().weights = bytes_of(word);
    if (name == "output" && line >> word) {
      layers.back().output = bytes_of(word);
      layers.back().connect(zero);
    }
  }
  return layers;
}

TEST(IntegerProduct, GivesTheBytesOfCmsisNn) {
  const std::vector<Layer> layers = vectors_of_cmsis_nn();
  ASSERT_GE(layers.size(), 20u);
  std::size_t outputs = 0;
  for (const Layer& layer : layers) {
    SCOPED_TRACE(std::to_string(layer.view.inputs) + " x " + std::to_string(layer.view.outputs));
    ASSERT_EQ(layer.weights.size(), layer.view.inputs * layer.view.outputs);
    Bytes found(layer.view.outputs);
    mote::integer_product(layer.view, layer.input.data(), found.data());
    EXPECT_EQ(found, layer.output);
    outputs += found.size();
  }
  EXPECT_EQ(outputs, 200u);
}

/// The published formula in double precision and 64 bits, on any shift, with a table.
TEST(IntegerProduct, RoundsShiftsClampsAndLooksUpAsPublished) {
  mote::test::Source source(5);
  const auto byte = [&] { return static_cast<std::int8_t>(source.below(256)); };
  for (const std::uint32_t inputs : {1u, 2u, 9u, 100u}) {
    for (const std::uint32_t outputs : {1u, 2u, 4u, 7u}) {
      Layer layer;
      layer.view.inputs = inputs;
      layer.view.outputs = outputs;
      layer.view.output_zero = byte();
      layer.view.least = -100;
      layer.view.most = 90;
      Bytes table(256);
      for (std::size_t i = 0; i < 256; ++i) table[i] = byte();
      for (std::uint32_t i = 0; i < inputs; ++i) layer.input.push_back(byte());
      for (std::uint32_t i = 0; i < inputs * outputs; ++i) layer.weights.push_back(byte());
      for (std::uint32_t j = 0; j < outputs; ++j) {
        layer.biases.push_back(static_cast<std::int32_t>(source.below(20001)) - 10000);
        layer.multipliers.push_back(static_cast<std::int32_t>((1u << 30) + source.below(1u << 30)));
        layer.shifts.push_back(static_cast<std::int8_t>(static_cast<int>(source.below(16)) - 12));
      }
      layer.connect(0);
      for (const bool has_table : {false, true}) {
        layer.view.table = has_table ? table.data() : nullptr;
        Bytes found(outputs);
        mote::integer_product(layer.view, layer.input.data(), found.data());
        for (std::uint32_t j = 0; j < outputs; ++j) {
          std::int64_t sum = layer.biases[j];
          for (std::uint32_t k = 0; k < inputs; ++k) sum += layer.input[k] * layer.weights[j * inputs + k];
          const int shift = layer.shifts[j];
          if (shift > 0) sum *= std::int64_t{1} << shift;
          if (sum != static_cast<std::int32_t>(sum)) continue;  // wraps around
          const double high = std::floor(static_cast<double>(sum) * layer.multipliers[j] / 0x1p31 + 0.5);
          const double scaled = shift > 0 ? high : std::round(std::ldexp(high, shift));
          const double clamped = std::min(90.0, std::max(-100.0, scaled + layer.view.output_zero));
          const auto wanted = static_cast<std::int8_t>(clamped);
          EXPECT_EQ(found[j], has_table ? table[static_cast<std::size_t>(wanted + 128)] : wanted) << shift;
        }
      }
    }
  }
}

TEST(IntegerProduct, RoundsTies) {
  const struct {
    std::int32_t sum, multiplier;
    std::int8_t shift, wanted;
  } cases[] = {{3, 1 << 30, 0, 2},     {-3, 1 << 30, 0, -1},  {1, 1 << 30, 0, 1}, {-1, 1 << 30, 0, 0},
               {6, 1 << 30, -1, 2},    {-6, 1 << 30, -1, -2}, {5, 1 << 30, 1, 5}, {-100, 1 << 30, 3, -128},
               {100, 1 << 30, 3, 127}, {0, 1 << 30, -31, 0}};
  for (const auto& c : cases) {
    Layer layer;
    layer.view.inputs = layer.view.outputs = 1;
    layer.weights = {0};
    layer.biases = {c.sum};
    layer.multipliers = {c.multiplier};
    layer.shifts = {c.shift};
    layer.connect(0);
    const std::int8_t x = 7;
    std::int8_t y = 0;
    mote::integer_product(layer.view, &x, &y);
    EXPECT_EQ(y, c.wanted) << c.sum << " " << static_cast<int>(c.shift);
  }
}

/// Layers of given sizes whose outputs are the sums of their inputs.
struct Chain {
  std::vector<Layer> layers;
  std::vector<IntegerLayer> views;
  IntegerModel model;

  explicit Chain(const std::vector<std::uint32_t>& sizes) {
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
      Layer layer;
      layer.view.inputs = sizes[l];
      layer.view.outputs = sizes[l + 1];
      layer.weights.assign(sizes[l] * sizes[l + 1], 1);
      layer.biases.assign(sizes[l + 1], 0);
      layer.multipliers.assign(sizes[l + 1], 1 << 30);
      layer.shifts.assign(sizes[l + 1], 1);
      layers.push_back(layer);
    }
    for (Layer& layer : layers) {
      layer.connect(0);
      views.push_back(layer.view);
    }
    model.layers = {views.data(), views.size()};
  }
};

TEST(IntegerNetwork, RunsLayerAfterLayerInExactlyItsMemory) {
  const Chain chain({3, 5, 2, 7, 1});
  const std::size_t bytes = mote::integer_network_bytes(chain.model.layers);
  EXPECT_EQ(bytes, 7u + 2u) << "rows for layers 0 and 2, and for layers 1 and 3";
  GuardedMemory scratch(bytes);
  IntegerNetwork network;
  ASSERT_TRUE(network.bind(chain.model, scratch.memory()).ok());
  const std::int8_t inputs[3] = {1, -2, 2};
  const Span<const std::int8_t> outputs = network.forward(inputs);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0], 1 * 5 * 2 * 7);
  EXPECT_TRUE(scratch.intact());
}

TEST(IntegerNetwork, RejectsLayersThatDoNotFitAndTooLittleMemory) {
  Chain chain({3, 5, 2});
  GuardedMemory scratch(7);
  IntegerNetwork network;
  EXPECT_EQ(network.bind(chain.model, scratch.memory().subspan(0, 6)).status, Status::memory_too_small);
  chain.views[1].inputs = 4;
  EXPECT_EQ(network.bind(chain.model, scratch.memory()).status, Status::input_size_mismatch);
  chain.views[0].outputs = 0;
  EXPECT_EQ(network.bind(chain.model, scratch.memory()).status, Status::layer_size_out_of_range);
  chain.model.layers = {};
  EXPECT_EQ(network.bind(chain.model, scratch.memory()).status, Status::no_layers);
}

TEST(Quantize, RoundsToNearestAndClamps) {
  const float x[] = {0.0f, 0.24f, 0.25f, -0.25f, 63.4f, 64.0f, -1e30f, 1e30f, NAN};
  std::int8_t q[9];
  mote::quantize(x, 9, Quantization{0.5f, 1}, q);
  const Bytes wanted = {1, 1, 2, 0, 127, 127, -128, 127, 1};
  EXPECT_EQ(Bytes(q, q + 9), wanted);
}

TEST(IntegerArgmax, IsTheFirstOfTheLargest) {
  const std::int8_t values[] = {-5, 3, 3, -128};
  EXPECT_EQ(mote::argmax(Span<const std::int8_t>(values, 4)), 1u);
}

}  // namespace
