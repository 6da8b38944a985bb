// SPDX-License-Identifier: MIT
#include "mote/folding.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/finite.hpp"

namespace mote {
namespace {

/// ok if the first or the last layer can be folded; an error of the topology, the layer or the parameters.
Result check_foldable(const Topology& topology, bool is_first, Span<const float> parameters) {
  if (const Result result = check(topology); !result.ok()) return result;
  const std::size_t layer = is_first ? 0 : topology.layer_count - 1;
  if (topology.layers[layer].batch_norm) return Status::batch_norm_not_folded;
  return check_at_least(parameters, topology.parameter_count());
}

/// Calls fold(j, writes) for every unit of a layer: without writing first, and if all return true, with writing.
template <typename Fold>
Result fold_layer(const Topology& topology, std::size_t layer, Fold fold) {
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t j = 0; j < topology.outputs_of(layer); ++j) {
      if (!fold(j, pass == 1)) return {Status::not_finite, 0, layer};
    }
  }
  return Status::ok;
}

/// Stores a parameter if `writes`. Returns it as rounded to float.
double store(double value, bool writes, float& to) {
  const auto rounded = static_cast<float>(value);
  if (writes) to = rounded;
  return static_cast<double>(rounded);
}

bool in_range(double x) {
  return x - x == 0.0;
}

}  // namespace

Result fold_inputs(const Topology& topology, const Inputs& transformation, Span<float> parameters) {
  if (const Result result = check_foldable(topology, true, parameters); !result.ok()) return result;
  if (transformation.scales != nullptr && transformation.features != topology.inputs) {
    return {Status::input_size_mismatch, transformation.features, topology.inputs};
  }
  if (const Result result = check(transformation); !result.ok()) return result;
  const std::size_t stride = topology.stride_of(0);
  float* biases = parameters.data() + topology.biases_offset(0);
  return fold_layer(topology, 0, [&](std::size_t j, bool writes) {
    double bias = static_cast<double>(biases[j]);
    for (std::size_t k = 0; k < topology.inputs; ++k) {
      float& weight = parameters[k * stride + j];
      const auto scale = static_cast<double>(transformation.scale_of(k));
      const double folded = store(static_cast<double>(weight) * scale, writes, weight);
      bias -= static_cast<double>(transformation.offset_of(k)) * folded;  // NaN or infinite if `folded` is
    }
    return in_range(store(bias, writes, biases[j]));
  });
}

Result fold_targets(const Topology& topology, Span<const float> offsets, Span<const float> scales,
                    Span<float> parameters) {
  if (const Result result = check_foldable(topology, false, parameters); !result.ok()) return result;
  if (topology.output_activation() != Activation::identity) return Status::loss_activation_mismatch;
  const std::size_t last = topology.layer_count - 1, outputs = topology.outputs(), stride = topology.stride_of(last);
  if (const Result result = check_exactly(offsets, outputs); !result.ok()) return result;
  if (const Result result = check_exactly(scales, outputs); !result.ok()) return result;
  for (std::size_t j = 0; j < outputs; ++j) {
    const bool is_right = detail::is_finite(offsets[j]) && detail::is_finite(scales[j]) && scales[j] != 0.0f;
    if (!is_right) return {Status::bad_input_scale, j};
  }
  float* weights = parameters.data() + topology.weights_offset(last);
  float* biases = parameters.data() + topology.biases_offset(last);
  return fold_layer(topology, last, [&](std::size_t j, bool writes) {
    const auto scale = static_cast<double>(scales[j]);
    bool all_finite = true;
    for (std::size_t k = 0; k < topology.inputs_of(last); ++k) {
      float& weight = weights[k * stride + j];
      all_finite = in_range(store(static_cast<double>(weight) / scale, writes, weight)) && all_finite;
    }
    const double bias = static_cast<double>(biases[j]) / scale + static_cast<double>(offsets[j]);
    return in_range(store(bias, writes, biases[j])) && all_finite;
  });
}

}  // namespace mote
