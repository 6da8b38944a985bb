// SPDX-License-Identifier: MIT
// Activation functions: what a unit makes of its weighted input z.
//
//   identity    a = z                                          da/dz = 1
//   sigmoid     a = s(z) = 1 / (1 + e^-z)                      da/dz = a (1 - a)
//   tanh        a = tanh z                                     da/dz = 1 - a^2
//   relu        a = max(0, z)                                  da/dz = 1 where z > 0, else 0
//   leaky_relu  a = z where z > 0, else z / 100                da/dz = 1 where z > 0, else 1/100
//   elu         a = z where z > 0, else e^z - 1                da/dz = 1 where z > 0, else a + 1
//   selu        a = L z where z > 0, else L A (e^z - 1)        da/dz = L where z > 0, else a + L A
//   gelu        a = z Phi(z), Phi(z) = (1 + erf(z / sqrt 2)) / 2   da/dz = Phi(z) + z e^(-z^2/2) / sqrt(2 pi)
//   silu        a = z s(z)                                     da/dz = s(z) + z s(z) (1 - s(z))
//   softplus    a = ln(1 + e^z)                                da/dz = s(z) = 1 - e^-a
//   softmax     a_j = e^z_j / sum over i of e^z_i              (last layer only; its derivative is part of the loss)
//
// leaky_relu: Maas, Hannun & Ng 2013. elu, with alpha 1: Clevert, Unterthiner & Hochreiter 2016. selu, with L
// = 1.0507... and A = 1.6733...: Klambauer et al. 2017. gelu, the exact one: Hendrycks & Gimpel 2016. silu, or swish:
// the same, and Ramachandran, Zoph & Le 2017. softplus: Dugas et al. 2001.
//
// Derivatives are computed from activations where these determine them, so that pre-activations need not be kept. gelu
// and silu fall and rise again: needs_pre_activations(). Those of sigmoid, tanh, elu and selu then have the absolute
// error of the activation, half an ulp of 1 or so, where it is flat.
//
//              | largest error, ulp | special values; NaN gives NaN
//              | z < 0   | z > 0    |
//  leaky_relu  | 0.84    | 0        | f(-inf) = -inf
//  elu         | 0.97    | 0        | f(-inf) = -1
//  selu        | 1.98    | 1.06     | f(-inf) = -1.7580993
//  gelu        | 5.50    | 1.89     | f(-inf) = -0, reached through the subnormal numbers at -14.36
//  silu        | 3.40    | 1.51     | f(-inf) = -0, likewise at -108.66
//  softplus    | 2.81    | 1.81     | f(-inf) = 0, reached at -103.97; f(z) = z from 14.56 on
//
// (tests/activation_test.cpp holds these limits over every 797th float; sigmoid and tanh are in vector_math.hpp.)
#pragma once

#include <cstdint>

namespace mote {

/// What a layer does with its pre-activations z.
enum class Activation : std::uint8_t {
  identity,
  sigmoid,
  tanh,
  relu,
  softmax,
  leaky_relu,
  elu,
  selu,
  gelu,
  silu,
  softplus
};

/// Whether the derivative takes pre-activations, which training then keeps beside the activations. No layer needs them
/// for inference, and none as the last one: its pre-activations are what the loss gets.
constexpr bool needs_pre_activations(Activation activation) {
  return activation == Activation::gelu || activation == Activation::silu;
}

/// The largest |da/dz| that an activation reaches or approaches, gamma of gradient_bounds.hpp; of softmax, the largest
/// norm of its Jacobian. gelu's is at z = sqrt 2, silu's at z = 2.3994, selu's just below 0, sigmoid's and tanh's at 0,
/// softmax's where two outputs share everything. Rounded up.
constexpr float largest_slope(Activation activation) {
  switch (activation) {
    case Activation::sigmoid: return 0.25f;
    case Activation::softmax: return 0.5f;
    case Activation::selu: return 1.7581f;
    case Activation::gelu: return 1.12905f;
    case Activation::silu: return 1.09985f;
    case Activation::identity:
    case Activation::tanh:
    case Activation::relu:
    case Activation::leaky_relu:
    case Activation::elu:
    case Activation::softplus: break;
  }
  return 1.0f;
}

/// "relu", "leaky-relu", ...; null for no Activation.
constexpr const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::identity: return "identity";
    case Activation::sigmoid: return "sigmoid";
    case Activation::tanh: return "tanh";
    case Activation::relu: return "relu";
    case Activation::softmax: return "softmax";
    case Activation::leaky_relu: return "leaky-relu";
    case Activation::elu: return "elu";
    case Activation::selu: return "selu";
    case Activation::gelu: return "gelu";
    case Activation::silu: return "silu";
    case Activation::softplus: return "softplus";
  }
  return nullptr;
}

}  // namespace mote
