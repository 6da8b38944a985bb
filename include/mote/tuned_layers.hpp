// SPDX-License-Identifier: MIT
// Layers that learn on the device, and their options: the common part of FineTuning (fine_tuning.hpp) and
// IntegerFineTuning (integer_fine_tuning.hpp).
#ifndef MOTE_TUNED_LAYERS_HPP
#define MOTE_TUNED_LAYERS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/backpropagation.hpp"
#include "mote/detail/finite.hpp"
#include "mote/detail/flash_product.hpp"
#include "mote/detail/methods.hpp"
#include "mote/inputs.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/optimizer.hpp"
#include "mote/topology.hpp"

namespace mote {

/// The parameters of a layer that learn.
enum class Trainable : std::uint8_t { nothing, biases, weights_and_biases };

inline namespace MOTE_LAYOUT {
struct FineTuningOptions {
  /// Of the i-th layer from the last. At least one must learn.
  Trainable trainable[kMaxLayers] = {Trainable::weights_and_biases};
  /// Outputs to add to the last layer, whose weights must then learn; at most 256 outputs in all. Their weights start
  /// at 0, their biases at the least of the others.
  std::size_t new_classes = 0;
  bool has_targets = false;  ///< train() takes targets, one number for each output, instead of labels
  /// Keeps weights that learn as half floats, rounded to nearest after each step: half the memory. Not for nesterov.
  bool half_weights = false;
  LossOptions loss = Loss::cross_entropy;
  OptimizerOptions optimizer = {};
  std::size_t batch_size = 1;  ///< samples per parameter step, >= 1; memory holds all of them
  float l2 = 0.0f;             ///< penalty l2/2 w.w on weights; finite, >= 0

  /// Weights and biases of the last `count` layers learn.
  constexpr FineTuningOptions& set_layers(std::size_t count) { return set(count, Trainable::weights_and_biases); }
  /// Only the biases of the last `count` layers learn: needs the least memory.
  constexpr FineTuningOptions& set_biases(std::size_t count) { return set(count, Trainable::biases); }
  /// For the i-th layer from the last.
  constexpr FineTuningOptions& set_trainable(std::size_t i, Trainable value) {
    return void(trainable[i] = value), *this;
  }
  constexpr FineTuningOptions& set_new_classes(std::size_t count) { return void(new_classes = count), *this; }
  constexpr FineTuningOptions& set_has_targets(bool value) { return void(has_targets = value), *this; }
  constexpr FineTuningOptions& set_half_weights(bool value) { return void(half_weights = value), *this; }
  constexpr FineTuningOptions& set_loss(const LossOptions& value) { return void(loss = value), *this; }
  constexpr FineTuningOptions& set_optimizer(const OptimizerOptions& value) { return void(optimizer = value), *this; }
  constexpr FineTuningOptions& set_batch_size(std::size_t value) { return void(batch_size = value), *this; }
  constexpr FineTuningOptions& set_l2(float value) { return void(l2 = value), *this; }

 private:
  constexpr FineTuningOptions& set(std::size_t count, Trainable value) {
    for (std::size_t i = 0; i < kMaxLayers; ++i) trainable[i] = i < count ? value : Trainable::nothing;
    return *this;
  }
};
}  // namespace MOTE_LAYOUT

namespace detail {
/// The parameters of layer l of `topology` that learn.
constexpr Trainable trainable_of(const Topology& topology, const FineTuningOptions& options, std::size_t l) {
  return options.trainable[topology.layer_count - 1 - l];
}

/// The layers from the first that learns on, with the new classes. Its inputs are the outputs of the layer before.
constexpr Topology tuned_layers(const Topology& topology, const FineTuningOptions& options) {
  std::size_t first = 0;
  while (first + 1 < topology.layer_count && trainable_of(topology, options, first) == Trainable::nothing) ++first;
  Topology tuned;
  tuned.inputs = static_cast<std::uint32_t>(topology.inputs_of(first));
  for (std::size_t l = first; l < topology.layer_count; ++l) tuned.layers[tuned.layer_count++] = topology.layers[l];
  tuned.layers[tuned.layer_count - 1].outputs += static_cast<std::uint32_t>(options.new_classes);
  return tuned;
}

struct FineTuningPlan {
  Part<unsigned char> frozen;   // of the network before the first layer that learns
  Part<float> features;         // [batch_size][inputs] if the weights of the first layer learn; none for a batch of 1
                                // after frozen layers, whose outputs stay where they are
  Part<std::uint8_t> labels;    // [batch_size]
  Part<float> targets;          // [batch_size][outputs], instead of labels
  Part<float> parameters;       // weights that learn unless they are half floats, then all biases
  Part<Half> halves;            // weights that learn, layer by layer, [inputs_of(l)][outputs_of(l)]
  Part<float> state;            // [state_arrays][weight_floats and biases]
  Part<float> activations;      // [batch_size][stride_of(l)] for every layer, one after another
  Part<float> pre_activations;  // laid out as activations, only the layers that keep them
  Part<float> deltas;           // laid out as activations
  Part<float> losses;           // [batch_size]
  Part<float> strip;            // gradients on their way to the optimizer
  Part<float> row;              // [flash_stride]: of a product with frozen weights
  Part<float> block;            // [kRowAlignment][stride_of(l)]: weights; [batch_size][kRowAlignment]: deltas
  Part<float> pack;             // scratch of the products
  std::size_t weight_floats;    // of the weights that learn, as floats
  std::size_t bytes;
};

/// by_rows: without a product for frozen weights.
constexpr FineTuningPlan fine_tuning_plan(const Topology& topology, const FineTuningOptions& options,
                                          std::size_t frozen_bytes, bool by_rows) {
  const Topology tuned = tuned_layers(topology, options);
  const std::size_t first = topology.layer_count - tuned.layer_count;
  const std::size_t biases = strides_before(tuned, tuned.layer_count);
  const std::size_t kept = kept_strides_before(tuned, tuned.layer_count, false);
  std::size_t weights = 0, halves = 0, strip = 0, row = 0, block = 0, pack = 0;
  const auto raise = [](std::size_t& most, std::size_t value) { most = value > most ? value : most; };
  for (std::size_t l = 0; l < tuned.layer_count; ++l) {
    const std::size_t stride = tuned.stride_of(l), inputs = tuned.inputs_of(l), outputs = tuned.outputs_of(l);
    const bool learns = trainable_of(topology, options, first + l) == Trainable::weights_and_biases;
    raise(strip, learns ? kUpdateRows * stride : stride);
    if (learns) weights += inputs * stride;
    if (learns && options.half_weights) halves += inputs * outputs;
    if (learns && !options.half_weights) {
      if (l != 0) raise(pack, pack_floats(inputs, outputs));
    } else {
      raise(row, flash_stride(outputs));
      if (learns) raise(block, stride);
      if (l != 0) raise(block, kRowAlignment * (stride + options.batch_size));
      if (l == 0 && by_rows) raise(block, stride);
      if (l != 0) raise(pack, pack_floats(kRowAlignment, outputs));
    }
  }
  const bool keeps_inputs =
      trainable_of(topology, options, first) == Trainable::weights_and_biases && (options.batch_size > 1 || first == 0);
  MemoryPlan memory;
  FineTuningPlan plan{};
  plan.frozen = memory.take<unsigned char>(frozen_bytes);
  plan.features = memory.take<float>(keeps_inputs ? options.batch_size : 0, tuned.inputs);
  plan.labels = memory.take<std::uint8_t>(options.has_targets ? 0 : options.batch_size);
  plan.targets = memory.take<float>(options.has_targets ? options.batch_size : 0, tuned.outputs());
  plan.parameters = memory.take<float>((options.half_weights ? 0 : weights) + biases);
  plan.halves = memory.take<Half>(halves);
  plan.state = memory.take<float>(state_arrays(options.optimizer.method), weights + biases);
  plan.activations = memory.take<float>(options.batch_size, biases);
  plan.pre_activations = memory.take<float>(options.batch_size, kept);
  plan.deltas = memory.take<float>(options.batch_size, biases);
  plan.losses = memory.take<float>(options.batch_size);
  plan.strip = memory.take<float>(strip);
  plan.row = memory.take<float>(row);
  plan.block = memory.take<float>(block);
  plan.pack = memory.take<float>(pack);
  plan.weight_floats = weights;
  plan.bytes = memory.bytes();
  return plan;
}

/// Where learned() lies in the memory.
constexpr std::size_t learned_end(const FineTuningPlan& plan) {
  return plan.halves.count == 0 ? plan.parameters.offset + plan.parameters.count * sizeof(float)
                                : plan.halves.offset + plan.halves.count * sizeof(Half);
}

/// The methods that these options name.
constexpr Methods methods_of(const Topology& topology, const FineTuningOptions& options) {
  return methods_of(tuned_layers(topology, options), options.loss, options.optimizer.method, 0.0f);
}

/// A network in flash. A layer is counted from 0.
struct FrozenNetwork {
  const void* model = nullptr;
  /// Writes the weights from input k of a layer to its outputs, [outputs].
  void (*weights)(const void* model, std::size_t layer, std::size_t k, float* row) = nullptr;
  /// Writes the biases of a layer, [outputs].
  void (*biases)(const void* model, std::size_t layer, float* row) = nullptr;
  /// Computes z = x W, [flash_stride(outputs)]; null: x are floats, and z comes from weights().
  void (*product)(const void* model, std::size_t layer, const FlashInputs& x, float* z) = nullptr;
};
/// A row of frozen or half weights as floats, [outputs]. bytes: of a weight; factors: of the row, or null.
void weights_as_floats(FlashProduct product, std::size_t outputs, const void* weights, std::size_t bytes,
                       const float* factors, float* row);
}  // namespace detail

/// Bytes of TunedLayers::learned(). Differs between microcontrollers and larger machines, which pad rows of weights.
constexpr std::size_t learned_bytes(const Topology& topology, const FineTuningOptions& options) {
  const detail::FineTuningPlan plan = detail::fine_tuning_plan(topology, options, 0, false);
  return detail::learned_end(plan) - plan.parameters.offset;
}

/// ok, or the problem with the options for the layers of `network`: no_layers if nothing learns; too_many_layers if
/// options.trainable names a layer that the network does not have (found: its number from the last; expected: layers);
/// layer_size_out_of_range for new classes of a last layer whose weights do not learn, or beyond 256 outputs; all of
/// check(loss) and check(optimizer); bad_enumerator; bad_penalty; bad_batch_size; bad_momentum for half_weights with
/// nesterov.
constexpr Result check(const Topology& network, const FineTuningOptions& options) {
  const std::size_t count = network.layer_count;
  bool learns = false;
  for (std::size_t i = 0; i < kMaxLayers; ++i) {
    if (options.trainable[i] == Trainable::nothing) continue;
    if (i >= count) return {Status::too_many_layers, i + 1, count};
    if (options.trainable[i] > Trainable::weights_and_biases) return detail::unknown(options.trainable[i]);
    learns = true;
  }
  if (!learns) return Status::no_layers;
  constexpr std::size_t kMostClasses = 256;  // labels are bytes
  const std::size_t outputs = network.outputs() + options.new_classes;
  const bool is_good = options.trainable[0] == Trainable::weights_and_biases && options.new_classes <= kMostClasses &&
                       outputs <= kMostClasses;
  if (options.new_classes != 0 && !is_good) return {Status::layer_size_out_of_range, outputs, kMostClasses};
  if (const Result result = check(options.loss, network.output_activation()); !result.ok()) return result;
  if (const Result result = check(options.optimizer); !result.ok()) return result;
  if (options.half_weights && options.optimizer.method == Optimizer::nesterov) return Status::bad_momentum;
  if (!detail::is_amount(options.l2)) return Status::bad_penalty;
  constexpr std::size_t kMost = 0xffffffffu;
  if (options.batch_size == 0 || options.batch_size > kMost) return {Status::bad_batch_size, options.batch_size, kMost};
  return Status::ok;
}

/// The layers from the first that learns on. FineTuning and IntegerFineTuning give them the outputs of the layers
/// before. Not copyable: a copy would share the memory.
class TunedLayers {
 public:
  TunedLayers(const TunedLayers&) = delete;
  TunedLayers& operator=(const TunedLayers&) = delete;

