// SPDX-License-Identifier: MIT
// Activations of one float, and reductions over one row of outputs, for numeric files. Internal linkage throughout.
#pragma once

#include "../core/arithmetic.hpp"
#include "../core/normal.hpp"
#include "mote/topology.hpp"

namespace mote::detail {
namespace {

/// Activations and their derivatives (activation.hpp has the formulas). derivative(z, a) uses either its pre-activation
/// or its activation, whichever needs_pre_activations() says.
struct Identity {
  float operator()(float z) const { return z; }
  static float derivative(float, float) { return 1.0f; }
};
struct Sigmoid {
  float operator()(float z) const { return sigmoid_of(z); }
  static float derivative(float, float a) { return a * (1.0f - a); }
};
struct Tanh {
  float operator()(float z) const { return tanh_of(z); }
  static float derivative(float, float a) { return 1.0f - a * a; }
};
struct Relu {
  float operator()(float z) const { return z < 0.0f ? 0.0f : z; }  // NaN stays NaN
  static float derivative(float, float a) { return a > 0.0f ? 1.0f : 0.0f; }
};
struct LeakyRelu {
  static constexpr float kSlope = 0.01f;
  float operator()(float z) const { return z < 0.0f ? kSlope * z : z; }
  static float derivative(float, float a) { return a > 0.0f ? 1.0f : kSlope; }
};
struct Elu {
  float operator()(float z) const { return z > 0.0f ? z : exp_minus_one(z); }
  static float derivative(float, float a) { return a > 0.0f ? 1.0f : a + 1.0f; }
};
struct Selu {
  static constexpr float kLambda = 1.05070099f;
  static constexpr float kLambdaAlpha = 1.75809934f;
  float operator()(float z) const { return z > 0.0f ? kLambda * z : kLambdaAlpha * exp_minus_one(z); }
  static float derivative(float, float a) { return a > 0.0f ? kLambda : a + kLambdaAlpha; }
};
struct Gelu {
  float operator()(float z) const {
    const NormalTail tail = normal_tail(absolute(z));
    const float far = z < 0.0f ? tail.times(-tail.t) : z * (1.0f - tail.value());
    return absolute(z) < kNormalNear0 ? z * normal_near_0(z) : far;
  }
  static float derivative(float z, float) {
    const NormalTail tail = normal_tail(absolute(z));
    const float density = scaled(1.0f + tail.density.fraction, tail.density.exponent);
    const float near = multiply_add(z * density, kNormalDensityAt0, normal_near_0(z));
    const float below = density * multiply_add(tail.t, -kNormalDensityAt0, tail.mills);
    const float far = z < 0.0f ? below : 1.0f - below;
    return absolute(z) < kNormalNear0 ? near : far;
  }
};
struct Silu {
  static float limited(float z) { return z < -110.0f ? -110.0f : z; }  // silu(-110) is -0 already; NaN passes
  float operator()(float z) const {
    const PowerOfE power = power_of_e(limited(-absolute(z)));
    const float e = scaled(1.0f + power.fraction, power.exponent);
    const float below = scaled(limited(z) * (1.0f + power.fraction), power.exponent);
    return (z < 0.0f ? below : z) / (1.0f + e);
  }
  static float derivative(float z, float) {
    const float magnitude = -limited(-absolute(z));
    const float e = exp_of(-magnitude);
    const float above = multiply_add(magnitude, e, 1.0f + e);  // times s(|z|)^2
    const float below = e * (1.0f + e - magnitude);
    return (z < 0.0f ? below : above) / ((1.0f + e) * (1.0f + e));
  }
};
struct Softplus {
  float operator()(float z) const { return (z < 0.0f ? 0.0f : z) + log_one_plus(exp_of(-absolute(z))); }
  static float derivative(float, float a) { return -exp_minus_one(-a); }  // 1 - 1 / (1 + e^z) = sigmoid(z)
};

/// f(the function object of an activation), for all but softmax, which is not a function of one float.
template <typename F>
MOTE_INLINE auto visit(Activation activation, F f) {
  switch (activation) {
    case Activation::sigmoid: return f(Sigmoid{});
    case Activation::tanh: return f(Tanh{});
    case Activation::relu: return f(Relu{});
    case Activation::leaky_relu: return f(LeakyRelu{});
    case Activation::elu: return f(Elu{});
    case Activation::selu: return f(Selu{});
    case Activation::gelu: return f(Gelu{});
    case Activation::silu: return f(Silu{});
    case Activation::softplus: return f(Softplus{});
    case Activation::identity:
    case Activation::softmax: break;
  }
  return f(Identity{});
}

/// The fixed tree: lane i meets lane i + 8, then i + 4, i + 2, i + 1. Each level is a loop of constant length, which
/// vectors can do.
template <typename Combine>
MOTE_INLINE float reduce(const float (&lane)[16], Combine combine) {
  float eight[8], four[4], two[2];
  for (std::size_t i = 0; i < 8; ++i) eight[i] = combine(lane[i], lane[i + 8]);
  for (std::size_t i = 0; i < 4; ++i) four[i] = combine(eight[i], eight[i + 4]);
  for (std::size_t i = 0; i < 2; ++i) two[i] = combine(four[i], four[i + 2]);
  return combine(two[0], two[1]);
}

/// A sum over a row: element j goes to lane j mod 16, and lanes are added as a fixed tree, on every target alike.
inline constexpr std::size_t kLanes = 16;
struct Lanes {
  float lane[kLanes] = {};

