// SPDX-License-Identifier: MIT
// Activation functions and their derivatives of one float, for numeric files. Internal linkage throughout.
#pragma once

#include "../core/arithmetic.hpp"
#include "../core/normal.hpp"
#include "mote/activation.hpp"
#include "mote/detail/activation.hpp"

namespace mote::detail {
namespace {

/// One function object per activation; mote/activation.hpp has the formulas. derivative(z, a) reads the pre-activation
/// z where needs_pre_activations(), else the activation a.
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
  static float limited(float z) { return z < -110.0f ? -110.0f : z; }  // silu(-110) is -0; NaN passes
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

/// The function object of an activation. softmax, which is no function of one float, gets Identity.
template <Activation kActivation>
constexpr auto function_of() {
  if constexpr (kActivation == Activation::sigmoid)
    return Sigmoid{};
  else if constexpr (kActivation == Activation::tanh)
    return Tanh{};
  else if constexpr (kActivation == Activation::relu)
    return Relu{};
  else if constexpr (kActivation == Activation::leaky_relu)
    return LeakyRelu{};
  else if constexpr (kActivation == Activation::elu)
    return Elu{};
  else if constexpr (kActivation == Activation::selu)
    return Selu{};
  else if constexpr (kActivation == Activation::gelu)
    return Gelu{};
  else if constexpr (kActivation == Activation::silu)
    return Silu{};
  else if constexpr (kActivation == Activation::softplus)
    return Softplus{};
  else
    return Identity{};
}

/// Calls f with the function object of an activation.
template <typename F>
MOTE_INLINE auto visit(Activation activation, F f) {
  switch (activation) {
#define MOTE_CASE(name) \
  case Activation::name: return f(function_of<Activation::name>());
    MOTE_FOR_ACTIVATIONS(MOTE_CASE)
#undef MOTE_CASE
  }
  return f(Identity{});
}

}  // namespace
}  // namespace mote::detail
