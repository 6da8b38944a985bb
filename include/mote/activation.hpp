// SPDX-License-Identifier: MIT
// Activation functions a = f(z) of a pre-activation z, and their derivatives.
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
//   softmax     a_j = e^z_j / sum over i of e^z_i              (last layer only; the loss includes its derivative)
//
// Sources: leaky_relu: Maas, Hannun & Ng 2013. elu (alpha = 1): Clevert, Unterthiner & Hochreiter 2016. selu
// (L = 1.0507..., A = 1.6733...): Klambauer et al. 2017. gelu (exact form): Hendrycks & Gimpel 2016. silu, also called
// swish: Hendrycks & Gimpel 2016; Ramachandran, Zoph & Le 2017. softplus: Dugas et al. 2001.
//
// A derivative is computed from the activation where the activation determines it, so that training need not keep
// pre-activations. gelu and silu are not monotonic and need them: needs_pre_activations(). Where sigmoid, tanh, elu and
// selu are flat, their derivatives have the absolute error of the activation: about half an ulp of 1.
//
//              | largest error, ulp | special values (NaN gives NaN)
//              | z < 0   | z > 0    |
//  leaky_relu  | 0.84    | 0        | f(-inf) = -inf
//  elu         | 0.97    | 0        | f(-inf) = -1
//  selu        | 1.98    | 1.06     | f(-inf) = -1.7580993
//  gelu        | 5.50    | 1.89     | f(z) = -0 below -14.36, subnormal just above
//  silu        | 3.40    | 1.51     | f(z) = -0 below -108.66, subnormal just above
//  softplus    | 2.81    | 1.81     | f(z) = 0 below -103.97; f(z) = z above 14.56
//
// (tests/textbook/activation_test.cpp checks them at every 797th float. sigmoid and tanh: detail/vector_math.hpp.)
#ifndef MOTE_ACTIVATION_HPP
#define MOTE_ACTIVATION_HPP

#include <cstdint>

#include "mote/target.hpp"

namespace mote {

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

/// Whether the derivative is computed from pre-activations, which training then keeps beside the activations.
constexpr bool needs_pre_activations(Activation activation) {
  return activation == Activation::gelu || activation == Activation::silu;
}

/// Supremum of |da/dz|, rounded up: gamma in gradient_bounds.hpp. For softmax, the largest spectral norm of its
/// Jacobian. Reached at z = 0 (sigmoid, tanh), sqrt 2 (gelu), 2.3994 (silu), just below 0 (selu); softmax: with two
/// outputs of 1/2.
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

/// "relu", "leaky-relu", ...; null for a value that is not an Activation.
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

/// Another name of silu, which readers take too.
inline constexpr char kSwish[] = "swish";

}  // namespace mote

#endif  // MOTE_ACTIVATION_HPP
