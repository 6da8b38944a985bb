// SPDX-License-Identifier: MIT
// Batch normalization between the product and the activation of a hidden layer (Ioffe & Szegedy 2015, algorithm 1).
// For every unit, over the m samples of a mini-batch, with z = inputs * weights:
//
//   mean      = 1/m sum of z
//   variance  = 1/m sum of (z - mean)^2
//   n         = (z - mean) / sqrt(variance + epsilon)
//   y         = scale n + bias                      input of the activation; the paper's gamma and beta
//
// Backward, from dC/dy (section 3 of the paper, simplified):
//
//   dC/dbias  = sum of dC/dy
//   dC/dscale = sum of dC/dy n
//   dC/dz     = scale / sqrt(variance + epsilon) (dC/dy - 1/m dC/dbias - 1/m n dC/dscale)
//
// Inference uses running averages of mean and variance. As in PyTorch, momentum is the weight of the newest batch, and
// the running variance averages the unbiased estimate, m / (m - 1) times the variance above. With constant statistics
// the layer folds into the weights and biases before it (algorithm 2 of the paper):
//
//   W' = W scale / sqrt(variance + epsilon),   b' = bias - mean scale / sqrt(variance + epsilon)
//
// column by column. The folded network is a plain one: batch normalization costs inference no time and no code.
#ifndef MOTE_BATCH_NORM_HPP
#define MOTE_BATCH_NORM_HPP

#include <cstddef>

#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

inline constexpr float kBatchNormEpsilon = 1e-5f;
inline constexpr float kBatchNormMomentum = 0.1f;

/// The topology of the folded network: `topology` without batch normalization.
constexpr Topology without_batch_norm(const Topology& topology) {
  Topology plain = topology;
  for (std::size_t l = 0; l < plain.layer_count; ++l) plain.layers[l].batch_norm = false;
  return plain;
}

/// Number of floats of running statistics: the means, then the variances of all units with batch normalization, each
/// laid out like the scales.
constexpr std::size_t running_statistics_count(const Topology& topology) {
  return 2 * topology.all_scale_floats();
}

/// Writes the parameters of the network without_batch_norm(topology) to `folded`; copies layers without batch
/// normalization. parameters: topology.parameter_count() floats; running: running_statistics_count(topology) floats;
/// folded: at least parameter_count() floats of the folded topology; either starts where `parameters` starts or does
/// not overlap it. Errors: all of check(topology); memory_too_small for a span that is too short.
Result fold_batch_norm(const Topology& topology, Span<const float> parameters, Span<const float> running,
                       Span<float> folded);

}  // namespace mote

#endif  // MOTE_BATCH_NORM_HPP
