// SPDX-License-Identifier: MIT
#include "model_header.hpp"

namespace mote {
namespace detail {
namespace {

using Kind = ModelTensor::Kind;

std::size_t tensors_of(const Layer& layer) {
  return layer.batch_norm ? 5 : 2;
}

/// Tensor i of those that no network needs.
ModelTensor optional_tensor(const Topology& topology, std::size_t i) {
  const std::size_t layers = topology.layer_count, l = i % layers;
  if (i < layers) return {Kind::counter, l, 1};
  if (i < 2 * layers) {
    return {Kind::bias_before_norm, l, topology.outputs_of(l), 1, topology.scale_floats_before(l)};
  }
  const auto kind = static_cast<Kind>(static_cast<std::size_t>(Kind::input_offset) + i - 2 * layers);
  return {kind, 0, kind == Kind::golden_outputs ? topology.outputs() : topology.inputs};
}

}  // namespace

ModelTensor model_tensor(const Topology& topology, std::size_t i) {
  if (const std::size_t count = model_tensor_count(topology); i >= count) return optional_tensor(topology, i - count);
  std::size_t l = 0;
  for (; i >= tensors_of(topology.layers[l]); ++l) i -= tensors_of(topology.layers[l]);
  const Kind kind = i == 0                           ? Kind::weight
                    : !topology.layers[l].batch_norm ? Kind::bias
                                                     : static_cast<Kind>(static_cast<std::size_t>(Kind::bias) + i);
  const std::size_t outputs = topology.outputs_of(l);
  switch (kind) {
    case Kind::bias:
    case Kind::norm_bias: return {kind, l, outputs, 1, topology.biases_offset(l)};
    case Kind::norm_weight: return {kind, l, outputs, 1, topology.scales_offset(l)};
    case Kind::norm_mean: return {kind, l, outputs, 1, topology.scale_floats_before(l)};
    case Kind::norm_variance:
      return {kind, l, outputs, 1, topology.all_scale_floats() + topology.scale_floats_before(l)};
    default: break;
  }
  return {kind, l, outputs, topology.inputs_of(l), topology.weights_offset(l), topology.stride_of(l)};
}

std::size_t model_tensor_index(const Topology& topology, ModelTensor::Kind kind) {
  const std::size_t first = model_tensor_count(topology) + 2 * topology.layer_count;
  return first + static_cast<std::size_t>(kind) - static_cast<std::size_t>(Kind::input_offset);
}

}  // namespace detail

std::size_t model_tensor_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += detail::tensors_of(topology.layers[l]);
  return count;
}

std::size_t known_model_tensors(const Topology& topology) {
  return detail::model_tensor_index(topology, detail::Kind::golden_outputs) + 1;
}

TensorShape model_tensor_shape(const Topology& topology, std::size_t tensor) {
  const detail::ModelTensor found = detail::model_tensor(topology, tensor);
  const std::size_t rank = found.kind == detail::Kind::weight ? 2 : found.kind == detail::Kind::counter ? 0 : 1;
  return {rank, {found.outputs, found.columns}};
}

TensorName model_tensor_name(const Topology& topology, std::size_t tensor) {
  MOTE_ASSERT(tensor < known_model_tensors(topology));
  using Kind = detail::ModelTensor::Kind;
  const detail::ModelTensor named = detail::model_tensor(topology, tensor);
  constexpr const char* kEndings[] = {".weight",
                                      ".bias",
                                      ".weight",
                                      ".bias",
                                      ".running_mean",
                                      ".running_var",
                                      ".num_batches_tracked",
                                      ".bias",
                                      "inputs.offset",
                                      "inputs.scale",
                                      "golden.inputs",
                                      "golden.outputs"};
  TensorName name{};
  char* to = name.text;
  const auto append = [&to](const char* text) {
    while (*text != '\0') *to++ = *text++;
  };
  if (named.kind < Kind::input_offset) {
    append(named.kind <= Kind::bias || named.kind == Kind::bias_before_norm ? "layers." : "norms.");
    std::size_t power = 1;
    while (named.layer / power >= 10) power *= 10;
    for (; power != 0; power /= 10) *to++ = static_cast<char>('0' + named.layer / power % 10);
  }
  append(kEndings[static_cast<std::size_t>(named.kind)]);
  return name;
}

}  // namespace mote
