// SPDX-License-Identifier: MIT
#include "mote/detail/flash_product.hpp"

#include "../core/arithmetic.hpp"
#include "unrolled.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::FlashInputs;
using mote::Half;
using mote::Share;
using mote::detail::Constant;
using mote::detail::is_zero;
using mote::detail::multiply_add;
using std::size_t;

// Sums at a time: as many as the registers hold beside the operands, few where calls take registers.
#if !defined(MOTE_MICROCONTROLLER)
constexpr size_t kColumns = 16, kIntegerColumns = 16;  // for vectors
#elif !defined(MOTE_SOFT_FLOATS)
constexpr size_t kColumns = 30, kIntegerColumns = 6;
#elif !defined(__thumb__) || defined(__thumb2__)
constexpr size_t kColumns = 5, kIntegerColumns = 6;
#else
constexpr size_t kColumns = 5, kIntegerColumns = 4;
#endif
constexpr size_t kBlock = 32;           // inputs converted at a time, on the stack
constexpr size_t kExactInputs = 65536;  // 2^16 products of 255 and 127 are less than 2^31

MOTE_INLINE float value_of(float weight) {
  return weight;
}
MOTE_INLINE float value_of(std::int8_t weight) {
  return static_cast<float>(weight);
}
/// weight: finite, and perhaps subnormal.
MOTE_INLINE float value_of(Half weight) {
#ifdef __ARM_FP16_FORMAT_IEEE  // one instruction of a floating-point unit
  __fp16 half;
  __builtin_memcpy(&half, &weight, sizeof half);
  return half;
#else
  const std::int32_t bits = static_cast<std::int16_t>(weight.bits);  // the sign in all upper bits
  if ((bits & 0x7c00) == 0) return static_cast<float>(bits & 0x3ff) * (bits < 0 ? -0x1p-24f : 0x1p-24f);
  return mote::detail::float_of((static_cast<std::uint32_t>(bits) << 13 & 0x8fffe000u) +
                                0x38000000u);  // 127 - 15, the difference of the exponent biases
#endif
}

/// Calls f(j) for j below a constant number of columns.
template <size_t kMost, size_t Width, typename F>
[[gnu::always_inline]] inline void for_columns(Constant<Width>, F f) {
#ifdef MOTE_MICROCONTROLLER
  mote::detail::for_constants<Width>(f);
#else
  for (size_t j = 0; j < Width; ++j) f(j);
#endif
}

/// Calls f(j) for j below `width`, 1 to kMost, with constants: at -Os, GCC keeps an array in registers only if its
/// indices are constant before loops are unrolled.
template <size_t kMost, typename F>
[[gnu::always_inline]] inline void for_columns(size_t width, F f) {
  const auto call = MOTE_EACH(j) {
    if constexpr (j < kMost) f(j);
  };
  switch (width) {
    case 30: call(Constant<29>()); [[fallthrough]];
    case 29: call(Constant<28>()); [[fallthrough]];
    case 28: call(Constant<27>()); [[fallthrough]];
    case 27: call(Constant<26>()); [[fallthrough]];
    case 26: call(Constant<25>()); [[fallthrough]];
    case 25: call(Constant<24>()); [[fallthrough]];
    case 24: call(Constant<23>()); [[fallthrough]];
    case 23: call(Constant<22>()); [[fallthrough]];
    case 22: call(Constant<21>()); [[fallthrough]];
    case 21: call(Constant<20>()); [[fallthrough]];
    case 20: call(Constant<19>()); [[fallthrough]];
    case 19: call(Constant<18>()); [[fallthrough]];
    case 18: call(Constant<17>()); [[fallthrough]];
    case 17: call(Constant<16>()); [[fallthrough]];
    case 16: call(Constant<15>()); [[fallthrough]];
    case 15: call(Constant<14>()); [[fallthrough]];
    case 14: call(Constant<13>()); [[fallthrough]];
    case 13: call(Constant<12>()); [[fallthrough]];
    case 12: call(Constant<11>()); [[fallthrough]];
    case 11: call(Constant<10>()); [[fallthrough]];
    case 10: call(Constant<9>()); [[fallthrough]];
    case 9: call(Constant<8>()); [[fallthrough]];
    case 8: call(Constant<7>()); [[fallthrough]];
    case 7: call(Constant<6>()); [[fallthrough]];
    case 6: call(Constant<5>()); [[fallthrough]];
    case 5: call(Constant<4>()); [[fallthrough]];
    case 4: call(Constant<3>()); [[fallthrough]];
    case 3: call(Constant<2>()); [[fallthrough]];
    case 2: call(Constant<1>()); [[fallthrough]];
    default: call(Constant<0>());
  }
}

#if defined(__GNUC__) && !defined(__clang__)  // sums beyond `width` are not initialized, and not used
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/// Sums at a time with weights of a type. A float from a byte takes three instructions: fewer sums, and less code.
template <typename Weight>
constexpr size_t kColumnsOf = sizeof(Weight) == 1 && kColumns == 30 ? 15 : kColumns;

