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
constexpr size_t kBlock = 16;             // inputs converted at a time, on the stack
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

struct Integers {  // each (byte ^ sign) - sign; sign: 0 for uint8, 0x80 for int8
  const std::uint8_t* bytes;
  std::int32_t sign;
};

/// z[j] += sum over k of x[k] W[k][j] for Width columns.
template <size_t Width, typename Weight>
void add_columns(size_t inputs, size_t stride, const float* x, const Weight* weights, float* z) {
  float sum[Width];
  MOTE_UNROLL
  for (size_t j = 0; j < Width; ++j) sum[j] = z[j];
  for (size_t k = 0; k < inputs; ++k, weights += stride) {
    const float input = x[k];
    if (input == 0.0f) continue;
    MOTE_UNROLL
    for (size_t j = 0; j < Width; ++j) sum[j] = multiply_add(input, value_of(weights[j]), sum[j]);
  }
  MOTE_UNROLL
  for (size_t j = 0; j < Width; ++j) z[j] = sum[j];
}

/// The sums themselves: z[j] was 0.
template <size_t Width>
void add_columns(size_t inputs, size_t stride, const Integers& x, const std::int8_t* weights, float* z) {
  std::int32_t sum[Width] = {};
  const std::uint8_t* bytes = x.bytes;
  const std::int32_t sign = x.sign;
  for (size_t k = 0; k < inputs; ++k, weights += stride) {
    const std::int32_t byte = bytes[k];
    if (byte == 0) continue;
    const std::int32_t input = (byte ^ sign) - sign;
    MOTE_UNROLL
    for (size_t j = 0; j < Width; ++j) sum[j] += input * weights[j];
  }
  for (size_t j = 0; j < Width; ++j) z[j] = static_cast<float>(sum[j]);
}

template <typename Numbers, typename Weight>
MOTE_INLINE void add_product(size_t inputs, size_t outputs, const Numbers& x, const Weight* weights, float* z) {
  size_t j = 0;
  for (; j + kColumns <= outputs; j += kColumns) add_columns<kColumns>(inputs, outputs, x, weights + j, z + j);
  for (; j < outputs; ++j) add_columns<1>(inputs, outputs, x, weights + j, z + j);
}

MOTE_INLINE void clear(size_t outputs, float* z) {
  for (size_t j = 0; j < mote::flash_stride(outputs); ++j) z[j] = 0.0f;
}

/// z = x W. Converts a few inputs at a time: each once, for all columns.
template <typename Weight>
MOTE_INLINE void product_of_floats(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, float* z) {
  clear(outputs, z);
  float block[kBlock];
  const bool is_float = x.read == nullptr;
  const float* floats = is_float ? static_cast<const float*>(x.elements) : block;
  const auto* row = static_cast<const Weight*>(weights);
  for (size_t first = 0; first < inputs;) {
    const size_t left = inputs - first, count = is_float || left < kBlock ? left : kBlock;
    if (!is_float) x.read(x, first, count, block);
    add_product(count, outputs, floats, row, z);
    row += count * outputs;
    first += count;
  }
}

}  // namespace

void flash_product_float32(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, const float*,
                           float* z) {
  product_of_floats<float>(inputs, outputs, x, weights, z);
}

void flash_product_float16(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, const float*,
                           float* z) {
  product_of_floats<Half>(inputs, outputs, x, weights, z);
}

void flash_product_int8(size_t inputs, size_t outputs, const FlashInputs& x, const void* weights, const float* factors,
                        float* z) {
  const bool is_exact = x.read != nullptr && x.type != mote::ElementType::float32 && inputs <= kExactInputs;
  if (is_exact) {
    clear(outputs, z);
    const Integers integers{static_cast<const std::uint8_t*>(x.elements), x.type == mote::ElementType::int8 ? 0x80 : 0};
    add_product(inputs, outputs, integers, static_cast<const std::int8_t*>(weights), z);
  } else {
    product_of_floats<std::int8_t>(inputs, outputs, x, weights, z);
  }
  const float scale = is_exact ? x.scale : 1.0f;
  for (size_t j = 0; j < outputs; ++j) z[j] *= factors[j] * scale;
}

}  // namespace MOTE_NUMERIC
