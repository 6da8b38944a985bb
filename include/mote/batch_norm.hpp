// SPDX-License-Identifier: MIT
// Batch normalization between the product and the activation of a hidden layer (Ioffe & Szegedy 2015, algorithm 1).
// For every unit, over the m samples of a mini-batch, with z = inputs * weights:
//
//   mean      = 1/m sum of z
//   variance  = 1/m sum of (z - mean)^2
//   n         = (z - mean) / sqrt(variance + epsilon)
//   y         = scale n + bias                      what the activation gets; the paper's gamma and beta
//
// and backward from dC/dy (the paper's section 3 with the terms that cancel taken out):
//
//   dC/dbias  = sum of dC/dy
//   dC/dscale = sum of dC/dy n
//   dC/dz     = scale / sqrt(variance + epsilon) (dC/dy - 1/m dC/dbias - 1/m n dC/dscale)
//
// Inference has no mini-batch: it takes the mean and variance of running averages, with which the layer is a plain one
// (batch_norm.hpp). As in PyTorch, momentum is the weight of the newest batch, and the running variance takes
// the unbiased estimate, m / (m - 1) times the variance above.
//
// Batch normalization folded into the weights and biases before it, for inference (Ioffe & Szegedy 2015, algorithm 2):
//
//   W' = W scale / sqrt(variance + epsilon),   b' = bias - mean scale / sqrt(variance + epsilon)
//
// with the running mean and variance, column by column. What comes out is a plain network: it costs nothing more to
// run, and a program that runs it needs none of this.
#pragma once

#include <cstddef>

#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

inline constexpr float kBatchNormEpsilon = 1e-5f;
inline constexpr float kBatchNormMomentum = 0.1f;

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
