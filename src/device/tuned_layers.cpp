// SPDX-License-Identifier: MIT
#include "mote/tuned_layers.hpp"

#include "mote/detail/finite.hpp"
#include "mote/flash_network.hpp"

namespace mote {

using detail::padded_columns;

namespace {

void copy_floats(const float* from, std::size_t count, float* to) {
  __builtin_memcpy(to, from, count * sizeof(float));
}

}  // namespace

/// Products of a single input of 1 with some of its weights at a time.
void detail::weights_as_floats(FlashProduct product, std::size_t outputs, const void* weights, std::size_t bytes,
                               const float* factors, float* row) {
  const float one = 1.0f;
  float z[kFlashAlignment];
  for (std::size_t j = 0; j < outputs; j += kFlashAlignment) {
    const std::size_t count = outputs - j < kFlashAlignment ? outputs - j : kFlashAlignment;
    product(1, count, {0, count}, {&one}, static_cast<const unsigned char*>(weights) + j * bytes,
            factors == nullptr ? nullptr : factors + j, z);
    copy_floats(z, count, row + j);
  }
}

void TunedLayers::bind(const Topology& network, const detail::FrozenNetwork& frozen, const FineTuningOptions& options,
                       Memory memory, const detail::FineTuningPlan& plan, const detail::Methods& methods) {
  network_ = &network;
  methods_ = &methods;
  frozen_ = frozen;
  topology_ = detail::tuned_layers(network, options);
  loss_ = options.loss;
  batch_size_ = options.batch_size;
  totals_ = {};
  features_ = kept_features_ = plan.features.count == 0 ? nullptr : plan.features.in(memory).data();
  labels_ = plan.labels.in(memory);
  targets_ = plan.targets.in(memory);
  parameters_ = plan.parameters.in(memory);
  halves_ = plan.halves.count == 0 ? nullptr : plan.halves.in(memory).data();
  learned_ = memory.subspan(plan.parameters.offset, detail::learned_end(plan) - plan.parameters.offset);
  for (unsigned char& byte : learned_) byte = 0;
  weight_floats_ = plan.weight_floats;
  state_ = plan.state.in(memory);
  activations_ = plan.activations.in(memory).data();
  pre_activations_ = plan.pre_activations.in(memory).data();
  deltas_ = plan.deltas.in(memory).data();
  losses_ = plan.losses.in(memory).data();
  strip_ = plan.strip.in(memory).data();
  row_ = plan.row.in(memory).data();
  block_ = plan.block.in(memory).data();
  pack_ = plan.pack.in(memory).data();
  const std::size_t bias_floats = parameters_.size() - (halves_ == nullptr ? weight_floats_ : 0);
  step_ = {options.optimizer, options.l2, 0, weight_floats_ + bias_floats, 0.0f};
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    trainable_[l] = detail::trainable_of(network, options, first_layer() + l);
    float* biases = parameters_.data() + biases_offset(l);
    frozen_.biases(frozen_.model, first_layer() + l, biases);
    const std::size_t known = network.outputs_of(first_layer() + l);
    float least = biases[0];
    for (std::size_t j = 1; j < known; ++j) least = biases[j] < least ? biases[j] : least;
    for (std::size_t j = known; j < topology_.outputs_of(l); ++j) biases[j] = least;  // a new class
    if (!learns_weights(l)) continue;
    for (std::size_t k = 0; k < topology_.inputs_of(l); ++k) {
      float* row = halves_ == nullptr ? parameters_.data() + weights_offset(l) + k * topology_.stride_of(l) : block_;
      frozen_weights(l, k, row);
      if (halves_ != nullptr) keep_weights(l, k, row);
    }
  }
  forget();
}

/// Resets everything but parameters and totals.
void TunedLayers::forget() {
  waiting_ = 0;
  step_.number = 0;
  for (float& x : state_) x = 0.0f;
  const auto move = methods_->move_gradient_point;
  if (move != nullptr) move(step_, parameters_.data(), state_.data(), parameters_.size());
}

Result TunedLayers::restore(Bytes learned) {
  if (const Result result = check_exactly(learned, learned_.size()); !result.ok()) return result;
  const std::size_t floats = parameters_.size() * sizeof(float);
  if (!detail::all_finite(learned.subspan(0, floats))) return Status::not_finite;
  for (std::size_t i = floats; i < learned.size(); i += sizeof(Half)) {
    Half x;
    __builtin_memcpy(&x, learned.data() + i, sizeof x);
    if ((x.bits & 0x7c00u) == 0x7c00u) return Status::not_finite;
  }
  __builtin_memcpy(learned_.data(), learned.data(), learned.size());
  forget();
  return Status::ok;
}

