// SPDX-License-Identifier: MIT
#include "mote/detail/integer_product.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/integer_layer.hpp"
#include "support/support.hpp"

namespace {

using integers::Bytes;
using integers::Layer;
using mote::IntegerLayer;

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
  std::ifstream file("tests/products/s8.txt");
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
        if (word == "output_zero") layer.z.zero = static_cast<std::int8_t>(number);
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
      layer.view.z.zero = byte();
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
          const double clamped = std::min(90.0, std::max(-100.0, scaled + layer.view.z.zero));
          const auto wanted = static_cast<std::int8_t>(clamped);
          EXPECT_EQ(found[j], has_table ? table[static_cast<std::size_t>(wanted + 128)] : wanted) << shift;
        }
      }
    }
  }
}

/// Activations of 16 bits: shifts to the left saturate, and a table is read along lines.
TEST(IntegerProduct, OfInt16SaturatesAndInterpolates) {
  mote::test::Source source(6);
  const auto half = [&](std::int32_t most) {
    const auto range = static_cast<std::size_t>(2 * most + 1);
    return static_cast<std::int16_t>(static_cast<std::int32_t>(source.below(range)) - most);
  };
  std::size_t saturated = 0, between = 0;
  for (const std::uint32_t inputs : {1u, 9u, 300u}) {
    for (const std::uint32_t outputs : {1u, 2u, 4u, 7u}) {
      Layer arrays;
      mote::IntegerLayer16 layer;
      std::vector<std::int16_t> x(inputs), table(257);
      for (std::int16_t& element : x) element = half(inputs > 100 ? 28000 : 32767);
      for (std::int16_t& entry : table) entry = half(32767);
      for (std::uint32_t i = 0; i < inputs * outputs; ++i) {
        arrays.weights.push_back(static_cast<std::int8_t>(static_cast<int>(source.below(255)) - 127));
      }
      for (std::uint32_t j = 0; j < outputs; ++j) {
        arrays.biases.push_back(static_cast<std::int32_t>(source.below(20001)) - 10000);
        arrays.multipliers.push_back(static_cast<std::int32_t>((1u << 30) + source.below(1u << 30)));
        arrays.shifts.push_back(static_cast<std::int8_t>(static_cast<int>(source.below(24)) - 12));
      }
      layer.inputs = inputs;
      layer.outputs = outputs;
      layer.weights = arrays.weights.data();
      layer.biases = arrays.biases.data();
      layer.multipliers = arrays.multipliers.data();
      layer.shifts = arrays.shifts.data();
      layer.least = -32000;
      for (const bool has_table : {false, true}) {
        layer.table = has_table ? table.data() : nullptr;
        std::vector<std::int16_t> found(outputs);
        mote::integer_product(layer, x.data(), found.data());
        for (std::uint32_t j = 0; j < outputs; ++j) {
          std::int64_t sum = layer.biases[j];
          for (std::uint32_t k = 0; k < inputs; ++k) sum += x[k] * layer.weights[j * inputs + k];
          const int shift = layer.shifts[j];
          const double raised = std::ldexp(static_cast<double>(sum), std::max(0, shift));
          const double high = std::floor(raised * layer.multipliers[j] / 0x1p31 + 0.5);
          const double scaled = shift > 0 ? high : std::round(std::ldexp(high, shift));
          const double z = std::min(32767.0, std::max(-32000.0, scaled));
          saturated += std::abs(raised) >= 0x1p31 ? 1 : 0;
          if (!has_table) {
            EXPECT_EQ(found[j], z) << shift;
            continue;
          }
          const double place = (z + 32768.0) / 256.0;
          const auto i = static_cast<std::size_t>(place);
          const double line = table[i] + (place - std::floor(place)) * (table[i + 1] - table[i]);
          EXPECT_EQ(found[j], std::floor(line + 0.5)) << z;
          between += std::abs(z) < 32000.0 ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GE(saturated, 3u);
  EXPECT_GE(between, 10u);
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

}  // namespace
