// SPDX-License-Identifier: MIT
#include "mote/gradient_bounds.hpp"

#include "../core/arithmetic.hpp"
#include "../training/scoring.hpp"
#include "mote/activation.hpp"
#include "slopes.hpp"

namespace mote {
namespace {

/// ||a - y||, where y is the values of the targets or the one-hot vector of the label.
float error_norm(const MatrixView& outputs, const Targets& targets, float* difference) {
  for (std::size_t j = 0; j < outputs.columns; ++j) {
    const float* values = targets.row(0);
    const float y = values != nullptr ? values[j] : targets.labels[0] == j ? 1.0f : 0.0f;
    difference[j] = outputs.data[j] - y;
  }
  return norm({difference, 1, outputs.columns, outputs.columns});
}

/// Largest slope of a layer; for softmax its upper bound, because the norm of its Jacobian is not computed.
float steepest_slope(const Topology& topology, const Backpropagation& engine, std::size_t layer,
                     const MatrixView& activations, float* slopes) {
  const Activation activation = topology.layers[layer].activation;
  if (activation == Activation::softmax) return largest_slope(activation);
  detail::slopes_of(topology, engine, layer, activations, slopes);
  float most = 0.0f;
  for (std::size_t j = 0; j < activations.columns; ++j) most = detail::maximum(most, detail::absolute(slopes[j]));
  return most;
}

}  // namespace

Result spectral_norms(const Topology& topology, Span<const float> parameters, Memory scratch, Span<float> norms) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check_at_least(parameters, topology.parameter_count()); !result.ok()) return result;
  if (const Result result = check_at_least(norms, topology.layer_count); !result.ok()) return result;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const float* weights = parameters.data() + topology.weights_offset(l);
    const Result result = spectral_norm(topology.inputs_of(l), topology.outputs_of(l), weights, scratch, norms[l]);
    if (!result.ok()) return result;
  }
  return Status::ok;
}

Result gradient_bounds(const Topology& topology, Span<const float> parameters, const LossOptions& loss,
                       const Dataset& dataset, std::size_t sample, Span<const float> norms, Memory scratch,
                       Span<LayerBound> bounds) {
  if (const Result result = detail::check_evaluation(topology, loss, dataset, {}); !result.ok()) return result;
  if (topology.all_scale_floats() != 0) return Status::batch_norm_not_folded;
  if (const Result result = check_at_least(parameters, topology.parameter_count()); !result.ok()) return result;
  if (const Result result = check_at_least(norms, topology.layer_count); !result.ok()) return result;
  if (const Result result = check_at_least(bounds, topology.layer_count); !result.ok()) return result;
  const detail::BoundPlan plan = detail::bound_plan(topology);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  MOTE_ASSERT(sample < dataset.count);
  const Span<float> input = plan.input.in(scratch);
  const MatrixView inputs{input.data(), 1, input.size(), input.size()};
  float* slopes = plan.slopes.in(scratch).data();
  float* outputs = plan.outputs.in(scratch).data();
  Backpropagation engine;
  if (const Result result = engine.bind(topology, {1, true}, 1, plan.engine.in(scratch)); !result.ok()) return result;
  LossTotals totals;
  if (const Result result = gather(dataset, nullptr, sample, 1, input.data()); !result.ok()) return result;
  Targets targets = targets_of(dataset, nullptr, sample, inputs.data, nullptr);
  targets.sample_weights = targets.class_weights = nullptr;  // bounds are of the loss itself
  engine.forward(parameters.data(), inputs.data, 1);
  engine.compute_loss(loss, targets, 1.0f, totals);
  engine.compute_deltas(parameters.data());

  // From the output layer down; `above` is the result of the layer above.
  const bool is_quadratic = loss.kind == Loss::quadratic;
  LayerBound above;
  for (std::size_t l = topology.layer_count; l-- > 0;) {
    const bool is_last = l + 1 == topology.layer_count;
    const MatrixView activations = detail::activations_of(topology, engine, l, outputs);
    LayerBound& layer = bounds[l] = {};
    layer.bias_gradient = norm(engine.deltas(l));
    layer.input_norm = norm(l == 0 ? inputs : engine.activations(l - 1));
    layer.weight_gradient = layer.bias_gradient * layer.input_norm;
    float gamma = largest_slope(topology.layers[l].activation);
    layer.steepest = steepest_slope(topology, engine, l, activations, slopes);
    if (is_last) {
      if (!is_quadratic) gamma = layer.steepest = 1.0f;
      const float error = is_quadratic ? error_norm(activations, targets, slopes) : layer.bias_gradient;
      above.bias_gradient = above.bound = above.sample_bound = error;
    }
    const float weights = is_last ? 1.0f : norms[l + 1];
    layer.factor = above.bias_gradient == 0.0f ? 0.0f : layer.bias_gradient / above.bias_gradient;
    layer.bound = gamma * weights * above.bound;
    layer.sample_bound = layer.steepest * weights * above.sample_bound;
    above = layer;
  }
  return Status::ok;
}

}  // namespace mote
