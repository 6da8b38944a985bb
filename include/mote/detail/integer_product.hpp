// SPDX-License-Identifier: MIT
// The product of a fully connected layer in integers, with activations of 8 or 16 bits.
#ifndef MOTE_DETAIL_INTEGER_PRODUCT_HPP
#define MOTE_DETAIL_INTEGER_PRODUCT_HPP

#include <cstddef>
#include <cstdint>

namespace mote {

/// An int8 q stands for the number (q - zero) * scale. For int16, zero is 0, and q is at most `most` from 0.
struct Quantization {
  float scale = 1.0f;  ///< finite, > 0
  std::int8_t zero = 0;
  std::int16_t most = 32767;  ///< only of int16: more could overflow the sums of the next layer
};

/// A fully connected layer whose activations T are int8 or int16: z[j] = clamp(scaled(biases[j] + sum over k of
/// x[k] weights[j][k]) + z.zero, least, most), and y = z unless there is a table. scaled(a) = a 2^shift multiplier /
/// 2^31 for a shift to the left, and a multiplier / 2^31 / 2^-shift for one to the right. Both divisions round to
/// nearest; ties go up in the first, and away from 0 in the second. A shift of int8 to the left wraps around at 32
/// bits, one of int16 saturates. No computation reads a scale.
///
/// With a table, y of int8 is table[z + 128]; y of int16 lies on the line between the entries i = floor(z / 256) + 128
/// and i + 1, rounded to nearest, ties up.
template <typename T>
struct BasicIntegerLayer {
  static constexpr std::size_t kTable = sizeof(T) == 1 ? 256 : 257;  ///< entries of a table

  std::uint32_t inputs = 0, outputs = 0;      ///< 1 to 65,536
  const std::int8_t* weights = nullptr;       ///< [outputs][inputs]
  const std::int32_t* biases = nullptr;       ///< [outputs]: the bias minus the input's zero times the row of weights
  const std::int32_t* multipliers = nullptr;  ///< [outputs]: >= 0
  const std::int8_t* shifts = nullptr;        ///< [outputs]: -31 to 30; > 0: to the left
  const T* table = nullptr;                   ///< [kTable], for an activation that is no clamp; or null
  T least = static_cast<T>(sizeof(T) == 1 ? -128 : -32767), most = static_cast<T>(sizeof(T) == 1 ? 127 : 32767);
  Quantization z;       ///< of the pre-activations, before the table
  Quantization output;  ///< of y: z unless there is a table
};
using IntegerLayer = BasicIntegerLayer<std::int8_t>;
using IntegerLayer16 = BasicIntegerLayer<std::int16_t>;

/// Computes y, [layer.outputs], of x, [layer.inputs]. Sums wrap around at 32 bits.
template <typename T>
void integer_product(const BasicIntegerLayer<T>& layer, const T* x, T* y);
extern template void integer_product(const IntegerLayer&, const std::int8_t*, std::int8_t*);
extern template void integer_product(const IntegerLayer16&, const std::int16_t*, std::int16_t*);
template <typename T>
using BasicIntegerProduct = decltype(&integer_product<T>);
using IntegerProduct = BasicIntegerProduct<std::int8_t>;

}  // namespace mote

#endif  // MOTE_DETAIL_INTEGER_PRODUCT_HPP
