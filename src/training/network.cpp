// SPDX-License-Identifier: MIT
#include "mote/network.hpp"

#include "mote/instruction_set.hpp"

namespace mote {

Result Network::bind(const Topology& topology, Span<const float> parameters, std::size_t rows, Memory scratch,
                     const detail::ActivateFunction* activations) {
  if (const Result result = check_arithmetic(); !result.ok()) return result;
  if (const Result result = check(topology); !result.ok()) return result;
  if (topology.all_scale_floats() != 0) return Status::batch_norm_not_folded;
  if (const Result result = check_at_least(parameters, topology.parameter_count()); !result.ok()) return result;
  const detail::InferencePlan plan = detail::inference_plan(topology, rows);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  parameters_ = parameters.data();
  max_rows_ = rows;
  functions_ = activations;
  for (int i = 0; i < 2; ++i) activations_[i] = plan.activations[i].in(scratch).data();
  return Status::ok;
}

MatrixView Network::run(const float* inputs, std::size_t rows, Activation last) const {
  MOTE_ASSERT(parameters_ != nullptr && rows >= 1 && rows <= max_rows_);
  const float* from = inputs;
  std::size_t from_stride = topology_.inputs;
  float* to = nullptr;
  const float* weights = parameters_;
  const float* biases = parameters_ + topology_.all_weight_floats();
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    to = activations_[l % 2];
    forward_product(rows, topology_.inputs_of(l), outputs, from, from_stride, weights, stride, to, stride);
    const bool is_last = l + 1 == topology_.layer_count;
    const Activation activation = is_last ? last : topology_.layers[l].activation;
    functions_[static_cast<std::size_t>(activation)](activation, rows, outputs, stride, biases, to, nullptr);
    weights += topology_.weight_floats(l);
    biases += stride;
    from = to;
    from_stride = stride;
  }
  return {to, rows, topology_.outputs(), from_stride};
}

MatrixView Network::forward(const float* inputs, std::size_t rows) const {
  return run(inputs, rows, topology_.output_activation());
}

MatrixView Network::forward_pre_activations(const float* inputs, std::size_t rows) const {
  return run(inputs, rows, Activation::identity);
}

std::size_t argmax(Span<const float> values) {
  std::size_t best = 0;
  bool is_number = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    is_number = is_number && values[i] == values[i];
    best = values[i] > values[best] ? i : best;
  }
  return is_number ? best : values.size();
}

}  // namespace mote
