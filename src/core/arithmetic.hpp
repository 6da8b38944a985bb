// SPDX-License-Identifier: MIT
// Arithmetic of one float for numeric files: multiply-add, bit casts, powers, exp, log, sigmoid, tanh, square root.
//
// Only results of files that include this depend on the arithmetic class, fused or separate. Everything here has
// internal linkage: numeric files are compiled once per instruction set, and a function that the linker merges between
// builds could run wide instructions on a machine without them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/target.hpp"

// Forbids the compiler, whatever its options, to fuse a product and a sum: every fused multiply-add is written out.
// clang has no macro that says that it may reorder sums, and ignores contract(off) under -ffp-contract=fast, which
// check_arithmetic() finds.
#if defined(__clang__)
#pragma clang fp contract(off) reassociate(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

// The namespace of the functions of a numeric file: mote, or one per instruction set (../dispatch).
#ifndef MOTE_NUMERIC
#define MOTE_NUMERIC mote
#endif

// MOTE_VECTORIZE marks a loop whose iterations are independent even where its pointers are equal (in-place operation),
// MOTE_UNROLL a loop to unroll, MOTE_ROLLED a loop to leave rolled for the vectorizer.
#if defined(__clang__)
#define MOTE_VECTORIZE _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#define MOTE_UNROLL _Pragma("unroll")
#define MOTE_ROLLED
#elif defined(__GNUC__)
#define MOTE_VECTORIZE _Pragma("GCC ivdep")
#define MOTE_UNROLL _Pragma("GCC unroll 64")
#define MOTE_ROLLED _Pragma("GCC unroll 1")
#else
#define MOTE_VECTORIZE
#define MOTE_UNROLL
#define MOTE_ROLLED
#endif
#define MOTE_ALWAYS_INLINE static inline __attribute__((always_inline))
#ifdef MOTE_MICROCONTROLLER  // code size matters more
#define MOTE_INLINE static inline
#else
#define MOTE_INLINE MOTE_ALWAYS_INLINE
#endif

