// SPDX-License-Identifier: MIT
// CMSIS-NN as the product of a network of integers: equal bytes in fewer instructions on Arm cores with DSP or Helium.
// The library is not part of this repository; a program adds its sources and includes this file:
//
//   mote::IntegerModel model = model::kModel;
//   model.product = cmsis_nn_product;
#pragma once

#include <arm_nnfunctions.h>

#include <cstdint>

#include "mote/integer_network.hpp"

inline void cmsis_nn_product(const mote::IntegerLayer& layer, const std::int8_t* x, std::int8_t* y) {
  constexpr std::int32_t kBlock = 32;  // outputs at a time: their shifts become 32 bits wide, on the stack
  const auto inputs = static_cast<std::int32_t>(layer.inputs), outputs = static_cast<std::int32_t>(layer.outputs);
  cmsis_nn_fc_params parameters = {};
  parameters.output_offset = layer.z.zero;
  parameters.activation = {layer.least, layer.most};
  for (std::int32_t first = 0; first < outputs; first += kBlock) {
    const std::int32_t count = outputs - first < kBlock ? outputs - first : kBlock;
    std::int32_t shifts[kBlock];
    for (std::int32_t j = 0; j < count; ++j) shifts[j] = layer.shifts[first + j];
    auto* multipliers = const_cast<std::int32_t*>(layer.multipliers) + first;  // CMSIS-NN only reads them
    auto* biases = const_cast<std::int32_t*>(layer.biases) + first;
    const cmsis_nn_per_channel_quant_params scales = {multipliers, shifts};
    // With Helium the buffer holds biases plus sums of weights times the input offset, which is 0.
    const cmsis_nn_context context = {biases, count * static_cast<std::int32_t>(sizeof *biases)};
    const cmsis_nn_dims input = {1, 1, 1, inputs}, filter = {inputs, 1, 1, count}, output = {1, 1, 1, count};
    arm_fully_connected_per_channel_s8(&context, &parameters, &scales, &input, x, &filter,
                                       layer.weights + std::ptrdiff_t{first} * inputs, &output, biases, &output,
                                       y + first);
  }
  if (layer.table == nullptr) return;
  for (std::int32_t j = 0; j < outputs; ++j) y[j] = layer.table[y[j] + 128];
}
