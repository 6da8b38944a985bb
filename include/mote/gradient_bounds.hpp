// SPDX-License-Identifier: MIT
// Why gradients vanish and explode: for one sample, the gradient of a layer's biases is a product of the slopes and
// weights above it. With layers 1 to L, D^r the diagonal matrix of the slopes f'(z^r), e the error:
//
//   dC/db^l       = D^l W^(l+1) D^(l+1) ... W^L D^L e       the product itself, right to left
//   ||dC/db^l||  <= gamma^(L-l+1) ||W^(l+1)||_2 ... ||W^L||_2 ||e||,   gamma = largest_slope(f) of each layer
//   ||dC/dW^l||_F = ||dC/db^l|| ||a^(l-1)||                            an outer product
//
// For the quadratic loss e = a^L - y. The cross-entropies cancel the output's slope: D^L e = a^L - y, and gamma of
// layer L is 1. For other losses e stands for dC/dz^L, likewise. In a chain of single units the product is the
// textbook's f'(z^1) w^2 f'(z^2) ... w^L f'(z^L) (a^L - y) (Nielsen, chapter 5, eq. 122).
#pragma once

#include <cstddef>

#include "mote/dataset.hpp"
#include "mote/detail/backpropagation.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/norms.hpp"
#include "mote/topology.hpp"

namespace mote {

/// Of layer l, for one sample.
struct LayerBound {
  float bias_gradient = 0.0f;    ///< ||dC/db^l||, as backpropagation computes it
  float weight_gradient = 0.0f;  ///< ||dC/dW^l||_F
  float input_norm = 0.0f;       ///< ||a^(l-1)||
  float steepest = 0.0f;         ///< largest |f'(z^l)| of this sample; 1 where the loss cancels it
  /// ||dC/db^l|| / ||dC/db^(l+1)||, of the output layer ||dC/db^L|| / ||e||; 0 where that is 0. ||e|| and the factors
  /// from L down to l multiply to ||dC/db^l||: a factor of about 1 all the way is what deep networks need. In a chain
  /// it is |w^(l+1) f'(z^l)|.
  float factor = 0.0f;
  float bound = 0.0f;         ///< on ||dC/db^l||, with gamma: holds for every sample with this error
  float sample_bound = 0.0f;  ///< on ||dC/db^l||, with `steepest` instead of gamma
};

/// Writes norms[l] = ||W^l||_2, see spectral_norm(), for every layer. parameters: topology.parameter_count() floats.
/// scratch: at least spectral_norms_bytes(topology).
Result spectral_norms(const Topology& topology, Span<const float> parameters, Memory scratch, Span<float> norms);

constexpr std::size_t spectral_norms_bytes(const Topology& topology) {
  std::size_t most = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t bytes = spectral_norm_bytes(topology.inputs_of(l), topology.outputs_of(l));
    most = bytes > most ? bytes : most;
  }
  return most;
}

namespace detail {
struct BoundPlan {
  std::size_t input;    // [inputs]
  std::size_t slopes;   // [max_stride]
  std::size_t outputs;  // [stride of the last layer]
  std::size_t zeros;    // [stride of the last layer]
  std::size_t engine;   // of Backpropagation
  std::size_t bytes;
};

constexpr BoundPlan bound_plan(const Topology& topology) {
  MemoryPlan memory;
  BoundPlan plan{};
  const std::size_t last = row_stride(topology.outputs());
  plan.input = memory.take<float>(topology.inputs);
  plan.slopes = memory.take<float>(topology.max_stride());
  plan.outputs = memory.take<float>(last);
  plan.zeros = memory.take<float>(last);
  plan.engine = memory.take_bytes(backpropagation_bytes(topology, 1, 1, true));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for gradient_bounds().
constexpr std::size_t gradient_bounds_bytes(const Topology& topology) {
  return detail::bound_plan(topology).bytes;
}

/// Gradients and bounds of sample `sample` of `dataset`, bounds[0] to bounds[layer_count - 1]. norms: what
/// spectral_norms() wrote for these parameters. Bounds hold but for rounding, 1e-5 of them or so. Not for networks with
/// batch normalization, where samples act on each other (batch_norm_not_folded). scratch: at least
/// gradient_bounds_bytes(topology). memory_too_small also says when one of the arrays is; otherwise what
/// check(topology), check(loss) and check(topology, dataset) find.
Result gradient_bounds(const Topology& topology, Span<const float> parameters, const LossOptions& loss,
                       const Dataset& dataset, std::size_t sample, Span<const float> norms, Memory scratch,
                       Span<LayerBound> bounds);

}  // namespace mote