namespace mote::detail {

#if !defined(MOTE_SEPARATE_ARITHMETIC) && (defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMAF))
inline constexpr bool kFused = true;
#else
inline constexpr bool kFused = false;
#endif

/// a * b + c: rounded once when Fused, otherwise after the product and after the sum. Never left to the compiler.
template <bool Fused = kFused>
MOTE_ALWAYS_INLINE float multiply_add(float a, float b, float c) {
  if constexpr (Fused) {
    return __builtin_fmaf(a, b, c);
  } else {
    return a * b + c;
  }
}

MOTE_ALWAYS_INLINE std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

MOTE_ALWAYS_INLINE float float_of(std::uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// In integers: without a floating-point unit, a comparison would be a call.
MOTE_ALWAYS_INLINE bool is_zero(float x) {
  return bits_of(x) << 1 == 0;
}

MOTE_ALWAYS_INLINE float absolute(float x) {
  return float_of(bits_of(x) & 0x7fffffffu);
}
MOTE_ALWAYS_INLINE float maximum(float a, float b) {
  return a < b ? b : a;
}

/// Optimizer state and deltas of smaller magnitude are set to 0. Otherwise they would decay into subnormal numbers, get
/// stuck there (the smallest times 0.9 rounds to itself) and make every product a hundred times slower. Processor modes
/// that flush subnormals would make results differ between machines.
inline constexpr float kNegligible = 0x1p-100f;

MOTE_ALWAYS_INLINE float without_negligible(float x) {
#ifdef MOTE_MICROCONTROLLER  // in integers: fewer instructions, and no call on cores without a floating-point unit
  constexpr std::uint32_t kBits = 127 - 100;  // the exponent of kNegligible
  return bits_of(x) << 1 < kBits << 24 ? 0.0f : x;
#else
  return absolute(x) < kNegligible ? 0.0f : x;
#endif
}

inline constexpr float kLn2High = 0x1.62e4p-1f;    // ln 2 rounded to 15 bits: products with exponents are exact
inline constexpr float kLn2Low = 0x1.7f7d1cp-20f;  // ln 2 - kLn2High
inline constexpr float kLog2E = 0x1.715476p0f;     // 1 / ln 2
inline constexpr float kLargest = 0x1.fffffep127f;
inline constexpr float kInfinity = __builtin_inff();
inline constexpr float kNaN = __builtin_nanf("");

// The polynomials below are minimax fits in the relative error of the whole function (Lawson's algorithm), rounded to
// float. Ranges are reduced as in Cody & Waite, "Software Manual for the Elementary Functions" (1980).

/// A power of e in two parts: 2^exponent (1 + fraction).
struct PowerOfE {
  float fraction;
  std::int32_t exponent;
};

/// e^(x - rest) = 2^n e^r with n = round((x - rest) / ln 2), |r| <= ln 2 / 2, e^r = 1 + r + r^2 q(r). A small rest
/// carries digits of the exponent that do not fit in x. |x| < 2^20.
template <bool Fused = kFused>
MOTE_INLINE PowerOfE power_of_e(float x, float rest = 0.0f) {
  constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, found in the low bits of the sum
  const float shifted = multiply_add<Fused>(x - rest, kLog2E, kRound);
  const float n = shifted - kRound;
  float r = multiply_add<Fused>(n, -kLn2High, x) - rest;
  r = multiply_add<Fused>(n, -kLn2Low, r);
  float q = 0.0013813145f;
  q = multiply_add<Fused>(q, r, 0.008369419f);
  q = multiply_add<Fused>(q, r, 0.041668456f);
  q = multiply_add<Fused>(q, r, 0.16666515f);
  q = multiply_add<Fused>(q, r, 0.49999994f);
  return {multiply_add<Fused>(r * r, q, r), static_cast<std::int32_t>(bits_of(shifted) - bits_of(kRound))};
}

/// 2^n for -126 <= n <= 127.
MOTE_INLINE float power_of_2(std::int32_t n) {
  return float_of(static_cast<std::uint32_t>(n + 127) << 23);
}

/// x 2^n for |n| <= 250, rounded once if x is not tiny: 2^n in two factors, so that results may be subnormal or
/// infinite although 2^n is neither.
MOTE_INLINE float scaled(float x, std::int32_t n) {
  const std::int32_t half = n >> 1;
  return x * power_of_2(half) * power_of_2(n - half);
}

/// e^x.
template <bool Fused = kFused>
MOTE_INLINE float exp_of(float x) {
  x = x > 89.0f ? 89.0f : x;      // e^89 is infinite already
  x = x < -104.0f ? -104.0f : x;  // e^-104 is 0 already; NaN passes both
  const PowerOfE power = power_of_e<Fused>(x);
  return scaled(power.fraction + 1.0f, power.exponent);
}

/// e^x - 1 for x <= 0, accurate for small x too.
MOTE_INLINE float exp_minus_one(float x) {
  const PowerOfE power = power_of_e(x < -20.0f ? -20.0f : x);  // e^-20 - 1 is -1 already; NaN passes
  const float scale = power_of_2(power.exponent);
  return multiply_add(scale, power.fraction, scale - 1.0f);
}

/// log x = e ln 2 + log(1 + f) with x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), log(1 + f) = f - f^2 / 2 + f^3 p(f).
template <bool Fused = kFused>
MOTE_INLINE float log_of(float x) {
  constexpr std::uint32_t kSqrtHalf = 0x3f3504f3u;
  const bool subnormal = x < 0x1p-126f;
  const float scaled = subnormal ? x * 0x1p23f : x;
  const std::uint32_t offset = bits_of(scaled) - kSqrtHalf;
  const float e = static_cast<float>(static_cast<std::int32_t>(offset) >> 23) - (subnormal ? 23.0f : 0.0f);
  const float f = float_of((offset & 0x007fffffu) + kSqrtHalf) - 1.0f;
  float p = -0.07634509f;
  p = multiply_add<Fused>(p, f, 0.12761594f);
  p = multiply_add<Fused>(p, f, -0.13160186f);
  p = multiply_add<Fused>(p, f, 0.14201756f);
  p = multiply_add<Fused>(p, f, -0.16623357f);
  p = multiply_add<Fused>(p, f, 0.20001227f);
  p = multiply_add<Fused>(p, f, -0.2500082f);
  p = multiply_add<Fused>(p, f, 0.3333333f);
  const float square = f * f;
  float tail = multiply_add<Fused>(square * f, p, e * kLn2Low);
  tail = multiply_add<Fused>(-0.5f, square, tail);
  float result = multiply_add<Fused>(e, kLn2High, f + tail);
  result = x == kInfinity ? x : result;
  result = x == 0.0f ? -kInfinity : result;
  return x >= 0.0f ? result : kNaN;
}

/// log(1 + e) for 0 <= e <= 1, accurate for small e too (Kahan's correction of the rounded sum).
MOTE_INLINE float log_one_plus(float e) {
  const float sum = 1.0f + e;
  const float rounded = sum - 1.0f;
  const float result = log_of(sum) * (e / (rounded == 0.0f ? 1.0f : rounded));  // no branch, for vectors
  return rounded == 0.0f ? e : result;
}

/// base^exponent, and 1 - base^exponent without the cancellation of that difference: 1 - ab = (1 - a) + a (1 - b).
struct IntegerPower {
  float value = 1.0f;
  float missing = 0.0f;
};
MOTE_INLINE IntegerPower integer_power(float base, std::uint32_t exponent) {
  IntegerPower result, square{base, 1.0f - base};
  const auto times = [](IntegerPower a, IntegerPower b) {
    return IntegerPower{a.value * b.value, a.missing + a.value * b.missing};
  };
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1u) result = times(result, square);
    square = times(square, square);
  }
  return result;
}