Topology TunedLayers::network_topology() const {
  Topology network = *network_;
  network.layers[network.layer_count - 1].outputs = static_cast<std::uint32_t>(topology_.outputs());
  return network;
}

Result TunedLayers::copy_parameters(Span<float> parameters) const {
  const Topology network = network_topology();
  if (parameters.size() != network.parameter_count()) {
    return {Status::model_size_mismatch, parameters.size(), network.parameter_count()};
  }
  for (float& x : parameters) x = 0.0f;
  for (std::size_t l = 0; l < network.layer_count; ++l) {
    const std::size_t stride = network.stride_of(l);
    float *weights = parameters.data() + network.weights_offset(l),
          *biases = parameters.data() + network.biases_offset(l);
    const bool is_tuned = l >= first_layer();
    if (is_tuned) {
      copy_floats(parameters_.data() + biases_offset(l - first_layer()), stride, biases);
    } else {
      frozen_.biases(frozen_.model, l, biases);
    }
    for (std::size_t k = 0; k < network.inputs_of(l); ++k, weights += stride) {
      if (is_tuned) {
        weights_of(l - first_layer(), k, weights);
      } else {
        frozen_.weights(frozen_.model, l, k, weights);
      }
    }
  }
  return Status::ok;
}

// A sample.

void TunedLayers::keep(const FlashInputs& x) {
  if (!learns_weights(0)) return product(0, x, kept_row());
  const auto* floats = static_cast<const float*>(x.elements);
  if (kept_features_ == nullptr) {
    features_ = floats;
  } else if (x.read != nullptr) {
    x.read(x, 0, topology_.inputs, kept_row());
  } else {
    copy_floats(floats, topology_.inputs, kept_row());
  }
}

Result TunedLayers::check_sample(const Inputs& inputs, std::size_t features) {
  if (inputs.count == 0) return Status::no_samples;
  if (inputs.features != features) return {Status::input_size_mismatch, inputs.features, features};
  return check(inputs);
}

Result TunedLayers::check_kept(const Inputs& inputs) const {
  const float first = learns_weights(0) ? features_[waiting_ * topology_.inputs] : kept_row()[0];
  if (detail::is_finite(first) && (first_layer() != 0 || !learns_weights(0))) return Status::ok;
  for (std::size_t f = 0; f < inputs.features; ++f) {  // one that is not finite makes all products NaN
    if (!detail::is_finite(input_at(inputs, 0, f))) return {Status::input_not_finite, 0, f};
  }
  return Status::ok;
}

Result TunedLayers::train_kept(const Result& kept, std::uint8_t label) {
  if (!kept.ok()) return kept;
  if (labels_.empty()) return Status::no_labels;
  if (label >= topology_.outputs()) return {Status::label_out_of_range, label, topology_.outputs() - 1};
  labels_[waiting_] = label;
  return ++waiting_ < batch_size_ ? Result(Status::ok) : train_batch(labels_.data());
}

Result TunedLayers::train_kept(const Result& kept, Span<const float> targets) {
  if (!kept.ok()) return kept;
  const std::size_t outputs = topology_.outputs();
  if (targets_.empty()) return Status::no_labels;
  if (targets.size() != outputs) return {Status::output_size_mismatch, targets.size(), outputs};
  const float most = is_cross_entropy(loss_.kind) ? 1.0f : 3.4028235e38f, least = most == 1.0f ? 0.0f : -most;
  for (std::size_t j = 0; j < outputs; ++j) {
    if (!(targets[j] >= least && targets[j] <= most)) return {Status::target_out_of_range, 0, j};
  }
  copy_floats(targets.data(), outputs, targets_.data() + waiting_ * outputs);
  return ++waiting_ < batch_size_ ? Result(Status::ok) : train_batch({targets_.data(), outputs});
}

Span<const float> TunedLayers::forward_kept() {
  forward(parameters_.data(), waiting_, 1);
  const std::size_t last = topology_.layer_count - 1;
  return {activations_ + layer_offset(last) + waiting_ * topology_.stride_of(last), topology_.outputs()};
}

// A batch.

