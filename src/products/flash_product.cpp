// SPDX-License-Identifier: MIT
#include "mote/detail/flash_product.hpp"

#include "../core/arithmetic.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::FlashInputs;
using mote::Half;
using mote::detail::multiply_add;
using std::size_t;

constexpr size_t kColumns = 4;            // sums at a time: they fit in the registers of a Cortex-M
constexpr size_t kExactInputs = 65536;    // 2^16 products of 255 and 127 are less than 2^31
constexpr float kHalfToFloat = 0x1p112f;  // 2^(127 - 15), the difference of the exponent biases

MOTE_INLINE float value_of(float weight) {
  return weight;
}
MOTE_INLINE float value_of(std::int8_t weight) {
  return static_cast<float>(weight);
}
/// weight: finite, and perhaps subnormal.
MOTE_INLINE float value_of(Half weight) {
  const std::uint32_t bits = weight.bits;
  const float magnitude = mote::detail::float_of((bits & 0x7fffu) << 13) * kHalfToFloat;
  return mote::detail::float_of(mote::detail::bits_of(magnitude) | (bits & 0x8000u) << 16);
}

struct Floats {  // or bytes that stand for them: one loop for both is half the code
  using Sum = float;
  FlashInputs x;
  float operator[](size_t k) const {
    return x.values != nullptr ? x.values[k] : static_cast<float>(x.bytes[k]) * x.scale;
  }
};
struct Integers {
  using Sum = std::int32_t;
  const std::uint8_t* bytes;
  std::int32_t operator[](size_t k) const { return bytes[k]; }
};

template <typename Weight>
MOTE_INLINE float added(float sum, float x, Weight weight) {
  return multiply_add(x, value_of(weight), sum);
}
MOTE_INLINE std::int32_t added(std::int32_t sum, std::int32_t x, std::int8_t weight) {
  return sum + x * weight;
}

/// z[j] = sum over k of x[k] W[k][j] for Width columns.
template <size_t Width, typename Weight, typename Inputs>
void columns(size_t inputs, size_t stride, Inputs x, const Weight* weights, float* z) {
  typename Inputs::Sum sum[Width] = {};
  for (size_t k = 0; k < inputs; ++k, weights += stride) {
    const typename Inputs::Sum input = x[k];
    if (input == 0) continue;
    MOTE_UNROLL
    for (size_t j = 0; j < Width; ++j) sum[j] = added(sum[j], input, weights[j]);
  }
  for (size_t j = 0; j < Width; ++j) z[j] = static_cast<float>(sum[j]);
}

template <typename Weight, typename Inputs>
void all_columns(size_t inputs, size_t outputs, Inputs x, const void* weights, float* z) {
  const auto* column = static_cast<const Weight*>(weights);
  size_t j = 0;
  for (; j + kColumns <= outputs; j += kColumns) columns<kColumns>(inputs, outputs, x, column + j, z + j);
  for (; j < outputs; ++j) columns<1>(inputs, outputs, x, column + j, z + j);
  for (; j < mote::flash_stride(outputs); ++j) z[j] = 0.0f;
}

}  // namespace

void flash_product_float32(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, const float*,
                           float* z) {
  all_columns<float>(inputs, outputs, Floats{x}, weights, z);
}

void flash_product_float16(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, const float*,
                           float* z) {
  all_columns<Half>(inputs, outputs, Floats{x}, weights, z);
}

void flash_product_int8(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, const float* factors,
                        float* z) {
  const bool exact = x.values == nullptr && inputs <= kExactInputs;
  if (exact) {
    all_columns<std::int8_t>(inputs, outputs, Integers{x.bytes}, weights, z);
  } else {
    all_columns<std::int8_t>(inputs, outputs, Floats{x}, weights, z);
  }
  const float scale = exact ? x.scale : 1.0f;
  for (size_t j = 0; j < outputs; ++j) z[j] *= factors[j] * scale;
}

}  // namespace MOTE_NUMERIC
