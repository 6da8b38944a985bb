// SPDX-License-Identifier: MIT
// The tensors of a network as a model file has them: their order, names, shapes, and where their numbers go.
#pragma once

#include "mote/detail/finite.hpp"
#include "mote/model_file.hpp"

namespace mote::detail {

/// [outputs][columns] in a file.
struct ModelTensor {
  enum class Kind : std::uint8_t { weight, bias, norm_weight, norm_bias, norm_mean, norm_variance };
  Kind kind = Kind::weight;
  std::size_t layer = 0;
  std::size_t outputs = 0;
  std::size_t columns = 1;  // weight: the inputs

  std::uint64_t elements() const { return std::uint64_t{outputs} * columns; }
  bool is_running() const { return kind == Kind::norm_mean || kind == Kind::norm_variance; }
};

inline constexpr std::size_t kMaxModelTensors = 5 * kMaxLayers;

/// The i-th of model_tensor_count().
ModelTensor model_tensor(const Topology& topology, std::size_t i);

/// "norms.3.num_batches_tracked"
TensorName batch_count_name(std::size_t layer);

/// Element [j][k] is float offset + j + k stride of the parameters, or where is_running() of the running statistics.
struct FloatPlace {
  std::size_t offset, stride;
};
FloatPlace place_of(const Topology& topology, const ModelTensor& tensor);

/// Calls f(float of `parameters` or `running`) for the elements of a tensor in the order of a file.
template <typename Float, typename F>
void for_each_element(const Topology& topology, const ModelTensor& tensor, Span<Float> parameters, Span<Float> running,
                      F f) {
  const detail::FloatPlace place = place_of(topology, tensor);
  Float* first = (tensor.is_running() ? running : parameters).data() + place.offset;
  for (std::size_t j = 0; j < tensor.outputs; ++j) {
    for (std::size_t k = 0; k < tensor.columns; ++k) f(first[j + k * place.stride]);
  }
}

/// Whether x may stand in a file.
inline bool is_possible(const ModelTensor& tensor, float x) {
  return is_finite(x) && !(tensor.kind == ModelTensor::Kind::norm_variance && x < 0.0f);
}

/// ok, or memory_too_small unless there are as many floats as the network has.
Result check_sizes(const Topology& topology, Span<const float> parameters, Span<const float> running);

}  // namespace mote::detail
