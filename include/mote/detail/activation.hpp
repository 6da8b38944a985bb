// SPDX-License-Identifier: MIT
// Activations and their derivatives over rows of a mini-batch, in place.
#ifndef MOTE_DETAIL_ACTIVATION_HPP
#define MOTE_DETAIL_ACTIVATION_HPP

#include <cstddef>

#include "mote/activation.hpp"
#include "mote/target.hpp"

namespace mote {

// Calls X for the name of every activation.
#define MOTE_FOR_ACTIVATIONS(X) \
  X(identity) X(sigmoid) X(tanh) X(relu) X(softmax) X(leaky_relu) X(elu) X(selu) X(gelu) X(silu) X(softplus)
#define MOTE_ONE(name) +1
inline constexpr std::size_t kActivationCount = MOTE_FOR_ACTIVATIONS(MOTE_ONE);
#undef MOTE_ONE

/// Computes z = activation(z + biases) in place, and pre_activations = z + biases unless null. z, pre_activations:
/// [rows][columns], row stride `stride`; biases: [stride]; padded as in mote/detail/products.hpp, not overlapping. The
/// padding of z and pre_activations is unspecified afterwards and must not be read.
void add_biases_and_activate(Activation activation, std::size_t rows, std::size_t columns, std::size_t stride,
                             const float* biases, float* z, float* pre_activations = nullptr);

/// Computes deltas *= da/dz element by element: dC/da becomes dC/dz, 0 for magnitudes below 2^-100. kept:
/// pre-activations where needs_pre_activations(activation), else activations. Both: [rows][columns], row stride
/// `stride`; the padding of deltas stays 0. Leaves the deltas of softmax unchanged: its derivative is part of the loss.
void multiply_by_derivative(Activation activation, std::size_t rows, std::size_t columns, std::size_t stride,
                            const float* kept, float* deltas);

/// The functions above for one activation only, so that a program for a microcontroller links those that it names.
template <Activation kActivation>
void activate_by(Activation, std::size_t rows, std::size_t columns, std::size_t stride, const float* biases, float* z,
                 float* pre_activations);
template <Activation kActivation>
void multiply_by_derivative_of(Activation, std::size_t rows, std::size_t columns, std::size_t stride, const float* kept,
                               float* deltas);
#define MOTE_DECLARE(name)                                                                                            \
  extern template void activate_by<Activation::name>(Activation, std::size_t, std::size_t, std::size_t, const float*, \
                                                     float*, float*);                                                 \
  extern template void multiply_by_derivative_of<Activation::name>(Activation, std::size_t, std::size_t, std::size_t, \
                                                                   const float*, float*);
MOTE_FOR_ACTIVATIONS(MOTE_DECLARE)
#undef MOTE_DECLARE

namespace detail {
using ActivateFunction = decltype(&add_biases_and_activate);
using DerivativeFunction = decltype(&multiply_by_derivative);

constexpr ActivateFunction activate_function([[maybe_unused]] Activation activation) {
#ifdef MOTE_MICROCONTROLLER
  switch (activation) {
#define MOTE_CASE(name) \
  case Activation::name: return activate_by<Activation::name>;
    MOTE_FOR_ACTIVATIONS(MOTE_CASE)
#undef MOTE_CASE
  }
  return nullptr;
#else
  return add_biases_and_activate;
#endif
}

constexpr DerivativeFunction derivative_function([[maybe_unused]] Activation activation) {
#ifdef MOTE_MICROCONTROLLER
  switch (activation) {
#define MOTE_CASE(name) \
  case Activation::name: return multiply_by_derivative_of<Activation::name>;
    MOTE_FOR_ACTIVATIONS(MOTE_CASE)
#undef MOTE_CASE
  }
  return nullptr;
#else
  return multiply_by_derivative;
#endif
}

struct ActivateFunctions {
  ActivateFunction functions[kActivationCount] = {};  // by Activation

  constexpr void add(Activation activation) {
    functions[static_cast<std::size_t>(activation)] = activate_function(activation);
  }
};
constexpr ActivateFunctions all_activations() {
  ActivateFunctions all;
#define MOTE_ADD(name) all.add(Activation::name);
  MOTE_FOR_ACTIVATIONS(MOTE_ADD)
#undef MOTE_ADD
  return all;
}
inline constexpr ActivateFunctions kAllActivations = all_activations();
}  // namespace detail

}  // namespace mote

#endif  // MOTE_DETAIL_ACTIVATION_HPP
