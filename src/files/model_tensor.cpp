// SPDX-License-Identifier: MIT
#include "model_tensor.hpp"

#include "mote/batch_norm.hpp"

namespace mote {
namespace detail {
namespace {

using Kind = ModelTensor::Kind;

std::size_t tensors_of(const Layer& layer) {
  return layer.batch_norm ? 5 : 2;
}

/// "FOLDER.3.ENDING"
TensorName make_name(const char* folder, std::size_t layer, const char* ending) {
  TensorName name{};
  char* to = name.text;
  while (*folder != '\0') *to++ = *folder++;
  std::size_t power = 1;
  while (layer / power >= 10) power *= 10;
  for (; power != 0; power /= 10) *to++ = static_cast<char>('0' + layer / power % 10);
  while (*ending != '\0') *to++ = *ending++;
  return name;
}

}  // namespace

ModelTensor model_tensor(const Topology& topology, std::size_t i) {
  std::size_t l = 0;
  for (; i >= tensors_of(topology.layers[l]); ++l) i -= tensors_of(topology.layers[l]);
  ModelTensor tensor;
  tensor.layer = l;
  tensor.outputs = topology.outputs_of(l);
  if (i == 0) {
    tensor.columns = topology.inputs_of(l);
  } else if (!topology.layers[l].batch_norm) {
    tensor.kind = Kind::bias;
  } else {
    constexpr Kind kNorm[] = {Kind::norm_weight, Kind::norm_bias, Kind::norm_mean, Kind::norm_variance};
    tensor.kind = kNorm[i - 1];
  }
  return tensor;
}

TensorName batch_count_name(std::size_t layer) {
  return make_name("norms.", layer, ".num_batches_tracked");
}

FloatPlace place_of(const Topology& topology, const ModelTensor& tensor) {
  const std::size_t l = tensor.layer;
  switch (tensor.kind) {
    case Kind::bias:
    case Kind::norm_bias: return {topology.biases_offset(l), 0};
    case Kind::norm_weight: return {topology.scales_offset(l), 0};
    case Kind::norm_mean: return {topology.scale_floats_before(l), 0};
    case Kind::norm_variance: return {topology.all_scale_floats() + topology.scale_floats_before(l), 0};
    case Kind::weight: break;
  }
  return {topology.weights_offset(l), topology.stride_of(l)};
}

Result check_sizes(const Topology& topology, Span<const float> parameters, Span<const float> running) {
  if (const Result result = check_exactly(parameters, topology.parameter_count()); !result.ok()) return result;
  return check_exactly(running, running_statistics_count(topology));
}

}  // namespace detail

std::size_t model_tensor_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += detail::tensors_of(topology.layers[l]);
  return count;
}

TensorShape model_tensor_shape(const Topology& topology, std::size_t tensor) {
  const detail::ModelTensor found = detail::model_tensor(topology, tensor);
  const bool is_matrix = found.kind == detail::ModelTensor::Kind::weight;
  return {is_matrix ? 2u : 1u, {found.outputs, found.columns}};
}

TensorName model_tensor_name(const Topology& topology, std::size_t tensor) {
  MOTE_ASSERT(tensor < model_tensor_count(topology));
  constexpr const char* kEndings[] = {".weight", ".bias", ".weight", ".bias", ".running_mean", ".running_var"};
  const detail::ModelTensor named = detail::model_tensor(topology, tensor);
  const bool is_norm = named.kind != detail::ModelTensor::Kind::weight && named.kind != detail::ModelTensor::Kind::bias;
  return detail::make_name(is_norm ? "norms." : "layers.", named.layer, kEndings[static_cast<std::size_t>(named.kind)]);
}

}  // namespace mote
