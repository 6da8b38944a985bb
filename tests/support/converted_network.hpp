// SPDX-License-Identifier: MIT
// A network of integers that owns its arrays, converted from float parameters.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "mote/flash_network.hpp"
#include "mote/integer_conversion.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace mote::test {

/// The arrays of a converted network with activations T.
template <typename T>
struct BasicConverted {
  std::vector<BasicIntegerLayer<T>> layers;
  std::vector<std::int8_t> weights, shifts;
  std::vector<T> tables, rows;
  std::vector<std::int32_t> biases, multipliers;
  std::vector<Range> ranges;
  BasicIntegerModel<T> model;
  BasicIntegerNetwork<T> network;

  explicit BasicConverted(const Topology& t)
      : layers(t.layer_count),
        weights(flash_weight_count(t)),
        shifts(integer_output_count(t)),
        tables(BasicIntegerLayer<T>::kTable * t.layer_count),
        biases(shifts.size()),
        multipliers(shifts.size()),
        ranges(t.layer_count + std::size_t{1}) {}

  BasicIntegerArrays<T> arrays() {
    return {{layers.data(), layers.size()},           {weights.data(), weights.size()}, {biases.data(), biases.size()},
            {multipliers.data(), multipliers.size()}, {shifts.data(), shifts.size()},   {tables.data(), tables.size()}};
  }
  void make(const Topology& t, Span<const float> parameters, const Inputs& samples, ScalePer per) {
    GuardedMemory scratch(calibration_bytes(t));
    ASSERT_TRUE(calibrate(t, parameters, samples, scratch, {ranges.data(), ranges.size()}).ok());
    EXPECT_TRUE(scratch.intact());
    ASSERT_TRUE(make_integer_model(t, parameters, {ranges.data(), ranges.size()}, per, arrays(), model).ok());
    const std::size_t bytes = integer_network_bytes(model.layers);
    rows.resize(bytes / sizeof(T));
    ASSERT_TRUE(network.bind(model, {reinterpret_cast<unsigned char*>(rows.data()), bytes}).ok());
  }
  Span<const T> forward(const float* x, std::size_t count) {
    std::vector<T> q(count);
    quantize(x, count, model.input, q.data());
    return network.forward(q.data());
  }
  double number(T q) const { return (q - model.output().zero) * wide(model.output().scale); }
};
using Converted = BasicConverted<std::int8_t>;
using Converted16 = BasicConverted<std::int16_t>;

}  // namespace mote::test