/// 1 / (1 + e^-x), from e^-|x| so that it cannot overflow and small results keep their precision.
MOTE_INLINE float sigmoid_of(float x) {
  const float e = exp_of(-absolute(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/// tanh x: x + x^3 p(x^2) below 5/8, else 1 - 2 / (e^2|x| + 1) with the sign of x.
MOTE_INLINE float tanh_of(float x) {
  const float magnitude = absolute(x);
  const float square = x * x;
  float p = -0.0057049864f;
  p = multiply_add(p, square, 0.020639086f);
  p = multiply_add(p, square, -0.053739715f);
  p = multiply_add(p, square, 0.13331442f);
  p = multiply_add(p, square, -0.3333328f);
  const float near_zero = multiply_add(square * magnitude, p, magnitude);
  const float far = 1.0f - 2.0f / (exp_of(2.0f * magnitude) + 1.0f);
  const float result = magnitude < 0.625f ? near_zero : far;
  return float_of(bits_of(result) | (bits_of(x) & 0x80000000u));
}

/// Square root, correctly rounded, in integers: for cores without a square root instruction. x >= 0.
[[maybe_unused]] MOTE_INLINE float square_root_by_bits(float x) {
  if (!(x > 0.0f) || x == kInfinity) return x;
  int shift = 0;
  for (; x < 0x1p-100f; ++shift) x *= 4.0f;  // subnormals too
  const std::uint32_t bits = bits_of(x);
  const int exponent = static_cast<int>(bits >> 23) - 127;
  const int odd = exponent & 1;
  // sqrt(m 2^(2h)) = sqrt(m) 2^h with 1 <= m < 4. Each step finds one bit of the root from the two upper bits of
  // `pairs`, which holds m. The last of 25 bits only rounds.
  std::uint32_t pairs = ((bits & 0x7fffffu) | 0x800000u) << (7 + odd), rest = 0, root = 0;
  for (int bit = 0; bit < 25; ++bit, pairs <<= 2) {
    rest = rest << 2 | pairs >> 30;
    const std::uint32_t trial = root << 2 | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      ++root;
    }
  }
  const int half = (exponent - odd) / 2 - shift;
  return static_cast<float>((root + 1) >> 1) * power_of_2(half - 23);
}

/// Square root, correctly rounded; x >= 0.
MOTE_INLINE float square_root(float x) {
// Without -fno-math-errno the compiler adds a call to sqrtf, which firmware without libm does not have.
#if defined(__SOFTFP__) || (defined(__riscv) && !defined(__riscv_flen)) || \
    (defined(MOTE_MICROCONTROLLER) && !defined(__NO_MATH_ERRNO__))
  return square_root_by_bits(x);
#else
  return __builtin_sqrtf(x);
#endif
}

/// Square root of a double to about 2^-46, without libm; x >= 0 or NaN.
[[maybe_unused]] MOTE_INLINE double double_square_root(double x) {
  if (!(x > 0.0) || x - x != 0.0) return x;
  double unit = 1.0;
  for (; x > 0x1p100; x *= 0x1p-64) unit *= 0x1p32;
  for (; x < 0x1p-100; x *= 0x1p64) unit *= 0x1p-32;
  const auto root = static_cast<double>(square_root(static_cast<float>(x)));
  return unit * 0.5 * (root + x / root);  // one step of Newton
}

}  // namespace mote::detail