  float sum() const {
    return reduce(lane, [](float a, float b) { return a + b; });
  }
};

/// f(lane, element) for every element of a row of `columns` elements at(j): element j is in lane j mod 16.
template <typename At, typename F>
MOTE_INLINE void for_lanes(std::size_t columns, At at, F f) {
  std::size_t j = 0;
  for (; j + kLanes <= columns; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) f(lane, at(j + lane));
  }
  for (std::size_t lane = 0; j < columns; ++j, ++lane) f(lane, at(j));
}

/// How many elements from j on a loop over lanes takes, padding included: always kLanes where rows are padded that far.
MOTE_INLINE std::size_t lanes_from(std::size_t j, std::size_t columns) {
  if constexpr (kRowAlignment % kLanes == 0) return kLanes;
  const std::size_t left = padded_columns(columns) - j;
  return left < kLanes ? left : kLanes;
}

MOTE_INLINE float row_maximum(const float* z, std::size_t columns) {
  float lane[kLanes];
  for (float& x : lane) x = -kInfinity;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = lanes_from(j, columns);
    const auto used = static_cast<std::uint32_t>(columns - j);  // 32 bits, like the floats: one comparison a vector
    for (std::uint32_t i = 0; i < count; ++i) {
      const float x = z[j + i];
      lane[i] = maximum(lane[i], i < used ? x : -kInfinity);
    }
  }
  return reduce(lane, [](float a, float b) { return maximum(a, b); });
}

/// e[j] = exp(z[j] - max z), 0 in the padding; returns the sum of e, at least 1. e may be z, or null for the sum alone.
MOTE_INLINE float exponentials(const float* z, std::size_t columns, float* e, float highest) {
  Lanes lanes;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = lanes_from(j, columns);
    const auto used = static_cast<std::uint32_t>(columns - j);
    float value[kLanes];
    for (std::uint32_t i = 0; i < count; ++i) {
      const float power = exp_of(z[j + i] - highest);
      value[i] = i < used ? power : 0.0f;
      lanes.lane[i] += value[i];
    }
    if (e != nullptr) {
      for (std::size_t i = 0; i < count; ++i) e[j + i] = value[i];
    }
  }
  return lanes.sum();
}

MOTE_INLINE float exponentials(const float* z, std::size_t columns, float* e) {
  return exponentials(z, columns, e, row_maximum(z, columns));
}

}  // namespace
}  // namespace mote::detail
