// SPDX-License-Identifier: MIT
// The normal distribution function and the error function of one float, for numeric files. Internal linkage throughout.
#pragma once

#include "arithmetic.hpp"

namespace mote::detail {
namespace {

inline constexpr float kNormalDensityAt0 = 0.39894228f;  // 1 / sqrt(2 pi)
inline constexpr float kSqrt2 = 1.41421356f;
inline constexpr float kSqrtHalf = 0.70710678f;

/// Phi(-t), the chance that a standard normal number exceeds t, as density * mills: density = e^(-t^2/2) in two parts,
/// mills the ratio that remains, so that products may be subnormal although factors are not.
struct NormalTail {
  float t;  // as given, but at most 14.5: beyond, even t Phi(-t) is 0
  PowerOfE density;
  float mills;

  /// Phi(-t) f for a factor f.
  float times(float f) const { return scaled(f * (1.0f + density.fraction) * mills, density.exponent); }
  float value() const { return times(1.0f); }
};

/// t >= 0. t^2 is split into the exact square of t's upper 12 bits and a rest, because a relative error d in x becomes
/// x d in e^x (Cody, "Rational Chebyshev approximations for the error function", 1969). mills = p(u) / (t + c) with
/// u = (t - c) / (t + c).
MOTE_INLINE NormalTail normal_tail(float t) {
  constexpr float kCenter = 3.25f;
  t = t > 14.5f ? 14.5f : t;  // NaN passes
  const float upper = float_of(bits_of(t) & 0xfffff000u);
  const PowerOfE density = power_of_e(-0.5f * (upper * upper), 0.5f * ((t - upper) * (t + upper)));
  const float inverse = 1.0f / (t + kCenter);
  const float u = (t - kCenter) * inverse;
  float p = 0.000127530657f;
  p = multiply_add(p, u, 0.000143459445f);
  p = multiply_add(p, u, -0.00105163362f);
  p = multiply_add(p, u, -0.00116404996f);
  p = multiply_add(p, u, 0.00830442272f);
  p = multiply_add(p, u, 0.00109740428f);
  p = multiply_add(p, u, -0.080924511f);
  p = multiply_add(p, u, 0.274453878f);
  p = multiply_add(p, u, -0.539486706f);
  p = multiply_add(p, u, 0.737438381f);
  return {t, density, p * inverse};
}

/// erf x for |x| <= 1: x + x p(x^2).
MOTE_INLINE float erf_near_0(float x) {
  const float square = x * x;
  float p = 7.85386073e-05f;
  p = multiply_add(p, square, -0.000801019371f);
  p = multiply_add(p, square, 0.00518832775f);
  p = multiply_add(p, square, -0.0268538129f);
  p = multiply_add(p, square, 0.112835854f);
  p = multiply_add(p, square, -0.37612626f);
  p = multiply_add(p, square, 0.128379166f);
  return multiply_add(x, p, x);
}

/// erf x, beyond 1 from 1 - 2 Phi(-sqrt(2) |x|).
MOTE_INLINE float erf_of(float x) {
  const float magnitude = absolute(x);
  const float far = 1.0f - 2.0f * normal_tail(magnitude * kSqrt2).value();
  const float result = magnitude < 1.0f ? erf_near_0(magnitude) : far;
  return float_of(bits_of(result) | (bits_of(x) & 0x80000000u));
}

/// Phi(z) = (1 + erf(z / sqrt 2)) / 2 for |z| < kNormalNear0, where this loses fewer digits than the tail does.
inline constexpr float kNormalNear0 = 0.75f;
MOTE_INLINE float normal_near_0(float z) {
  return multiply_add(0.5f, erf_near_0(z * kSqrtHalf), 0.5f);
}

}  // namespace
}  // namespace mote::detail
