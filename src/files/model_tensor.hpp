// SPDX-License-Identifier: MIT
// Tensors of a model file: the order in which they are written, their shapes, and where their numbers lie in memory.
#pragma once

#include "mote/detail/finite.hpp"
#include "mote/model_file.hpp"

namespace mote::detail {

/// One tensor of a network, [outputs][columns].
struct ModelTensor {
  enum class Kind : std::uint8_t { weight, bias, norm_weight, norm_bias, norm_mean, norm_variance };
  Kind kind = Kind::weight;
  std::size_t layer = 0;
  std::size_t outputs = 0;
  std::size_t columns = 1;  ///< inputs of the layer for its weights, else 1

  std::uint64_t elements() const { return std::uint64_t{outputs} * columns; }
  bool is_running() const { return kind == Kind::norm_mean || kind == Kind::norm_variance; }
  /// Whether x is a valid element: finite, and not a negative variance.
  bool allows(float x) const { return is_finite(x) && !(kind == Kind::norm_variance && x < 0.0f); }
};

inline constexpr std::size_t kMaxModelTensors = 5 * kMaxLayers;

/// Tensor i of model_tensor_count().
ModelTensor model_tensor(const Topology& topology, std::size_t i);

/// Element [j][k] is float offset + j + k stride of the running statistics if is_running(), else of the parameters.
struct FloatPlace {
  std::size_t offset, stride;
};
FloatPlace place_of(const Topology& topology, const ModelTensor& tensor);

/// Calls f(float) for the elements of a tensor in file order.
template <typename Float, typename F>
void for_each_element(const Topology& topology, const ModelTensor& tensor, Span<Float> parameters, Span<Float> running,
                      F f) {
  const FloatPlace place = place_of(topology, tensor);
  Float* first = (tensor.is_running() ? running : parameters).data() + place.offset;
  for (std::size_t j = 0; j < tensor.outputs; ++j) {
    for (std::size_t k = 0; k < tensor.columns; ++k) f(first[j + k * place.stride]);
  }
}

}  // namespace mote::detail
