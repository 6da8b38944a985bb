// SPDX-License-Identifier: MIT
// Learning on the device over a network of integers (integer_network.hpp): the layers before the first that learns
// compute in integers, and the layers that learn in floats. Use and options are those of fine_tuning.hpp:
//
//   static mote::Storage<mote::integer_fine_tuning_bytes(model::kTopology, options)> memory;
//   mote::IntegerFineTuning tuning;
//   if (!tuning.bind(model::kTopology, model::kModel, options, memory).ok()) halt();
//   ... if (!tuning.train(mote::Inputs(readings, 1, 3, 1.0f / 16384.0f), label).ok()) halt();
#ifndef MOTE_INTEGER_FINE_TUNING_HPP
#define MOTE_INTEGER_FINE_TUNING_HPP

#include <cstddef>
#include <cstdint>

#include "mote/fine_tuning.hpp"
#include "mote/integer_network.hpp"

namespace mote {

namespace detail {
struct IntegerFeaturesPlan {
  Part<float> features;      // [inputs of the first layer that learns]
  Part<std::int8_t> inputs;  // [inputs]
  Part<unsigned char> rows;  // of the IntegerNetwork
  std::size_t bytes;
};

constexpr IntegerFeaturesPlan integer_features_plan(const Topology& topology, const FineTuningOptions& options) {
  const Topology tuned = tuned_layers(topology, options);
  const std::size_t first = topology.layer_count - tuned.layer_count;
  std::size_t rows[2] = {};
  for (std::size_t l = 0; l < first; ++l) {
    rows[l % 2] = topology.outputs_of(l) > rows[l % 2] ? topology.outputs_of(l) : rows[l % 2];
  }
  MemoryPlan memory;
  IntegerFeaturesPlan plan{};
  plan.features = memory.take<float>(tuned.inputs);
  plan.inputs = memory.take<std::int8_t>(topology.inputs);
  plan.rows = memory.take<unsigned char>(rows[0] + rows[1]);
  plan.bytes = memory.bytes();
  return plan;
}

constexpr FineTuningPlan integer_fine_tuning_plan(const Topology& topology, const FineTuningOptions& options) {
  return fine_tuning_plan(topology, options, integer_features_plan(topology, options).bytes, true);
}
}  // namespace detail

/// ok, or the problem with `topology` as that of the network that became `model`: all of check(topology);
/// batch_norm_not_folded; model_size_mismatch for other layers.
constexpr Result check_model(const Topology& topology, const IntegerModel& model) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (topology.all_scale_floats() != 0) return Status::batch_norm_not_folded;
  if (model.layers.size() != topology.layer_count) {
    return {Status::model_size_mismatch, model.layers.size(), topology.layer_count};
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const IntegerLayer& layer = model.layers[l];
    const std::size_t inputs = topology.inputs_of(l), outputs = topology.outputs_of(l);
    if (layer.inputs != inputs) return {Status::model_size_mismatch, layer.inputs, inputs};
    if (layer.outputs != outputs) return {Status::model_size_mismatch, layer.outputs, outputs};
  }
  return Status::ok;
}

/// Bytes of memory for IntegerFineTuning.
constexpr std::size_t integer_fine_tuning_bytes(const Topology& topology, const FineTuningOptions& options) {
  return detail::integer_fine_tuning_plan(topology, options).bytes;
}

/// A network of integers in flash, some of whose layers learn, as floats.
class IntegerFineTuning : public TunedLayers {
 public:
  /// Copies the parameters that learn to `memory`, at least integer_fine_tuning_bytes(topology, options). topology: of
  /// the network that became `model`. All three must outlive this object. Errors: of check_model(topology, model),
  /// check(topology, options) and check(memory).
  Result bind(const Topology& topology, const IntegerModel& model, const FineTuningOptions& options, Memory memory);
  Result bind(const Topology& topology, IntegerModel&& model, const FineTuningOptions& options, Memory memory) = delete;
  Result bind(Topology&& topology, const IntegerModel& model, const FineTuningOptions& options, Memory memory) = delete;

  /// As FineTuning::train() and FineTuning::forward_pre_activations(), but inputs are clamped to the range of the
  /// model's quantization, and NaN becomes 0.
  Result train(const Inputs& inputs, std::uint8_t label) { return train_kept(keep_checked(inputs), label); }
  Result train(const Inputs& inputs, Span<const float> targets) { return train_kept(keep_checked(inputs), targets); }
  Span<const float> forward_pre_activations(const Inputs& inputs) {
    keep_features(inputs);
    return forward_kept();
  }

 protected:
  /// With the memory's plan, and with these methods only. Does not check the arguments.
  void bind(const Topology& topology, const IntegerModel& model, const FineTuningOptions& options, Memory memory,
            const detail::FineTuningPlan& plan, const detail::Methods& methods);

 private:
  void keep_features(const Inputs& inputs);
  Result keep_checked(const Inputs& inputs);

  IntegerModel frozen_model_;  // the layers before the first that learns
  IntegerNetwork frozen_network_;
  Quantization of_features_;
  Span<float> features_;
  Span<std::int8_t> inputs_;
};

}  // namespace mote

#endif  // MOTE_INTEGER_FINE_TUNING_HPP
