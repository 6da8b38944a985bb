// SPDX-License-Identifier: MIT
// Learning on the device: the last layers of a trained network learn on in RAM, sample by sample or in small batches.
// The earlier layers stay in flash, unchanged.
//
//   static mote::Storage<mote::fine_tuning_bytes(model::kTopology, options)> memory;
//   mote::FineTuning tuning;
//   if (!tuning.bind(model::kModel, options, memory).ok()) halt();
//   ... tuning.train(mote::Inputs(readings, 1, 3, 1.0f / 16384.0f), label);  // three int16
//   ... mote::argmax(tuning.forward_pre_activations(mote::Inputs(readings, 1, 3, 1.0f / 16384.0f)));
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/backpropagation.hpp"
#include "mote/flash_network.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/optimizer.hpp"

namespace mote {

struct FineTuningOptions {
  std::size_t layers = 1;  ///< number of last layers that learn, 1 to layer_count - 1
  LossOptions loss = Loss::cross_entropy;
  OptimizerOptions optimizer = {};
  std::size_t batch_size = 1;  ///< samples per parameter step, >= 1; memory holds all of them
  float l2 = 0.0f;             ///< penalty l2/2 w.w on weights; finite, >= 0

  constexpr FineTuningOptions& set_layers(std::size_t value) { return layers = value, *this; }
  constexpr FineTuningOptions& set_loss(const LossOptions& value) { return loss = value, *this; }
  constexpr FineTuningOptions& set_optimizer(const OptimizerOptions& value) { return optimizer = value, *this; }
  constexpr FineTuningOptions& set_batch_size(std::size_t value) { return batch_size = value, *this; }
  constexpr FineTuningOptions& set_l2(float value) { return l2 = value, *this; }
};

/// Topology of the last `layers` layers, 1 to layer_count - 1. Its inputs are the outputs of the layer before them.
constexpr Topology last_layers(const Topology& topology, std::size_t layers) {
  Topology last;
  const std::size_t first = topology.layer_count - layers;
  last.inputs = static_cast<std::uint32_t>(topology.inputs_of(first));
  for (std::size_t l = first; l < topology.layer_count; ++l) last.layers[last.layer_count++] = topology.layers[l];
  return last;
}

namespace detail {
struct FineTuningPlan {
  Part<unsigned char> frozen;   // of the FlashNetwork
  Part<float> features;         // [batch_size][inputs of the first layer that learns]
  Part<std::uint8_t> labels;    // [batch_size]
  Part<float> parameters;       // [parameter_count] of the layers that learn
  Part<float> state;            // [state_arrays][parameter_count]
  Part<unsigned char> scratch;  // of Backpropagation
  std::size_t bytes;
};

constexpr FineTuningPlan fine_tuning_plan(const Topology& topology, const FineTuningOptions& options) {
  const Topology last = last_layers(topology, options.layers);
  MemoryPlan memory;
  FineTuningPlan plan{};
  plan.frozen = memory.take<unsigned char>(flash_network_bytes(topology));
  plan.features = memory.take<float>(options.batch_size, last.inputs);
  plan.labels = memory.take<std::uint8_t>(options.batch_size);
  plan.parameters = memory.take<float>(last.parameter_count());
  plan.state = memory.take<float>(state_arrays(options.optimizer.method), last.parameter_count());
  plan.scratch = memory.take<unsigned char>(backpropagation_bytes(last, options.batch_size));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of memory for FineTuning.
constexpr std::size_t fine_tuning_bytes(const Topology& topology, const FineTuningOptions& options) {
  return detail::fine_tuning_plan(topology, options).bytes;
}

/// A network whose last layers learn. Not copyable: a copy would share the memory.
class FineTuning {
 public:
  FineTuning() = default;
  FineTuning(const FineTuning&) = delete;
  FineTuning& operator=(const FineTuning&) = delete;

  /// Copies the last layers of the model to `memory`, at least fine_tuning_bytes(model.topology, options). Model and
  /// memory must outlive this object. Errors: model.checked; no_layers and too_many_layers for options.layers (a
  /// Trainer trains all layers); weights_not_trainable unless the weights are float32; all of check(loss),
  /// check(optimizer) and check(memory); bad_penalty; bad_batch_size.
  Result bind(const FlashModel& model, const FineTuningOptions& options, Memory memory);
  Result bind(FlashModel&& model, const FineTuningOptions& options, Memory memory) = delete;

  /// Replaces the parameters by a copy of earlier parameters(), for instance from flash (flash_record.hpp) after a
  /// restart, with an equal model and options.layers. Discards waiting samples and the optimizer's state. Errors, which
  /// leave all state unchanged: memory_too_small for another number of parameters; not_finite.
  Result restore(Span<const float> parameters);

  /// Adds the first sample of `inputs` to the batch; the last sample of a batch triggers a parameter step. Errors,
  /// which leave the batch as it was: no_samples; input_size_mismatch; all of check(inputs); input_not_finite
  /// (expected: feature); label_out_of_range. not_finite (found: number of the step, from 0) if the loss is not finite:
  /// the batch is dropped, and parameters and totals stay as they were.
  Result train(const Inputs& inputs, std::uint8_t label);
  /// Takes [inputs] bytes; a byte stands for byte * scale. Links less code than train(Inputs).
  Result train(const std::uint8_t* inputs, float scale, std::uint8_t label) {
    return train_features(frozen_.forward(inputs, scale), label);
  }

  /// Returns the outputs of the last layer before its activation: a view, valid until the next call. Inputs as in
  /// FlashNetwork::forward(): one that is not finite makes all outputs NaN.
  Span<const float> forward_pre_activations(const Inputs& inputs) { return forward_features(frozen_.forward(inputs)); }
  Span<const float> forward_pre_activations(const std::uint8_t* inputs, float scale) {
    return forward_features(frozen_.forward(inputs, scale));
  }

  /// Number of samples in the incomplete batch.
  std::size_t waiting() const { return waiting_; }
  /// Loss and accuracy of all samples of complete batches, each computed before the step of its batch.
  const LossTotals& totals() const { return totals_; }
  /// Topology of the layers that learn, which gives the layout of parameters().
  const Topology& topology() const { return topology_; }
  Span<const float> parameters() const { return parameters_; }

 private:
  void forget();
  float* feature_row() { return features_.data() + waiting_ * topology_.inputs; }
  void keep_features(Span<const float> features);
  Result train_features(Span<const float> features, std::uint8_t label);
  Span<const float> forward_features(Span<const float> features);

  FlashNetwork frozen_;
  Topology topology_;
  Backpropagation backpropagation_;
  ParameterStep step_;
  LossOptions loss_;
  LossTotals totals_;
  Span<float> features_;
  Span<std::uint8_t> labels_;
  Span<float> parameters_;
  Span<float> state_;
  std::size_t batch_size_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace mote
