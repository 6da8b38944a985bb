// SPDX-License-Identifier: MIT
// Learning on the device: the last layers of a network that was trained elsewhere go on learning in RAM, sample by
// sample or in small batches, while the earlier ones stay in flash as they are.
//
//   static mote::Storage<mote::fine_tuning_bytes(model::kTopology, options)> memory;
//   mote::FineTuning tuning;
//   if (!tuning.bind(model::kModel, options, memory).ok()) halt();
//   ... tuning.train(pixels, 1.0f / 255.0f, label);
//   ... mote::argmax(tuning.forward_pre_activations(pixels, 1.0f / 255.0f));
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
  std::size_t layers = 1;  ///< how many of the last learn, 1 to all but the first
  LossOptions loss = Loss::cross_entropy;
  OptimizerOptions optimizer = {};
  std::size_t batch_size = 1;  ///< samples a parameter step averages over, >= 1; all are in memory
  float l2 = 0.0f;             ///< penalty l2/2 w.w on weights, finite, >= 0
};

/// The network that the last layers are, whose inputs are the outputs of those before. layers: 1 to layer_count - 1.
constexpr Topology last_layers(const Topology& topology, std::size_t layers) {
  Topology last;
  const std::size_t first = topology.layer_count - layers;
  last.inputs = static_cast<std::uint32_t>(topology.inputs_of(first));
  for (std::size_t l = first; l < topology.layer_count; ++l) last.layers[last.layer_count++] = topology.layers[l];
  return last;
}

namespace detail {
struct FineTuningPlan {
  std::size_t frozen;      // of the FlashNetwork
  std::size_t features;    // [batch_size][inputs of the first layer that learns]
  std::size_t labels;      // [batch_size]
  std::size_t parameters;  // [parameter_count] of the layers that learn
  std::size_t state;       // [state_arrays][parameter_count]
  std::size_t state_count;
  std::size_t scratch;  // of Backpropagation
  std::size_t bytes;
};

constexpr FineTuningPlan fine_tuning_plan(const Topology& topology, const FineTuningOptions& options) {
  const Topology last = last_layers(topology, options.layers);
  MemoryPlan memory;
  FineTuningPlan plan{};
  plan.frozen = memory.take_bytes(flash_network_bytes(topology));
  plan.features = memory.take<float>(options.batch_size, last.inputs);
  plan.labels = memory.take<std::uint8_t>(options.batch_size);
  plan.parameters = memory.take<float>(last.parameter_count());
  plan.state_count = state_arrays(options.optimizer.method) * last.parameter_count();
  plan.state = memory.take<float>(plan.state_count);
  plan.scratch = memory.take_bytes(backpropagation_bytes(last, options.batch_size));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of memory that FineTuning needs. options.layers: 1 to topology.layer_count - 1.
constexpr std::size_t fine_tuning_bytes(const Topology& topology, const FineTuningOptions& options) {
  return detail::fine_tuning_plan(topology, options).bytes;
}

class FineTuning {
 public:
  /// Copies the last layers of the model, which must outlive this as must the memory (at least
  /// fine_tuning_bytes(model.topology, options)). weights_not_trainable unless the model's weights are float32;
  /// no_layers for no layers to learn, too_many_layers for all (a Trainer is for that); what check() finds in model,
  /// loss and optimizer; bad_penalty; bad_batch_size.
  Result bind(const FlashModel& model, const FineTuningOptions& options, Memory memory);
  Result bind(FlashModel&& model, const FineTuningOptions& options, Memory memory) = delete;

  /// Goes on, after bind() for the same model and options.layers, from a copy of what parameters() was: one in flash
  /// (flash_record.hpp) outlives a restart. Samples that wait for their step are forgotten, and what the optimizer
  /// remembers. memory_too_small unless they are as many; not_finite, and then nothing is changed.
  Result restore(Span<const float> parameters);

  /// Takes a sample, and after every batch_size of them a parameter step. inputs: [inputs] bytes, each standing for
  /// byte * scale. label_out_of_range; not_finite (found: the step, 0 = the first) when the batch's loss is not: such
  /// a batch is left out, and if the parameters were good they still are.
  Result train(const std::uint8_t* inputs, float scale, std::uint8_t label);

  /// What the network says now, before the activation of its last layer; a view that is good until the next call.
  Span<const float> forward_pre_activations(const std::uint8_t* inputs, float scale);

  /// Samples waiting for their step.
  std::size_t waiting() const { return waiting_; }
  /// Loss and accuracy of the samples trained on so far, each as it was seen, before the step it led to.
  const LossTotals& totals() const { return totals_; }
  /// What learns, and how its parameters() are laid out.
  const Topology& topology() const { return topology_; }
  Span<const float> parameters() const { return parameters_; }

 private:
  void forget();
  void copy_last_layers(const FlashModel& model, std::size_t layers);
  float* feature_row() { return features_.data() + waiting_ * topology_.inputs; }
  void compute_features(const std::uint8_t* inputs, float scale);

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
