// SPDX-License-Identifier: MIT
#include "mote/fine_tuning.hpp"

#include "mote/detail/finite.hpp"

namespace mote {
namespace {

constexpr detail::Methods kMethods = detail::basic_methods();

Result check_options(const FlashModel& model, const FineTuningOptions& options) {
  if (!model.checked.ok()) return model.checked;
  const std::size_t count = model.topology.layer_count;
  if (options.layers == 0) return Status::no_layers;
  if (options.layers >= count) return {Status::too_many_layers, options.layers, count - 1};
  if (model.format != WeightFormat::float32) {
    return {Status::weights_not_trainable, model.format == WeightFormat::float16 ? 16u : 8u, 32};
  }
  if (const Result result = check(options.loss, model.topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(options.optimizer); !result.ok()) return result;
  if (!(options.l2 >= 0.0f && detail::is_finite(options.l2))) return Status::bad_penalty;
  constexpr std::size_t kMost = 0xffffffffu;
  if (options.batch_size == 0 || options.batch_size > kMost) return {Status::bad_batch_size, options.batch_size, kMost};
  return Status::ok;
}

/// Copies the last layers of a model of floats, which have topology `last`, to the layout of topology.hpp.
void copy_last_layers(const FlashModel& model, const Topology& last, Span<float> parameters) {
  const Topology& all = model.topology;
  const auto* weights = static_cast<const float*>(model.weights);
  const float* biases = model.biases.data();
  for (float& x : parameters) x = 0.0f;
  const std::size_t first = all.layer_count - last.layer_count;
  for (std::size_t l = 0; l < all.layer_count; ++l) {
    const std::size_t inputs = all.inputs_of(l), outputs = all.outputs_of(l);
    if (l >= first) {
      float* row = parameters.data() + last.weights_offset(l - first);
      for (std::size_t i = 0; i < inputs; ++i, row += last.stride_of(l - first)) {
        __builtin_memcpy(row, weights + i * outputs, outputs * sizeof(float));
      }
      __builtin_memcpy(parameters.data() + last.biases_offset(l - first), biases, outputs * sizeof(float));
    }
    weights += inputs * outputs;
    biases += flash_stride(outputs);
  }
}

}  // namespace

Result FineTuning::bind(const FlashModel& model, const FineTuningOptions& options, Memory memory) {
  if (const Result result = check_options(model, options); !result.ok()) return result;
  const detail::FineTuningPlan plan = detail::fine_tuning_plan(model.topology, options);
  if (const Result result = check(memory, plan.bytes); !result.ok()) return result;
  topology_ = last_layers(model.topology, options.layers);
  loss_ = options.loss;
  batch_size_ = options.batch_size;
  totals_ = {};
  features_ = plan.features.in(memory);
  labels_ = plan.labels.in(memory);
  parameters_ = plan.parameters.in(memory);
  state_ = plan.state.in(memory);
  copy_last_layers(model, topology_, parameters_);
  step_ = {{options.optimizer, options.l2, 0, topology_.parameter_count(), 0.0f},
           topology_.all_weight_floats(),
           parameters_.data(),
           state_.empty() ? nullptr : state_.data(),
           optimizer_step};
  forget();
  const std::size_t frozen_layers = model.topology.layer_count - options.layers;
  if (const Result result = frozen_.bind(model, frozen_layers, plan.frozen.in(memory)); !result.ok()) return result;
  backpropagation_.bind(topology_, {}, options.batch_size, plan.scratch.in(memory),
                        detail::backpropagation_plan(topology_, {}, options.batch_size), kMethods);
  return Status::ok;
}

/// Resets everything but parameters and totals.
void FineTuning::forget() {
  waiting_ = 0;
  step_.step.number = 0;
  for (float& x : state_) x = 0.0f;
  move_gradient_point(step_.step, step_.parameters, step_.state, parameters_.size());
}

Result FineTuning::restore(Span<const float> parameters) {
  if (const Result result = check_exactly(parameters, parameters_.size()); !result.ok()) return result;
  if (!detail::all_finite(parameters)) return Status::not_finite;
  __builtin_memcpy(parameters_.data(), parameters.data(), parameters.size() * sizeof(float));
  forget();
  return Status::ok;
}

/// Copies the outputs of the frozen layers to the batch.
void FineTuning::keep_features(Span<const float> features) {
  __builtin_memcpy(feature_row(), features.data(), features.size() * sizeof(float));
}

Result FineTuning::train(const Inputs& inputs, std::uint8_t label) {
  const std::size_t wanted = frozen_.model().topology.inputs;
  if (inputs.count == 0) return Status::no_samples;
  if (inputs.features != wanted) return {Status::input_size_mismatch, inputs.features, wanted};
  if (const Result result = check(inputs); !result.ok()) return result;
  const Span<const float> features = frozen_.forward(inputs);
  if (!detail::is_finite(features[0])) {  // perhaps of an input: it makes all features NaN
    for (std::size_t f = 0; f < wanted; ++f) {
      if (!detail::is_finite(input_at(inputs, 0, f))) return {Status::input_not_finite, 0, f};
    }
  }
  return train_features(features, label);
}

Result FineTuning::train_features(Span<const float> features, std::uint8_t label) {
  if (label >= topology_.outputs()) return {Status::label_out_of_range, label, topology_.outputs() - 1};
  keep_features(features);
  labels_[waiting_] = label;
  if (++waiting_ < batch_size_) return Status::ok;
  waiting_ = 0;
  backpropagation_.forward(step_.gradient_point(), features_.data(), batch_size_);
  const LossTotals before = totals_;
  backpropagation_.compute_loss(loss_, labels_.data(), 1.0f / static_cast<float>(batch_size_), totals_);
  if (!detail::is_finite(totals_.sum)) {
    totals_ = before;
    return {Status::not_finite, step_.step.number};
  }
  if (step_.step.number != 0xffffffffu) ++step_.step.number;
  backpropagation_.backward(step_.gradient_point(), features_.data(), {nullptr, false, &step_});
  return Status::ok;
}

Span<const float> FineTuning::forward_features(Span<const float> features) {
  keep_features(features);
  backpropagation_.forward(parameters_.data(), feature_row(), 1);
  return backpropagation_.activations(topology_.layer_count - 1).row(0);
}

}  // namespace mote
