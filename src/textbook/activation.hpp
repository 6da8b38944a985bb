// SPDX-License-Identifier: MIT
// Activations and their derivatives over the rows of a mini-batch, in place.
#pragma once

#include <cstddef>

#include "mote/activation.hpp"

namespace mote {

/// z = activation(z + biases), in place; z + biases itself goes to pre_activations unless that is null. z and
/// pre_activations [rows][columns], row stride `stride`; biases [stride]; all padded as kernels.hpp says, none
/// overlapping another. The padding of z and pre_activations holds values that nobody reads afterwards.
void add_biases_and_activate(Activation activation, std::size_t rows, std::size_t columns, std::size_t stride,
                             const float* biases, float* z, float* pre_activations = nullptr);

/// deltas *= da/dz, element by element: dC/da becomes dC/dz, or 0 where it is smaller in magnitude than 2^-100.
/// kept: pre-activations where needs_pre_activations(activation), else activations. Both [rows][columns], row stride
/// `stride`; the padding of deltas stays 0. Not for softmax.
void multiply_by_derivative(Activation activation, std::size_t rows, std::size_t columns, std::size_t stride,
                            const float* kept, float* deltas);

}  // namespace mote