Result TunedLayers::train_batch(const Targets& targets) {
  waiting_ = 0;
  const std::size_t last = topology_.layer_count - 1, stride = topology_.stride_of(last);
  forward(gradient_point(step_, parameters_.data(), state_.data()), 0, batch_size_);
  const LossTotals before = totals_;
  const std::uint32_t correct = methods_->loss_and_deltas(
      loss_, topology_.output_activation(), batch_size_, topology_.outputs(), stride, activations_ + layer_offset(last),
      targets, 1.0f / static_cast<float>(batch_size_), deltas_ + layer_offset(last), losses_);
  totals_.add({losses_, batch_size_}, correct);
  if (!detail::is_finite(totals_.sum)) {
    totals_ = before;
    return {Status::not_finite, step_.number};
  }
  if (step_.number != 0xffffffffu) ++step_.number;
  backward(gradient_point(step_, parameters_.data(), state_.data()));
  return Status::ok;
}

/// Computes the activations of some rows, of the last layer the pre-activations.
void TunedLayers::forward(const float* parameters, std::size_t first_row, std::size_t rows) {
  const float* below = learns_weights(0) ? features_ + first_row * topology_.inputs : nullptr;
  std::size_t stride_below = topology_.inputs;
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    float* z = activations_ + layer_offset(l) + first_row * stride;
    if (learns_floats(l)) {
      forward_product(rows, topology_.inputs_of(l), outputs, below, stride_below, parameters + weights_offset(l),
                      stride, z, stride);
    } else if (l != 0 || learns_weights(0)) {  // else keep() has computed it
      for (std::size_t i = 0; i < rows; ++i) product(l, {below + i * stride_below}, z + i * stride);
    }
    const bool is_last = l + 1 == topology_.layer_count;
    const Activation activation = is_last ? Activation::identity : topology_.layers[l].activation;
    float* kept = kept_pre_activations(l);
    methods_->activate.functions[static_cast<std::size_t>(activation)](
        activation, rows, outputs, stride, parameters + biases_offset(l), z,
        kept == nullptr ? nullptr : kept + first_row * stride);
    below = z;
    stride_below = stride;
  }
}

/// Computes the deltas of each layer below from the parameters before their step.
void TunedLayers::backward(const float* parameters) {
  for (std::size_t l = topology_.layer_count; l-- > 0;) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    const float* deltas = deltas_ + layer_offset(l);
    if (l != 0) delta_below(l, parameters);
    if (learns_weights(l)) update_weights(l);
    if (trainable_[l] == Trainable::nothing) continue;
    bias_gradient(batch_size_, outputs, deltas, stride, strip_, false);
    OptimizerStep step = step_;
    step.l2 = step.options.weight_decay = 0.0f;
    const std::size_t offset = biases_offset(l), in_state = offset + (halves_ == nullptr ? 0 : weight_floats_);
    methods_->optimizer_step(step, strip_, parameters_.data() + offset, state_at(in_state), stride);
  }
}

void TunedLayers::update_weights(std::size_t l) {
  const std::size_t inputs = topology_.inputs_of(l), outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
  const float* below = l == 0 ? features_ : activations_ + layer_offset(l - 1);
  const std::size_t stride_below = l == 0 ? inputs : topology_.stride_of(l - 1);
  const auto update = [&](std::size_t k, std::size_t rows, float* weights) {
    methods_->update_weights(batch_size_, {0, rows}, outputs, below + k, stride_below, deltas_ + layer_offset(l), {},
                             step_, weights, state_at(weights_offset(l) + k * stride), strip_);
  };
  if (halves_ == nullptr) return update(0, inputs, parameters_.data() + weights_offset(l));
  for (std::size_t k = 0; k < inputs; ++k) {
    weights_of(l, k, block_);
    update(k, 1, block_);
    keep_weights(l, k, block_);
  }
}

void TunedLayers::delta_below(std::size_t l, const float* parameters) {
  const std::size_t inputs = topology_.inputs_of(l), outputs = topology_.outputs_of(l);
  const std::size_t stride = topology_.stride_of(l), stride_below = topology_.stride_of(l - 1);
  const float* deltas = deltas_ + layer_offset(l);
  float* below = deltas_ + layer_offset(l - 1);
  if (learns_floats(l)) {
    backward_product(batch_size_, inputs, outputs, deltas, stride, parameters + weights_offset(l), stride, below,
                     stride_below, pack_);
  } else {
    float* part = block_ + kRowAlignment * stride;  // [batch_size_][kRowAlignment]
    for (std::size_t k = 0; k < inputs; k += kRowAlignment) {
      const std::size_t count = inputs - k < kRowAlignment ? inputs - k : kRowAlignment;
      for (std::size_t i = 0; i < count; ++i) weights_of(l, k + i, block_ + i * stride);
      backward_product(batch_size_, count, outputs, deltas, stride, block_, stride, part, kRowAlignment, pack_);
      for (std::size_t i = 0; i < batch_size_; ++i) {
        copy_floats(part + i * kRowAlignment, kRowAlignment, below + i * stride_below + k);
      }
    }
  }
  const Activation activation = topology_.layers[l - 1].activation;
  const float* kept =
      needs_pre_activations(activation) ? kept_pre_activations(l - 1) : activations_ + layer_offset(l - 1);
  methods_->multiply_by_derivative[static_cast<std::size_t>(activation)](activation, batch_size_, inputs, stride_below,
                                                                         kept, below);
}

