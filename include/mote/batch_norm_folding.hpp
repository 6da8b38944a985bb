// SPDX-License-Identifier: MIT
// Batch normalization folded into the weights and biases before it, for inference (Ioffe & Szegedy 2015, algorithm 2):
//
//   W' = W scale / sqrt(variance + epsilon),   b' = bias - mean scale / sqrt(variance + epsilon)
//
// with the running mean and variance, column by column. What comes out is a plain network: it costs nothing more to
// run, and a program that runs it needs none of this.
#pragma once

#include <cstddef>

#include "mote/span.hpp"
#include "mote/status.hpp"
#include "mote/topology.hpp"

namespace mote {

/// The same layers without batch normalization: what folded parameters are for.
constexpr Topology without_batch_norm(const Topology& topology) {
  Topology plain = topology;
  for (std::size_t l = 0; l < plain.layer_count; ++l) plain.layers[l].batch_norm = false;
  return plain;
}

/// Floats of running statistics: the means of all units with batch normalization, layer by layer and laid out as their
/// scales are, then the variances likewise.
constexpr std::size_t running_statistics_count(const Topology& topology) {
  return 2 * topology.all_scale_floats();
}

/// Writes the parameters of the network without_batch_norm(topology) to `folded`, which has room for its
/// parameter_count() and may be the beginning of `parameters`, but must not overlap them otherwise. Other layers are
/// copied. parameters: topology.parameter_count() floats; running: running_statistics_count(topology). memory_too_small
/// for a span that is shorter.
Result fold_batch_norm(const Topology& topology, Span<const float> parameters, Span<const float> running,
                       Span<float> folded);

}  // namespace mote
