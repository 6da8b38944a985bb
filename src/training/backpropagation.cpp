// SPDX-License-Identifier: MIT
#include "mote/detail/backpropagation.hpp"
#include "../textbook/activation.hpp"
#include "../textbook/batch_norm.hpp"

namespace mote {
namespace {

using detail::padded_columns;

/// Those that make part `part` of `parts`, in whole vectors.
Share columns_of(std::size_t outputs, std::size_t parts, std::size_t part) {
  const Share vectors = share_of(padded_columns(outputs) / kRowAlignment, parts, part);
  return {vectors.begin * kRowAlignment, vectors.end * kRowAlignment};
}

}  // namespace

Result Backpropagation::bind(const Topology& topology, std::size_t rows, Memory scratch, std::size_t workers,
                             bool all_pre_activations) {
  if (const Result result = check(topology); !result.ok()) return result;
  const detail::BackpropagationPlan plan = detail::backpropagation_plan(topology, rows, workers, all_pre_activations);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  dropout_ = {};
  all_pre_activations_ = all_pre_activations;
  max_rows_ = rows;
  activations_ = part_of<float>(scratch, plan.activations, plan.layers_count).data();
  deltas_ = part_of<float>(scratch, plan.deltas, plan.layers_count).data();
  pre_activations_ = part_of<float>(scratch, plan.pre_activations, plan.pre_activation_count).data();
  normalized_ = part_of<float>(scratch, plan.normalized, plan.normalized_count).data();
  statistics_ = part_of<float>(scratch, plan.statistics, plan.statistics_count).data();
  for (std::size_t i = 0; i < plan.statistics_count; ++i) statistics_[i] = 0.0f;  // the padding stays so
  losses_ = part_of<float>(scratch, plan.losses, rows).data();
  strips_ = part_of<float>(scratch, plan.strips, workers * plan.strip_count).data();
  packs_ = part_of<float>(scratch, plan.packs, workers * plan.pack_count).data();
  strip_floats_ = plan.strip_count;
  pack_floats_ = plan.pack_count;
  return Status::ok;
}

std::size_t Backpropagation::layer_offset(std::size_t layer) const {
  std::size_t offset = 0;
  for (std::size_t l = 0; l < layer; ++l) offset += max_rows_ * topology_.stride_of(l);
  return offset;
}

MatrixView Backpropagation::activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  return {activations_ + layer_offset(layer), rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

float* Backpropagation::kept_pre_activations(std::size_t layer) const {
  if (!detail::keeps_pre_activations(topology_, layer, all_pre_activations_)) return nullptr;
  std::size_t offset = 0;
  for (std::size_t l = 0; l < layer; ++l) {
    if (detail::keeps_pre_activations(topology_, l, all_pre_activations_)) offset += max_rows_ * topology_.stride_of(l);
  }
  return pre_activations_ + offset;
}

MatrixView Backpropagation::pre_activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  if (layer + 1 == topology_.layer_count) return activations(layer);
  const float* kept = kept_pre_activations(layer);
  return {kept, kept == nullptr ? 0 : rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

MatrixView Backpropagation::deltas(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  return {deltas_ + layer_offset(layer), rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

void Backpropagation::forward(const float* parameters, const float* inputs, std::size_t rows) {
  rows_ = rows;
  const std::size_t last = stage_count() - 1;
  for (std::size_t stage = 0; stage < last; ++stage) {
    forward_rows(parameters, inputs, {0, rows}, 0, {}, stage);
    forward_sums(stage, rows);
  }
  forward_rows(parameters, inputs, {0, rows}, 0, {}, last);
}

void Backpropagation::compute_loss(const LossOptions& loss, const Targets& targets, float scale, LossTotals& totals) {
  const std::uint32_t correct = loss_rows(loss, targets, scale, {0, rows_});
  totals.add(losses(rows_), correct);
}

void Backpropagation::backward(const float* parameters, const float* inputs, const GradientSink& sink) {
  std::size_t stage = stage_count() - 1;
  delta_rows(parameters, {0, rows_}, 0, stage);
  while (stage-- > 0) {
    backward_sums(stage, rows_);
    delta_rows(parameters, {0, rows_}, 0, stage);
  }
  gradient_slices(inputs, rows_, sink, {0, slice_count()}, 0);
}

void Backpropagation::forward_rows(const float* parameters, const float* inputs, Share share, std::size_t worker,
                                   ActiveInputs active, std::size_t stage) {
  MOTE_ASSERT(activations_ != nullptr && share.end <= max_rows_);
  if (share.size() == 0) return;
  const float* from = inputs + share.begin * topology_.inputs;
  std::size_t from_stride = topology_.inputs;
  float* layer = activations_;
  const float* weights = parameters;
  const float* biases = parameters + topology_.all_weight_floats();
  std::size_t at = 0;  // the stage that layer l's product is in
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    const bool is_last = l + 1 == topology_.layer_count, has_norm = topology_.layers[l].batch_norm;
    float* to = layer + share.begin * stride;
    float* kept = kept_pre_activations(l);
    float* z = has_norm ? normalized(l) + share.begin * stride : to;
    if (at == stage) {
      forward_product(share.size(), topology_.inputs_of(l), outputs, from, from_stride, weights, stride, z, stride,
                      packs_ + worker * pack_floats_, l == 0 ? active.list : nullptr, active.count);
    }
    if (has_norm && at++ == stage) return;
    if (at == stage) {
      if (has_norm) {
        const float* scales = parameters + topology_.scales_offset(l);
        batch_normalize(share.size(), padded_columns(outputs), stride, batch_norm(l), scales, z, to);
      }
      add_biases_and_activate(is_last ? Activation::identity : topology_.layers[l].activation, share.size(), outputs,
                              stride, biases, to, kept == nullptr ? nullptr : kept + share.begin * stride);
      if (!is_last && dropout_.rate != 0.0f) {
        drop_units(dropout_.at(l + 1, share.begin), share.size(), outputs, stride, to);
      }
    }
    weights += topology_.weight_floats(l);
    biases += stride;
    layer += max_rows_ * stride;
    from = to;
    from_stride = stride;
  }
}

std::uint32_t Backpropagation::loss_rows(const LossOptions& loss, const Targets& targets, float scale, Share share) {
  const std::size_t last = topology_.layer_count - 1, stride = topology_.stride_of(last);
  const std::size_t offset = layer_offset(last) + share.begin * stride;
  return loss_and_deltas(loss, topology_.output_activation(), share.size(), topology_.outputs(), stride,
                         activations_ + offset, targets.from(share.begin), scale, deltas_ + offset,
                         losses_ + share.begin);
}

void Backpropagation::delta_rows(const float* parameters, Share share, std::size_t worker, std::size_t stage) {
  if (share.size() == 0) return;
  std::size_t weights_offset = topology_.all_weight_floats();
  std::size_t offset = layer_offset(topology_.layer_count);
  std::size_t at = stage_count() - 1;  // the stage that layer l's product is in
  for (std::size_t l = topology_.layer_count; l-- > 0;) {
    const std::size_t stride = topology_.stride_of(l), fan_in = topology_.inputs_of(l);
    weights_offset -= topology_.weight_floats(l);
    offset -= max_rows_ * stride;
    if (topology_.layers[l].batch_norm && at-- == stage) return;
    if (at != stage) continue;
    if (topology_.layers[l].batch_norm) {
      batch_norm_deltas(share.size(), padded_columns(topology_.outputs_of(l)), stride, batch_norm(l),
                        parameters + topology_.scales_offset(l), normalized(l) + share.begin * stride,
                        deltas_ + offset + share.begin * stride);
    }
    if (l == 0) return;
    const std::size_t stride_below = topology_.stride_of(l - 1);
    const std::size_t below = offset - max_rows_ * stride_below + share.begin * stride_below;
    backward_product(share.size(), fan_in, topology_.outputs_of(l), deltas_ + offset + share.begin * stride, stride,
                     parameters + weights_offset, stride, deltas_ + below, stride_below,
                     packs_ + worker * pack_floats_);
    const Activation activation = topology_.layers[l - 1].activation;
    const float* kept = needs_pre_activations(activation) ? kept_pre_activations(l - 1) + share.begin * stride_below
                                                          : activations_ + below;
    if (dropout_.rate == 0.0f) {
      multiply_by_derivative(activation, share.size(), fan_in, stride_below, kept, deltas_ + below);
    } else {
      drop_and_multiply_by_derivative(dropout_.at(l, share.begin), activation, share.size(), fan_in, stride_below, kept,
                                      deltas_ + below);
    }
  }
}

std::size_t Backpropagation::stage_count() const {
  std::size_t count = 1;
  for (std::size_t l = 0; l < topology_.layer_count; ++l) count += topology_.layers[l].batch_norm ? 1 : 0;
  return count;
}

std::size_t Backpropagation::normalized_layer(std::size_t stage) const {
  std::size_t l = 0;
  while (!topology_.layers[l].batch_norm || stage-- != 0) ++l;
  return l;
}

BatchNorm Backpropagation::batch_norm(std::size_t layer) const {
  float* first = statistics_ + topology_.scale_floats_before(layer);
  const std::size_t next = topology_.all_scale_floats();
  static_assert(detail::kBatchNormArrays == 7);
  return {first,           first + next, first + 2 * next, first + 3 * next, first + 4 * next, first + 5 * next,
          first + 6 * next};
}

void Backpropagation::forward_sums(std::size_t stage, std::size_t rows, std::size_t part, std::size_t parts) {
  const std::size_t l = normalized_layer(stage);
  const Share columns = columns_of(topology_.stride_of(l), parts, part);  // sums of the padding are 0, and used
  mote::batch_statistics(rows, columns.size(), topology_.stride_of(l), normalized(l) + columns.begin,
                         batch_norm(l).from(columns.begin));
}

void Backpropagation::backward_sums(std::size_t stage, std::size_t rows, std::size_t part, std::size_t parts) {
  const std::size_t l = normalized_layer(stage);
  const Share columns = columns_of(topology_.stride_of(l), parts, part);
  batch_norm_gradients(rows, columns.size(), topology_.stride_of(l), deltas_ + layer_offset(l) + columns.begin,
                       normalized(l) + columns.begin, batch_norm(l).from(columns.begin));
}

}  // namespace mote