  /// The parameters as bytes, for a record in flash (flash_record.hpp) and restore().
  Bytes learned() const { return learned_; }
  /// Replaces the parameters by a copy of earlier learned() bytes, for instance after a restart, with an equal model
  /// and equal options.trainable, new_classes and half_weights. Discards waiting samples and the optimizer's state.
  /// Errors, which leave all state unchanged: memory_too_small for another number of bytes; not_finite.
  Result restore(Bytes learned);

  /// Number of samples in the incomplete batch.
  std::size_t waiting() const { return waiting_; }
  /// Loss and accuracy of all samples of complete batches, each computed before the step of its batch.
  const LossTotals& totals() const { return totals_; }
  /// The layers from the first that learns on, with the new classes.
  const Topology& topology() const { return topology_; }
  /// Weights that learn, layer by layer, [inputs_of(l)][stride_of(l)], unless they are half floats; then the biases of
  /// all layers of topology(), [stride_of(l)]. If all layers learn weights as floats, the layout of topology.hpp.
  Span<const float> parameters() const { return parameters_; }

  /// The whole network, with the new classes.
  Topology network_topology() const;
  /// Fills the parameters of the whole network, laid out as in topology.hpp, for save_model() or make_flash_weights():
  /// frozen weights become floats. Error: model_size_mismatch for another number than
  /// network_topology().parameter_count().
  Result copy_parameters(Span<float> parameters) const;

