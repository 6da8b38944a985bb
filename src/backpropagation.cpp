// SPDX-License-Identifier: MIT
#include "mote/backpropagation.hpp"

#include "mote/activation.hpp"

namespace mote {

Result Backpropagation::bind(const Topology& topology, std::size_t rows, Memory scratch) {
  if (const Result result = check(topology); !result.ok()) return result;
  const detail::BackpropagationPlan plan = detail::backpropagation_plan(topology, rows);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  max_rows_ = rows;
  activations_ = part_of<float>(scratch, plan.activations, plan.activations_count).data();
  for (int i = 0; i < 2; ++i) {
    deltas_[i] = part_of<float>(scratch, plan.deltas[i], rows * topology.max_stride()).data();
  }
  slice_ = part_of<float>(scratch, plan.slice, plan.slice_count).data();
  pack_ = part_of<float>(scratch, plan.pack, plan.pack_count).data();
  return Status::ok;
}

void Backpropagation::forward(const float* parameters, const float* inputs, std::size_t rows) {
  MOTE_ASSERT(activations_ != nullptr && rows >= 1 && rows <= max_rows_);
  rows_ = rows;
  const float* from = inputs;
  std::size_t from_stride = topology_.inputs;
  float* to = activations_;
  const float* weights = parameters;
  const float* biases = parameters + topology_.all_weight_floats();
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    const bool is_last = l + 1 == topology_.layer_count;
    forward_product(rows, topology_.inputs_of(l), outputs, from, from_stride, weights, stride, to, stride, pack_);
    add_biases_and_activate(is_last ? Activation::identity : topology_.layers[l].activation, rows, outputs, stride,
                            biases, to);
    weights += topology_.weight_floats(l);
    biases += stride;
    from = to;
    from_stride = stride;
    to += max_rows_ * stride;
  }
}

MatrixView Backpropagation::activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  const float* start = activations_;
  for (std::size_t l = 0; l < layer; ++l) start += max_rows_ * topology_.stride_of(l);
  return {start, rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

void Backpropagation::compute_loss(Loss loss, const std::uint8_t* labels, float scale, LossTotals& totals) {
  const std::size_t last = topology_.layer_count - 1;
  const MatrixView z = activations(last);
  loss_and_deltas(loss, topology_.output_activation(), rows_, z.columns, z.stride, z.data, labels, scale,
                  deltas_[last % 2], totals);
}

void Backpropagation::backward(const float* parameters, const float* inputs, const GradientSink& sink) {
  std::size_t weights_offset = topology_.all_weight_floats();
  std::size_t biases_offset = topology_.parameter_count();
  for (std::size_t l = topology_.layer_count; l-- > 0;) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    const std::size_t fan_in = topology_.inputs_of(l);
    weights_offset -= topology_.weight_floats(l);
    biases_offset -= stride;
    const float* deltas = deltas_[l % 2];
    const MatrixView below = l == 0 ? MatrixView{inputs, rows_, fan_in, fan_in} : activations(l - 1);
    if (l > 0) {
      float* deltas_below = deltas_[(l - 1) % 2];
      backward_product(rows_, fan_in, outputs, deltas, stride, parameters + weights_offset, stride, deltas_below,
                       below.stride, pack_);
      multiply_by_derivative(topology_.layers[l - 1].activation, rows_, fan_in, below.stride, below.data, deltas_below);
    }
    weight_gradients(l, below.data, below.stride, deltas, sink);
    if (sink.gradients != nullptr) {
      bias_gradient(rows_, outputs, deltas, stride, sink.gradients + biases_offset, sink.accumulate);
    } else {
      bias_gradient(rows_, outputs, deltas, stride, slice_, false);
      sink.step->apply(biases_offset, stride, slice_);
    }
  }
}

void Backpropagation::weight_gradients(std::size_t layer, const float* inputs, std::size_t input_stride,
                                       const float* deltas, const GradientSink& sink) {
  const std::size_t fan_in = topology_.inputs_of(layer), outputs = topology_.outputs_of(layer);
  const std::size_t stride = topology_.stride_of(layer), offset = topology_.weights_offset(layer);
  if (sink.gradients != nullptr) {
    weight_gradient(rows_, fan_in, outputs, inputs, input_stride, deltas, stride, sink.gradients + offset, stride,
                    sink.accumulate);
    return;
  }
  const std::size_t most = detail::slice_rows(topology_, layer);
  for (std::size_t first = 0; first < fan_in; first += most) {
    const std::size_t count = most < fan_in - first ? most : fan_in - first;
    weight_gradient(rows_, count, outputs, inputs + first, input_stride, deltas, stride, slice_, stride, false);
    sink.step->apply(offset + first * stride, count * stride, slice_);
  }
}

}  // namespace mote
