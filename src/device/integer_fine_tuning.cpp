// SPDX-License-Identifier: MIT
#include "mote/integer_fine_tuning.hpp"

#include "../core/arithmetic.hpp"

namespace mote {
namespace {

const IntegerModel& integer_model(const void* of) {
  return *static_cast<const IntegerModel*>(of);
}

Quantization input_of(const IntegerModel& model, std::size_t layer) {
  return layer == 0 ? model.input : model.layers[layer - 1].output;
}

/// The number that a weight of 1 stands for, to output j.
float weight_scale(const IntegerModel& model, std::size_t l, std::size_t j) {
  const IntegerLayer& layer = model.layers[l];
  const float factor = static_cast<float>(layer.multipliers[j]) * 0x1p-31f;
  return factor * detail::power_of_2(layer.shifts[j]) * (layer.z.scale / input_of(model, l).scale);
}

void integer_weights(const void* of, std::size_t l, std::size_t k, float* row) {
  const IntegerModel& model = integer_model(of);
  const IntegerLayer& layer = model.layers[l];
  for (std::size_t j = 0; j < layer.outputs; ++j) {
    row[j] = static_cast<float>(layer.weights[j * layer.inputs + k]) * weight_scale(model, l, j);
  }
}

/// Takes the zero of the inputs out of the biases.
void integer_biases(const void* of, std::size_t l, float* row) {
  const IntegerModel& model = integer_model(of);
  const IntegerLayer& layer = model.layers[l];
  const Quantization input = input_of(model, l);
  for (std::size_t j = 0; j < layer.outputs; ++j) {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < layer.inputs; ++k) sum += layer.weights[j * layer.inputs + k];
    row[j] = static_cast<float>(layer.biases[j] + input.zero * sum) * (input.scale * weight_scale(model, l, j));
  }
}

}  // namespace

Result IntegerFineTuning::bind(const Topology& topology, const IntegerModel& model, const FineTuningOptions& options,
                               Memory memory) {
  if (const Result result = check_model(topology, model); !result.ok()) return result;
  if (const Result result = check(topology, options); !result.ok()) return result;
  const detail::FineTuningPlan plan = detail::integer_fine_tuning_plan(topology, options);
  if (const Result result = check(memory, plan.bytes); !result.ok()) return result;
  bind(topology, model, options, memory, plan, detail::kBasicMethods);
  return Status::ok;
}

void IntegerFineTuning::bind(const Topology& topology, const IntegerModel& model, const FineTuningOptions& options,
                             Memory memory, const detail::FineTuningPlan& plan, const detail::Methods& methods) {
  TunedLayers::bind(topology, {&model, integer_weights, integer_biases, nullptr}, options, memory, plan, methods);
  const detail::IntegerFeaturesPlan features = detail::integer_features_plan(topology, options);
  const Memory frozen = plan.frozen.in(memory);
  features_ = features.features.in(frozen);
  inputs_ = features.inputs.in(frozen);
  of_features_ = input_of(model, first_layer());
  frozen_model_ = model;
  frozen_model_.layers = model.layers.subspan(0, first_layer());
  if (first_layer() == 0) return;
  static_cast<void>(frozen_network_.bind(frozen_model_, features.rows.in(frozen)));  // the plan has its size
}

void IntegerFineTuning::keep_features(const Inputs& inputs) {
  MOTE_ASSERT(inputs.count != 0 && inputs.features == inputs_.size());
  quantize(inputs, frozen_model_.input, inputs_.data());
  const std::int8_t* q = first_layer() == 0 ? inputs_.data() : frozen_network_.forward(inputs_.data()).data();
  for (std::size_t i = 0; i < features_.size(); ++i) {
    features_[i] = dequantize(q[i], of_features_);
  }
  keep({features_.data()});
}

Result IntegerFineTuning::keep_checked(const Inputs& inputs) {
  if (const Result result = check_sample(inputs, inputs_.size()); !result.ok()) return result;
  keep_features(inputs);
  return Status::ok;
}

}  // namespace mote
