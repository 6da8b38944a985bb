// SPDX-License-Identifier: MIT
// Activations of the output layer and slopes of any layer, which training does not keep.
#pragma once

#include <cstddef>

#include "mote/activation.hpp"
#include "mote/detail/activation.hpp"
#include "mote/detail/backpropagation.hpp"

namespace mote::detail {

/// Activations of a layer for the rows of the last forward(). Computes those of the output layer into `outputs`,
/// [rows + 1][stride], whose last row holds the biases: 0, because forward() has added the layer's.
inline MatrixView activations_of(const Topology& topology, const Backpropagation& engine, std::size_t layer,
                                 float* outputs) {
  const MatrixView kept = engine.activations(layer);
  if (layer + 1 != topology.layer_count) return kept;
  __builtin_memcpy(outputs, kept.data, kept.rows * kept.stride * sizeof(float));
  float* zeros = outputs + kept.rows * kept.stride;
  for (std::size_t j = 0; j < kept.stride; ++j) zeros[j] = 0.0f;
  add_biases_and_activate(topology.output_activation(), kept.rows, kept.columns, kept.stride, zeros, outputs);
  return {outputs, kept.rows, kept.columns, kept.stride};
}

/// Writes da/dz to `slopes` [rows][stride], 0 below 2^-100. activations: from activations_of(). Not for softmax.
inline MatrixView slopes_of(const Topology& topology, const Backpropagation& engine, std::size_t layer,
                            const MatrixView& activations, float* slopes) {
  const Activation activation = topology.layers[layer].activation;
  const MatrixView kept = needs_pre_activations(activation) ? engine.pre_activations(layer) : activations;
  for (std::size_t i = 0; i < kept.rows * kept.stride; ++i) slopes[i] = 1.0f;
  multiply_by_derivative(activation, kept.rows, kept.columns, kept.stride, kept.data, slopes);
  return {slopes, kept.rows, kept.columns, kept.stride};
}

}  // namespace mote::detail
