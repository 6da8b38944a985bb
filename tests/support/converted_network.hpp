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

/// The arrays of a converted network.
struct Converted {
  std::vector<IntegerLayer> layers;
  std::vector<std::int8_t> weights, shifts, tables, rows;
  std::vector<std::int32_t> biases, multipliers;
  std::vector<Range> ranges;
  IntegerModel model;
  IntegerNetwork network;

  explicit Converted(const Topology& t)
      : layers(t.layer_count),
        weights(flash_weight_count(t)),
        shifts(integer_output_count(t)),
        tables(256 * std::size_t{t.layer_count}),
        biases(shifts.size()),
        multipliers(shifts.size()),
        ranges(t.layer_count + std::size_t{1}) {}

  IntegerArrays arrays() {
    return {{layers.data(), layers.size()},           {weights.data(), weights.size()}, {biases.data(), biases.size()},
            {multipliers.data(), multipliers.size()}, {shifts.data(), shifts.size()},   {tables.data(), tables.size()}};
  }
  void make(const Topology& t, Span<const float> parameters, const Inputs& samples, ScalePer per) {
    GuardedMemory scratch(calibration_bytes(t));
    ASSERT_TRUE(calibrate(t, parameters, samples, scratch, {ranges.data(), ranges.size()}).ok());
    EXPECT_TRUE(scratch.intact());
    ASSERT_TRUE(make_integer_model(t, parameters, {ranges.data(), ranges.size()}, per, arrays(), model).ok());
    rows.resize(integer_network_bytes(model.layers));
    ASSERT_TRUE(network.bind(model, {reinterpret_cast<unsigned char*>(rows.data()), rows.size()}).ok());
  }
  Span<const std::int8_t> forward(const float* x, std::size_t count) {
    std::vector<std::int8_t> q(count);
    quantize(x, count, model.input, q.data());
    return network.forward(q.data());
  }
  double number(std::int8_t q) const { return (q - model.output().zero) * wide(model.output().scale); }
};

}  // namespace mote::test