/// z[j] += sum over k of x[k] W[k][j] for `width` columns.
template <typename Width, typename Weight>
[[gnu::noinline]] void add_columns(Width width, size_t inputs, size_t stride, const float* x, const Weight* weights,
                                   float* z) {
  constexpr size_t kMost = kColumnsOf<Weight>;
  float sum[kMost];
  for_columns<kMost>(
      width, MOTE_EACH(j) { sum[j] = z[j]; });
  const float* const end = x + inputs;
  do {
    const float input = *x++;
    if (!is_zero(input)) {
      for_columns<kMost>(
          width, MOTE_EACH(j) { sum[j] = multiply_add(input, value_of(weights[j]), sum[j]); });
    }
    weights += stride;
  } while (x != end);
  for_columns<kMost>(
      width, MOTE_EACH(j) { z[j] = sum[j]; });
}

/// z[j] = sum over k of x[k] W[k][j], exactly, for Width columns. Byte: std::uint8_t or std::int8_t.
template <size_t Width, typename Byte>
[[gnu::noinline]] void set_columns(size_t inputs, size_t stride, const Byte* x, const std::int8_t* weights, float* z) {
  float* volatile result = z;  // on the stack: the loop needs the registers
  std::int32_t sum[Width] = {};
  const Byte* const end = x + inputs;
  do {
    const std::int32_t input = *x++;
    if (input != 0) {
      for_columns<Width>(
          Constant<Width>(), MOTE_EACH(j) { sum[j] += input * weights[j]; });
    }
    weights += stride;
  } while (x != end);
  z = result;
  for_columns<Width>(
      Constant<Width>(), MOTE_EACH(j) { z[j] = static_cast<float>(sum[j]); });
}

/// Some outputs of z = x W, exactly.
template <typename Byte>
MOTE_INLINE void product_of_integers(size_t inputs, size_t outputs, Share some, const Byte* x,
                                     const std::int8_t* weights, float* z) {
  size_t j = some.begin;
  for (; j + kIntegerColumns <= some.end; j += kIntegerColumns) {
    set_columns<kIntegerColumns>(inputs, outputs, x, weights + j, z + j);
  }
  if (kIntegerColumns == 4 && j + 2 <= some.end) {
    set_columns<2>(inputs, outputs, x, weights + j, z + j);
    j += 2;
  }
  for (; j < some.end; ++j) set_columns<1>(inputs, outputs, x, weights + j, z + j);
}

/// Some outputs of z += x W.
template <typename Weight>
MOTE_INLINE void add_product(size_t inputs, size_t outputs, Share some, const float* x, const Weight* weights,
                             float* z) {
  constexpr size_t kMost = kColumnsOf<Weight>;
  size_t j = some.begin;
#if defined(MOTE_MICROCONTROLLER) && !defined(MOTE_SOFT_FLOATS)
  for (size_t tiles = (some.size() + kMost - 1) / kMost; tiles != 0; --tiles) {  // of about equal width
    const size_t width = (some.end - j) / tiles;
    add_columns(width, inputs, outputs, x, weights + j, z + j);
    j += width;
  }
#else
  for (; j + kMost <= some.end; j += kMost) {
    add_columns(Constant<kMost>(), inputs, outputs, x, weights + j, z + j);
  }
  for (; j < some.end; ++j) add_columns(Constant<1>(), inputs, outputs, x, weights + j, z + j);
#endif
}

MOTE_INLINE void clear(size_t outputs, Share some, float* z) {
  if (some.begin != 0) return;
  for (size_t j = 0; j < mote::flash_stride(outputs); ++j) z[j] = 0.0f;
}

/// Some outputs of z = x W. Converts a few inputs at a time: each once, for all columns.
template <typename Weight>
MOTE_INLINE void product_of_floats(size_t inputs, size_t outputs, Share some, const FlashInputs& x, const void* weights,
                                   float* z) {
  clear(outputs, some, z);
  float block[kBlock];
  const bool is_float = x.read == nullptr;
  const float* floats = is_float ? static_cast<const float*>(x.elements) : block;
  const auto* row = static_cast<const Weight*>(weights);
  for (size_t first = 0; first < inputs;) {
    const size_t left = inputs - first, count = is_float || left < kBlock ? left : kBlock;
    if (!is_float) x.read(x, first, count, block);
    add_product(count, outputs, some, floats, row, z);
    row += count * outputs;
    first += count;
  }
}

}  // namespace

void flash_product_float32(size_t inputs, size_t outputs, Share some, const FlashInputs& x, const void* weights,
                           const float*, float* z) {
  product_of_floats<float>(inputs, outputs, some, x, weights, z);
}

void flash_product_float16(size_t inputs, size_t outputs, Share some, const FlashInputs& x, const void* weights,
                           const float*, float* z) {
  product_of_floats<Half>(inputs, outputs, some, x, weights, z);
}

void flash_product_int8(size_t inputs, size_t outputs, Share some, const FlashInputs& x, const void* weights,
                        const float* factors, float* z) {
  const bool is_exact = x.read != nullptr && x.type != mote::ElementType::float32 && inputs <= kExactInputs;
  if (is_exact) {
    clear(outputs, some, z);
    const auto* w = static_cast<const std::int8_t*>(weights);
    if (x.type == mote::ElementType::int8) {
      product_of_integers(inputs, outputs, some, static_cast<const std::int8_t*>(x.elements), w, z);
    } else {
      product_of_integers(inputs, outputs, some, static_cast<const std::uint8_t*>(x.elements), w, z);
    }
  } else {
    product_of_floats<std::int8_t>(inputs, outputs, some, x, weights, z);
  }
  const float scale = is_exact ? x.scale : 1.0f;
  for (size_t j = some.begin; j < some.end; ++j) z[j] *= factors[j] * scale;
}

}  // namespace MOTE_NUMERIC
