// SPDX-License-Identifier: MIT
#include "mote/fine_tuning.hpp"

namespace mote {
namespace {

struct FlashLayer {
  const unsigned char* weights;
  const float* biases;
  const float* factors;
};

FlashLayer flash_layer(const FlashModel& model, std::size_t layer) {
  FlashLayer at{static_cast<const unsigned char*>(model.weights), model.biases.data(), model.factors.data()};
  for (std::size_t l = 0; l < layer; ++l) {
    const std::size_t outputs = model.topology.outputs_of(l), stride = flash_stride(outputs);
    at.weights += model.topology.inputs_of(l) * outputs * size_of(model.format);
    at.biases += stride;
    if (at.factors != nullptr) at.factors += stride;
  }
  return at;
}

void product_in_flash(const void* of, std::size_t layer, const FlashInputs& x, float* z) {
  const auto& model = *static_cast<const FlashModel*>(of);
  const FlashLayer at = flash_layer(model, layer);
  const std::size_t outputs = model.topology.outputs_of(layer);
  model.product(model.topology.inputs_of(layer), outputs, {0, outputs}, x, at.weights, at.factors, z);
}

void weights_in_flash(const void* of, std::size_t layer, std::size_t k, float* row) {
  const auto& model = *static_cast<const FlashModel*>(of);
  const FlashLayer at = flash_layer(model, layer);
  const std::size_t outputs = model.topology.outputs_of(layer), bytes = size_of(model.format);
  detail::weights_as_floats(model.product, outputs, at.weights + k * outputs * bytes, bytes, at.factors, row);
}

void biases_in_flash(const void* of, std::size_t layer, float* row) {
  const auto& model = *static_cast<const FlashModel*>(of);
  __builtin_memcpy(row, flash_layer(model, layer).biases, model.topology.outputs_of(layer) * sizeof(float));
}

}  // namespace

Result FineTuning::bind(const FlashModel& model, const FineTuningOptions& options, Memory memory) {
  if (!model.checked.ok()) return model.checked;
  if (const Result result = check(model.topology, options); !result.ok()) return result;
  const detail::FineTuningPlan plan =
      detail::fine_tuning_plan(model.topology, options, detail::frozen_bytes(model.topology, options), false);
  if (const Result result = check(memory, plan.bytes); !result.ok()) return result;
  bind(model, options, memory, plan, detail::kBasicMethods);
  return Status::ok;
}

void FineTuning::bind(const FlashModel& model, const FineTuningOptions& options, Memory memory,
                      const detail::FineTuningPlan& plan, const detail::Methods& methods) {
  TunedLayers::bind(model.topology, {&model, weights_in_flash, biases_in_flash, product_in_flash}, options, memory,
                    plan, methods);
  model_ = &model;
  if (first_layer() == 0) return;
  static_cast<void>(frozen_network_.bind(model, first_layer(), plan.frozen.in(memory)));  // the plan has its size
}

void FineTuning::keep_features(const FlashInputs& x) {
  keep(first_layer() == 0 ? x : FlashInputs{frozen_network_.run(x).data()});
}

Result FineTuning::keep_checked(const Inputs& inputs) {
  if (const Result result = check_sample(inputs, model_->topology.inputs); !result.ok()) return result;
  keep_features(of_view(inputs));
  return check_kept(inputs);
}

}  // namespace mote