 protected:
  TunedLayers() = default;

  /// The arguments must have been checked; `network`, the model of `frozen` and `methods` must outlive this object.
  void bind(const Topology& network, const detail::FrozenNetwork& frozen, const FineTuningOptions& options,
            Memory memory, const detail::FineTuningPlan& plan, const detail::Methods& methods);
  /// Number of layers before topology().
  std::size_t first_layer() const { return network_->layer_count - topology_.layer_count; }
  static Result check_sample(const Inputs& inputs, std::size_t features);
  /// Keeps the inputs of topology() for a sample behind those that wait.
  void keep(const FlashInputs& x);
  /// input_not_finite (expected: feature) if an input of the sample that keep() was given is not finite.
  Result check_kept(const Inputs& inputs) const;
  /// Trains with the sample that keep() was given; returns `kept` unless it is ok.
  Result train_kept(const Result& kept, std::uint8_t label);
  Result train_kept(const Result& kept, Span<const float> targets);
  Span<const float> forward_kept();

 private:
  void forget();
  Result train_batch(const Targets& targets);
  void forward(const float* parameters, std::size_t first_row, std::size_t rows);
  void backward(const float* parameters);
  void delta_below(std::size_t layer, const float* parameters);
  void update_weights(std::size_t layer);
  void product(std::size_t layer, const FlashInputs& x, float* z);
  void weights_of(std::size_t layer, std::size_t k, float* row) const;
  void frozen_weights(std::size_t layer, std::size_t k, float* row) const;
  void keep_weights(std::size_t layer, std::size_t k, const float* row);
  bool learns_weights(std::size_t layer) const { return trainable_[layer] == Trainable::weights_and_biases; }
  bool learns_floats(std::size_t layer) const { return learns_weights(layer) && halves_ == nullptr; }
  /// Places of a layer in parameters_, in halves_, and in each array of state_.
  std::size_t weights_offset(std::size_t layer) const;
  std::size_t biases_offset(std::size_t layer) const;
  std::size_t halves_offset(std::size_t layer) const;
  float* state_at(std::size_t offset) const { return state_.empty() ? nullptr : state_.data() + offset; }
  /// Floats before layer l in activations_ and deltas_.
  std::size_t layer_offset(std::size_t layer) const { return batch_size_ * detail::strides_before(topology_, layer); }
  /// What keep() fills.
  float* kept_row() const;
  float* kept_pre_activations(std::size_t layer) const;

  detail::FrozenNetwork frozen_;
  const Topology* network_ = nullptr;  // in flash, without new classes
  Topology topology_;
  Trainable trainable_[kMaxLayers] = {};  // of the layers of topology_
  const detail::Methods* methods_ = nullptr;
  OptimizerStep step_{{}, 0.0f, 0, 0};
  std::size_t weight_floats_ = 0;  // before the biases in state_, and in parameters_ unless weights are half floats
  LossOptions loss_;
  LossTotals totals_;
  float* kept_features_ = nullptr;   // [batch_size_][inputs], or null
  const float* features_ = nullptr;  // of the batch
  Span<std::uint8_t> labels_;
  Span<float> targets_;
  Span<float> parameters_;
  Half* halves_ = nullptr;
  Span<unsigned char> learned_;  // parameters_ and halves_
  Span<float> state_;
  float* activations_ = nullptr;
  float* pre_activations_ = nullptr;
  float* deltas_ = nullptr;
  float* losses_ = nullptr;
  float* strip_ = nullptr;
  float* row_ = nullptr;
  float* block_ = nullptr;
  float* pack_ = nullptr;
  std::size_t batch_size_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace mote

#endif  // MOTE_TUNED_LAYERS_HPP
