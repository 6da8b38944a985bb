// SPDX-License-Identifier: MIT
// Learning on the device: some layers of a trained network learn on in RAM, sample by sample or in small batches. The
// others stay in flash, unchanged, with weights of any format.
//
//   static mote::Storage<mote::fine_tuning_bytes(model::kTopology, options)> memory;
//   mote::FineTuning tuning;
//   if (!tuning.bind(model::kModel, options, memory).ok()) halt();
//   ... if (!tuning.train(mote::Inputs(readings, 1, 3, 1.0f / 16384.0f), label).ok()) halt();  // three int16
//   ... mote::argmax(tuning.forward_pre_activations(mote::Inputs(readings, 1, 3, 1.0f / 16384.0f)));
//
// IntegerFineTuning (integer_fine_tuning.hpp) does so for a network of integers.
#ifndef MOTE_FINE_TUNING_HPP
#define MOTE_FINE_TUNING_HPP

#include <cstddef>
#include <cstdint>

#include "mote/flash_network.hpp"
#include "mote/tuned_layers.hpp"

namespace mote {

namespace detail {
/// Scratch memory of the layers before the first that learns.
constexpr std::size_t frozen_bytes(const Topology& topology, const FineTuningOptions& options) {
  return flash_network_bytes(topology, topology.layer_count - tuned_layers(topology, options).layer_count);
}

}  // namespace detail

/// Bytes of memory for FineTuning.
constexpr std::size_t fine_tuning_bytes(const Topology& topology, const FineTuningOptions& options) {
  return detail::fine_tuning_plan(topology, options, detail::frozen_bytes(topology, options), false).bytes;
}

/// A network in flash, some of whose layers learn.
class FineTuning : public TunedLayers {
 public:
  /// Copies the parameters that learn to `memory`, at least fine_tuning_bytes(model.topology, options). Model and
  /// memory must outlive this object. Errors: model.checked; all of check(model.topology, options) and check(memory).
  Result bind(const FlashModel& model, const FineTuningOptions& options, Memory memory);
  Result bind(FlashModel&& model, const FineTuningOptions& options, Memory memory) = delete;

  /// Adds the first sample of `inputs` to the batch; the last sample of a batch triggers a parameter step. Errors,
  /// which leave the batch as it was: no_samples; input_size_mismatch; all of check(inputs); input_not_finite
  /// (expected: feature); no_labels unless options.has_targets is as needed; label_out_of_range; output_size_mismatch
  /// for another number of targets; target_out_of_range (expected: output) for one that is not finite or, for
  /// cross-entropies, not in [0, 1]. not_finite (found: number of the step, from 0) if the loss is not finite: the
  /// batch is dropped, and parameters and totals stay as they were.
  Result train(const Inputs& inputs, std::uint8_t label) { return train_kept(keep_checked(inputs), label); }
  Result train(const Inputs& inputs, Span<const float> targets) { return train_kept(keep_checked(inputs), targets); }
  /// Takes [inputs] bytes; a byte stands for byte * scale. Links less code than train(Inputs).
  Result train(const std::uint8_t* inputs, float scale, std::uint8_t label) {
    keep_features(of_bytes(inputs, scale));
    return train_kept(Status::ok, label);
  }

  /// Returns the outputs of the last layer before its activation: a view, valid until the next call. Inputs as in
  /// FlashNetwork::forward(): one that is not finite makes all outputs NaN.
  Span<const float> forward_pre_activations(const Inputs& inputs) {
    keep_features(of_view(inputs));
    return forward_kept();
  }
  Span<const float> forward_pre_activations(const std::uint8_t* inputs, float scale) {
    keep_features(of_bytes(inputs, scale));
    return forward_kept();
  }

 protected:
  /// With the memory's plan, and with these methods only. Does not check the arguments.
  void bind(const FlashModel& model, const FineTuningOptions& options, Memory memory,
            const detail::FineTuningPlan& plan, const detail::Methods& methods);

 private:
  static FlashInputs of_bytes(const std::uint8_t* inputs, float scale) {
    return {inputs, read_flash_bytes, ElementType::uint8, scale};
  }
  FlashInputs of_view(const Inputs& inputs) const {
    MOTE_ASSERT(model_ != nullptr && inputs.count != 0 && inputs.features == model_->topology.inputs);
    FlashInputs x = first_sample(inputs, read_flash_inputs);
    x.view = &inputs;
    return x;
  }
  /// Runs the layers before the first that learns.
  void keep_features(const FlashInputs& x);
  Result keep_checked(const Inputs& inputs);

  const FlashModel* model_ = nullptr;
  FlashNetwork frozen_network_;
};

}  // namespace mote

#endif  // MOTE_FINE_TUNING_HPP
