// SPDX-License-Identifier: MIT
// Bounds that explain vanishing and exploding gradients: for one sample, the gradient of a layer's biases is a product
// of slopes and weights. With layers 1 to L, D^r the diagonal matrix of the slopes f'(z^r), e the error:
//
//   dC/db^l       = D^l W^(l+1) D^(l+1) ... W^L D^L e       product, right to left
//   ||dC/db^l||  <= gamma^(L-l+1) ||W^(l+1)||_2 ... ||W^L||_2 ||e||,   gamma = largest_slope(f) of each layer
//   ||dC/dW^l||_F = ||dC/db^l|| ||a^(l-1)||                            outer product
//
// For the quadratic loss e = a^L - y. The cross-entropies cancel the slope of the output: D^L e = a^L - y. For them,
// and for all other losses, e stands for dC/dz^L, D^L for the identity, and gamma of layer L is 1. In a chain of single
// units the product is f'(z^1) w^2 f'(z^2) ... w^L f'(z^L) (a^L - y) (Nielsen, chapter 5, eq. 122).
#ifndef MOTE_GRADIENT_BOUNDS_HPP
#define MOTE_GRADIENT_BOUNDS_HPP

#include <cstddef>

#include "mote/dataset.hpp"
#include "mote/detail/backpropagation.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/norms.hpp"
#include "mote/topology.hpp"

namespace mote {

/// Gradients and bounds of layer l for one sample.
struct LayerBound {
  float bias_gradient = 0.0f;    ///< ||dC/db^l||, computed by backpropagation
  float weight_gradient = 0.0f;  ///< ||dC/dW^l||_F
  float input_norm = 0.0f;       ///< ||a^(l-1)||
  float steepest = 0.0f;         ///< largest |f'(z^l)| of this sample; 1 where e is dC/dz^L
  /// ||dC/db^l|| / ||dC/db^(l+1)||, for the output layer ||dC/db^L|| / ||e||; 0 for a / 0. ||e|| times the factors of
  /// layers L to l is ||dC/db^l||: deep networks need factors of about 1. In a chain, |w^(l+1) f'(z^l)|.
  float factor = 0.0f;
  float bound = 0.0f;         ///< of ||dC/db^l||, with gamma: holds for every sample with this error
  float sample_bound = 0.0f;  ///< of ||dC/db^l||, with `steepest` instead of gamma
};

/// Writes norms[l] = ||W^l||_2 for every layer by spectral_norm(). parameters: topology.parameter_count() floats;
/// scratch: at least spectral_norms_bytes(topology). Errors: all of check(topology) and check(scratch);
/// memory_too_small, also for parameters and norms.
Result spectral_norms(const Topology& topology, Span<const float> parameters, Memory scratch, Span<float> norms);

/// Bytes of scratch memory for spectral_norms().
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
  Part<float> input;           // [inputs]
  Part<float> slopes;          // [max_stride]
  Part<float> outputs;         // [2][stride of the last layer]
  Part<unsigned char> engine;  // of Backpropagation
  std::size_t bytes;
};

constexpr BoundPlan bound_plan(const Topology& topology) {
  MemoryPlan memory;
  BoundPlan plan{};
  plan.input = memory.take<float>(topology.inputs);
  plan.slopes = memory.take<float>(topology.max_stride());
  plan.outputs = memory.take<float>(2, row_stride(topology.outputs()));
  plan.engine = memory.take<unsigned char>(backpropagation_bytes(topology, {1, true}, 1));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for gradient_bounds().
constexpr std::size_t gradient_bounds_bytes(const Topology& topology) {
  return detail::bound_plan(topology).bytes;
}

/// Writes bounds[0] to bounds[layer_count - 1] for sample `sample` of `dataset`. norms: from spectral_norms() for
/// these parameters. Bounds hold up to rounding, about 1e-5 of their value. Not for networks with batch normalization,
/// where samples depend on each other. scratch: at least gradient_bounds_bytes(topology). Errors: all of
/// check(topology), check(loss), check(topology, dataset) and check(scratch); batch_norm_not_folded; memory_too_small,
/// also for the arrays.
Result gradient_bounds(const Topology& topology, Span<const float> parameters, const LossOptions& loss,
                       const Dataset& dataset, std::size_t sample, Span<const float> norms, Memory scratch,
                       Span<LayerBound> bounds);

}  // namespace mote

#endif  // MOTE_GRADIENT_BOUNDS_HPP
