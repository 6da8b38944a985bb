// SPDX-License-Identifier: MIT
// Activations and their derivatives over rows of a mini-batch, in place.
#pragma once

#include <cstddef>

#include "mote/activation.hpp"

namespace mote {

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

}  // namespace mote