/// z = x W of a layer whose weights are no floats in RAM, [stride_of(l)], padded with 0.
void TunedLayers::product(std::size_t l, const FlashInputs& x, float* z) {
  const std::size_t inputs = topology_.inputs_of(l), outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
  if (learns_weights(l) || frozen_.product != nullptr) {
    if (learns_weights(l)) {
      flash_product_float16(inputs, outputs, {0, outputs}, x, halves_ + halves_offset(l), nullptr, row_);
    } else {
      frozen_.product(frozen_.model, first_layer() + l, x, row_);
    }
    for (std::size_t j = 0; j < stride; ++j) z[j] = j < outputs ? row_[j] : 0.0f;
    return;
  }
  const auto* floats = static_cast<const float*>(x.elements);
  for (std::size_t j = 0; j < stride; ++j) z[j] = 0.0f;
  for (std::size_t k = 0; k < inputs; ++k) {
    if (floats[k] == 0.0f) continue;
    frozen_weights(l, k, block_);
    for (std::size_t j = 0; j < outputs; ++j) z[j] += floats[k] * block_[j];
  }
}

/// The weights from input k of layer l, [stride_of(l)], padded with 0.
void TunedLayers::weights_of(std::size_t l, std::size_t k, float* row) const {
  if (!learns_weights(l)) return frozen_weights(l, k, row);
  const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
  if (halves_ == nullptr) return copy_floats(parameters_.data() + weights_offset(l) + k * stride, stride, row);
  const Half* halves = halves_ + halves_offset(l) + k * outputs;
  detail::weights_as_floats(flash_product_float16, outputs, halves, sizeof(Half), nullptr, row);
  for (std::size_t j = outputs; j < stride; ++j) row[j] = 0.0f;
}

/// Rounds a row to half floats. Numbers too large for them keep their former value.
void TunedLayers::keep_weights(std::size_t l, std::size_t k, const float* row) {
  const std::size_t outputs = topology_.outputs_of(l);
  Half* halves = halves_ + halves_offset(l) + k * outputs;
  for (std::size_t j = 0; j < outputs; ++j) {
    Half half;
    if (to_half(row[j], half)) halves[j] = half;
  }
}

/// weights_of() in flash.
void TunedLayers::frozen_weights(std::size_t l, std::size_t k, float* row) const {
  frozen_.weights(frozen_.model, first_layer() + l, k, row);
  for (std::size_t j = network_->outputs_of(first_layer() + l); j < topology_.stride_of(l); ++j) row[j] = 0.0f;
}

// Places in memory.

std::size_t TunedLayers::weights_offset(std::size_t layer) const {
  std::size_t offset = 0;
  for (std::size_t l = 0; l < layer; ++l) offset += learns_weights(l) ? topology_.weight_floats(l) : 0;
  return offset;
}

std::size_t TunedLayers::biases_offset(std::size_t layer) const {
  std::size_t offset = halves_ == nullptr ? weight_floats_ : 0;
  for (std::size_t l = 0; l < layer; ++l) offset += topology_.stride_of(l);
  return offset;
}

std::size_t TunedLayers::halves_offset(std::size_t layer) const {
  std::size_t offset = 0;
  for (std::size_t l = 0; l < layer; ++l) {
    offset += learns_weights(l) ? topology_.inputs_of(l) * topology_.outputs_of(l) : 0;
  }
  return offset;
}

float* TunedLayers::kept_row() const {
  return learns_weights(0) ? kept_features_ + waiting_ * topology_.inputs
                           : activations_ + waiting_ * topology_.stride_of(0);
}

float* TunedLayers::kept_pre_activations(std::size_t layer) const {
  if (!detail::keeps_pre_activations(topology_, layer, false)) return nullptr;
  return pre_activations_ + batch_size_ * detail::kept_strides_before(topology_, layer, false);
}

}  // namespace mote
