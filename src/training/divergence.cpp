// SPDX-License-Identifier: MIT
#include "divergence.hpp"
#include "mote/detail/finite.hpp"

namespace mote {

namespace detail {

bool all_finite(Span<const float> values) {
  for (const float value : values) {
    if (!is_finite(value)) return false;
  }
  return true;
}

}  // namespace detail

using detail::all_finite;

std::size_t first_not_finite(const Topology& topology, Span<const float> parameters) {
  std::size_t l = 0;
  for (; l < topology.layer_count; ++l) {
    if (!all_finite(parameters.subspan(topology.weights_offset(l), topology.weight_floats(l)))) break;
    if (!all_finite(parameters.subspan(topology.biases_offset(l), topology.stride_of(l)))) break;
    if (!topology.layers[l].batch_norm) continue;
    if (!all_finite(parameters.subspan(topology.scales_offset(l), topology.stride_of(l)))) break;
  }
  return l;
}

std::size_t first_not_finite(const Topology& topology, const Backpropagation& backpropagation) {
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const MatrixView activations = backpropagation.activations(l);
    for (std::size_t i = 0; i < activations.rows; ++i) {
      if (!all_finite(activations.row(i))) return l;
    }
  }
  return topology.layer_count;
}

}  // namespace mote
