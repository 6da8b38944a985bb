// SPDX-License-Identifier: MIT
#include "model_header.hpp"

namespace mote {
namespace detail {
namespace {

using Kind = ModelTensor::Kind;

std::size_t tensors_of(const Layer& layer) {
  return layer.batch_norm ? 5 : 2;
}

}  // namespace

ModelTensor model_tensor(const Topology& topology, std::size_t i) {
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
    case Kind::weight: break;
  }
  return {kind, l, outputs, topology.inputs_of(l), topology.weights_offset(l), topology.stride_of(l)};
}

}  // namespace detail

std::size_t model_tensor_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += detail::tensors_of(topology.layers[l]);
  return count;
}

TensorShape model_tensor_shape(const Topology& topology, std::size_t tensor) {
  if (tensor >= model_tensor_count(topology)) return {0, {1, 1}};
  const detail::ModelTensor found = detail::model_tensor(topology, tensor);
  return {found.kind == detail::Kind::weight ? 2u : 1u, {found.outputs, found.columns}};
}

TensorName model_tensor_name(const Topology& topology, std::size_t tensor) {
  const std::size_t count = model_tensor_count(topology);
  MOTE_ASSERT(tensor < count + topology.layer_count);
  const bool is_counter = tensor >= count;
  const detail::ModelTensor named = is_counter ? detail::ModelTensor{} : detail::model_tensor(topology, tensor);
  const std::size_t layer = is_counter ? tensor - count : named.layer;
  constexpr const char* kEndings[] = {".weight", ".bias", ".weight", ".bias", ".running_mean", ".running_var"};
  TensorName name{};
  char* to = name.text;
  const auto append = [&to](const char* text) {
    while (*text != '\0') *to++ = *text++;
  };
  append(!is_counter && named.kind <= detail::Kind::bias ? "layers." : "norms.");
  std::size_t power = 1;
  while (layer / power >= 10) power *= 10;
  for (; power != 0; power /= 10) *to++ = static_cast<char>('0' + layer / power % 10);
  append(is_counter ? ".num_batches_tracked" : kEndings[static_cast<std::size_t>(named.kind)]);
  return name;
}

}  // namespace mote
