// SPDX-License-Identifier: MIT
#include "mote/backpropagation.hpp"

#include "mote/activation.hpp"

namespace mote {

Result Backpropagation::bind(const Topology& topology, std::size_t rows, Memory scratch, std::size_t workers) {
  if (const Result result = check(topology); !result.ok()) return result;
  const detail::BackpropagationPlan plan = detail::backpropagation_plan(topology, rows, workers);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  max_rows_ = rows;
  activations_ = part_of<float>(scratch, plan.activations, plan.layers_count).data();
  deltas_ = part_of<float>(scratch, plan.deltas, plan.layers_count).data();
  losses_ = part_of<float>(scratch, plan.losses, rows).data();
  slices_ = part_of<float>(scratch, plan.slices, workers * plan.slice_count).data();
  packs_ = part_of<float>(scratch, plan.packs, workers * plan.pack_count).data();
  slice_floats_ = plan.slice_count;
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

void Backpropagation::forward(const float* parameters, const float* inputs, std::size_t rows) {
  rows_ = rows;
  forward_rows(parameters, inputs, {rows, 1, 0}, 0);
}

void Backpropagation::compute_loss(Loss loss, const std::uint8_t* labels, float scale, LossTotals& totals) {
  const std::uint32_t correct = loss_rows(loss, labels, scale, {rows_, 1, 0});
  totals.add(losses(rows_), correct);
}

void Backpropagation::backward(const float* parameters, const float* inputs, const GradientSink& sink) {
  delta_rows(parameters, {rows_, 1, 0}, 0);
  gradient_slices(inputs, rows_, sink, {slice_count(), 1, 0}, 0);
}

void Backpropagation::forward_rows(const float* parameters, const float* inputs, Share share, std::size_t worker) {
  MOTE_ASSERT(activations_ != nullptr && share.end <= max_rows_);
  if (share.size() == 0) return;
  const float* from = inputs + share.begin * topology_.inputs;
  std::size_t from_stride = topology_.inputs;
  float* layer = activations_;
  const float* weights = parameters;
  const float* biases = parameters + topology_.all_weight_floats();
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    const bool is_last = l + 1 == topology_.layer_count;
    float* to = layer + share.begin * stride;
    forward_product(share.size(), topology_.inputs_of(l), outputs, from, from_stride, weights, stride, to, stride,
                    packs_ + worker * pack_floats_);
    add_biases_and_activate(is_last ? Activation::identity : topology_.layers[l].activation, share.size(), outputs,
                            stride, biases, to);
    weights += topology_.weight_floats(l);
    biases += stride;
    layer += max_rows_ * stride;
    from = to;
    from_stride = stride;
  }
}

std::uint32_t Backpropagation::loss_rows(Loss loss, const std::uint8_t* labels, float scale, Share share) {
  const std::size_t last = topology_.layer_count - 1, stride = topology_.stride_of(last);
  const std::size_t offset = layer_offset(last) + share.begin * stride;
  return loss_and_deltas(loss, topology_.output_activation(), share.size(), topology_.outputs(), stride,
                         activations_ + offset, labels + share.begin, scale, deltas_ + offset, losses_ + share.begin);
}

void Backpropagation::delta_rows(const float* parameters, Share share, std::size_t worker) {
  if (share.size() == 0) return;
  std::size_t weights_offset = topology_.all_weight_floats();
  std::size_t offset = layer_offset(topology_.layer_count);
  for (std::size_t l = topology_.layer_count; l-- > 1;) {
    const std::size_t stride = topology_.stride_of(l), stride_below = topology_.stride_of(l - 1);
    const std::size_t fan_in = topology_.inputs_of(l);
    weights_offset -= topology_.weight_floats(l);
    offset -= max_rows_ * stride;
    const std::size_t below = offset - max_rows_ * stride_below + share.begin * stride_below;
    backward_product(share.size(), fan_in, topology_.outputs_of(l), deltas_ + offset + share.begin * stride, stride,
                     parameters + weights_offset, stride, deltas_ + below, stride_below,
                     packs_ + worker * pack_floats_);
    multiply_by_derivative(topology_.layers[l - 1].activation, share.size(), fan_in, stride_below, activations_ + below,
                           deltas_ + below);
  }
}

std::size_t Backpropagation::slice_count() const {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t rows = detail::slice_rows(topology_, l);
    count += (topology_.inputs_of(l) + rows - 1) / rows;
  }
  return count;
}

void Backpropagation::gradient_slices(const float* inputs, std::size_t rows, const GradientSink& sink, Share share,
                                      std::size_t worker) {
  std::size_t slice = 0;
  for (std::size_t l = 0; l < topology_.layer_count && slice < share.end; ++l) {
    const std::size_t step = detail::slice_rows(topology_, l);
    for (std::size_t first = 0; first < topology_.inputs_of(l); first += step, ++slice) {
      if (slice < share.begin || slice >= share.end) continue;
      gradient_slice(l, first, inputs, rows, sink, slices_ + worker * slice_floats_);
    }
  }
}

/// Weight gradients for the slice of layer `l` whose first row of weights is `first`; with the first, the biases'.
void Backpropagation::gradient_slice(std::size_t l, std::size_t first, const float* inputs, std::size_t rows,
                                     const GradientSink& sink, float* slice) const {
  const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
  const std::size_t fan_in = topology_.inputs_of(l), most = detail::slice_rows(topology_, l);
  const std::size_t count = most < fan_in - first ? most : fan_in - first;
  const std::size_t offset = topology_.weights_offset(l) + first * stride;
  const float* below = l == 0 ? inputs : activations_ + layer_offset(l - 1);
  const std::size_t stride_below = l == 0 ? fan_in : topology_.stride_of(l - 1);
  const float* deltas = deltas_ + layer_offset(l);
  const bool keep = sink.gradients != nullptr;
  weight_gradient(rows, count, outputs, below + first, stride_below, deltas, stride,
                  keep ? sink.gradients + offset : slice, stride, keep && sink.accumulate);
  if (!keep) sink.step->apply(offset, count * stride, slice);
  if (first != 0) return;
  const std::size_t biases = topology_.biases_offset(l);
  bias_gradient(rows, outputs, deltas, stride, keep ? sink.gradients + biases : slice, keep && sink.accumulate);
  if (!keep) sink.step->apply(biases, stride, slice);
}

}  // namespace mote
