// SPDX-License-Identifier: MIT
// The product of a fully connected layer in integers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mote {

/// An int8 q stands for the number (q - zero) * scale.
struct Quantization {
  float scale = 1.0f;  ///< finite, > 0
  std::int8_t zero = 0;
};

/// A fully connected layer: y[j] = clamp(scaled(biases[j] + sum over k of x[k] weights[j][k]) + z.zero, least, most),
/// then table[y[j] + 128] if there is a table. scaled(a) = a 2^shift multiplier / 2^31 for a shift to the left, and
/// a multiplier / 2^31 / 2^-shift for one to the right. Both divisions round to nearest; ties go up in the first, and
/// away from 0 in the second. No computation reads a scale.
struct IntegerLayer {
  std::uint32_t inputs = 0, outputs = 0;      ///< 1 to 65,536
  const std::int8_t* weights = nullptr;       ///< [outputs][inputs]
  const std::int32_t* biases = nullptr;       ///< [outputs]: the bias minus the input's zero times the row of weights
  const std::int32_t* multipliers = nullptr;  ///< [outputs]: >= 0
  const std::int8_t* shifts = nullptr;        ///< [outputs]: -31 to 30; > 0: to the left
  const std::int8_t* table = nullptr;         ///< [256], for an activation that is no clamp; or null
  std::int8_t least = -128, most = 127;
  Quantization z;       ///< of the pre-activations, before the table
  Quantization output;  ///< of y: z unless there is a table
};

/// Computes y, [layer.outputs], of x, [layer.inputs]. Sums wrap around at 32 bits.
void integer_product(const IntegerLayer& layer, const std::int8_t* x, std::int8_t* y);
using IntegerProduct = decltype(&integer_product);

}  // namespace mote
