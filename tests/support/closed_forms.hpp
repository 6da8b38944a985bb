// SPDX-License-Identifier: MIT
// Activations in double precision, by the C library, as references for mote's; and lists of all activations.
#pragma once

#include <cmath>
#include <string>

#include "mote/topology.hpp"

namespace mote::test {

/// The activations of one number, which hidden layers can have.
inline constexpr Activation kElementwise[] = {
    Activation::identity, Activation::sigmoid, Activation::tanh, Activation::relu, Activation::leaky_relu,
    Activation::elu,      Activation::selu,    Activation::gelu, Activation::silu, Activation::softplus};
inline constexpr Activation kAnyActivation[] = {Activation::identity, Activation::sigmoid,    Activation::tanh,
                                                Activation::relu,     Activation::leaky_relu, Activation::elu,
                                                Activation::selu,     Activation::gelu,       Activation::silu,
                                                Activation::softplus, Activation::softmax};

inline std::string activation_name(Activation activation) {
  switch (activation) {
    case Activation::identity: return "Identity";
    case Activation::sigmoid: return "Sigmoid";
    case Activation::tanh: return "Tanh";
    case Activation::relu: return "Relu";
    case Activation::softmax: return "Softmax";
    case Activation::leaky_relu: return "LeakyRelu";
    case Activation::elu: return "Elu";
    case Activation::selu: return "Selu";
    case Activation::gelu: return "Gelu";
    case Activation::silu: return "Silu";
    case Activation::softplus: return "Softplus";
  }
  return "?";
}

/// Whether the slope jumps at 0.
inline bool has_kink(Activation activation) {
  return activation == Activation::relu || activation == Activation::leaky_relu || activation == Activation::selu;
}

// Klambauer et al. 2017, with the digits of their published code.
inline constexpr double kSeluLambda = 1.0507009873554804934193349852946;
inline constexpr double kSeluAlpha = 1.6732632423543772848170429916717;

/// a = f(z); z itself for softmax. Keeps the digits of small results, which 1 + x - 1 would lose.
inline double closed_form(Activation activation, double z) {
  switch (activation) {
    case Activation::sigmoid: return 1.0 / (1.0 + std::exp(-z));
    case Activation::tanh: return std::tanh(z);
    case Activation::relu: return std::fmax(0.0, z);
    case Activation::leaky_relu: return z > 0.0 ? z : 0.01 * z;
    case Activation::elu: return z > 0.0 ? z : std::expm1(z);
    case Activation::selu: return kSeluLambda * (z > 0.0 ? z : kSeluAlpha * std::expm1(z));
    case Activation::gelu: return z * 0.5 * std::erfc(-z / std::sqrt(2.0));
    case Activation::silu: return z / (1.0 + std::exp(-z));
    case Activation::softplus: return std::fmax(0.0, z) + std::log1p(std::exp(-std::fabs(z)));
    case Activation::identity:
    case Activation::softmax: break;
  }
  return z;
}

/// The numeric slope of the closed form, accurate to about 1e-10 for moderate z away from kinks.
inline double slope(Activation activation, double z) {
  constexpr double kStep = 1e-5;
  return (closed_form(activation, z + kStep) - closed_form(activation, z - kStep)) / (2.0 * kStep);
}

}  // namespace mote::test
