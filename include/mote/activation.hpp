// SPDX-License-Identifier: MIT
// Activation functions: what a unit makes of its weighted input z.
//
//   identity  a = z                                 da/dz = 1
//   sigmoid   a = 1 / (1 + e^-z)                    da/dz = a (1 - a)
//   tanh      a = tanh z                            da/dz = 1 - a^2
//   relu      a = max(0, z)                         da/dz = 1 where z > 0, else 0
//   softmax   a_j = e^z_j / sum over i of e^z_i     (last layer only; its derivative is part of the loss)
//
// Derivatives are computed from activations, so pre-activations need not be kept.
#pragma once

#include <cstddef>

#include "mote/topology.hpp"

namespace mote {

/// z = activation(z + biases), in place. z [rows][columns], row stride `stride`; biases [stride]; both padded as
/// kernels.hpp says. The padding of z holds values that nobody reads afterwards.
void add_biases_and_activate(Activation activation, std::size_t rows, std::size_t columns, std::size_t stride,
                             const float* biases, float* z);

/// deltas *= da/dz, element by element: dC/da becomes dC/dz, or 0 where it is smaller in magnitude than 2^-100. Both
/// [rows][columns], row stride `stride`; the padding of deltas stays 0. Not for softmax.
void multiply_by_derivative(Activation activation, std::size_t rows, std::size_t columns, std::size_t stride,
                            const float* activations, float* deltas);

}  // namespace mote
