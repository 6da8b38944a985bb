// SPDX-License-Identifier: MIT
// Description of a network: its layers, sizes and the layout of its parameters. All of it is usable at compile time.
#ifndef MOTE_TOPOLOGY_HPP
#define MOTE_TOPOLOGY_HPP

#include <cstddef>
#include <cstdint>

#include "mote/activation.hpp"
#include "mote/memory.hpp"
#include "mote/status.hpp"
#include "mote/target.hpp"

namespace mote {

/// Largest number of layers of a Topology, not counting the inputs. Define it for the library and the program: code
/// that differs in MOTE_MAX_LAYERS or MOTE_MICROCONTROLLER does not link.
#ifndef MOTE_MAX_LAYERS
#ifdef MOTE_MICROCONTROLLER
#define MOTE_MAX_LAYERS 16
#else
#define MOTE_MAX_LAYERS 128
#endif
#endif
inline constexpr std::size_t kMaxLayers = MOTE_MAX_LAYERS;

/// Largest number of inputs, or of units in a layer.
inline constexpr std::uint32_t kMaxLayerSize = 1u << 20;

/// A fully connected layer: activations = activation(inputs * weights + biases).
struct Layer {
  std::uint32_t outputs = 0;  ///< units, 1 to kMaxLayerSize; 0 means "no layer"
  Activation activation = Activation::identity;
  /// Hidden layers only: activations = activation(scales * normalized(inputs * weights) + biases), see batch_norm.hpp.
  bool batch_norm = false;
};

/// Rows are padded to a multiple of this many floats, so that vector loops need no remainder loops.
#ifdef MOTE_MICROCONTROLLER
inline constexpr std::size_t kRowAlignment = 4;
#else
inline constexpr std::size_t kRowAlignment = 16;
#endif

// The memory layout is part of the names of types, and so of the functions that take them.
#define MOTE_JOIN_NOW(a, b) a##b
#define MOTE_JOIN(a, b) MOTE_JOIN_NOW(a, b)
#ifdef MOTE_MICROCONTROLLER
#define MOTE_LAYOUT MOTE_JOIN(micro_, MOTE_MAX_LAYERS)
#else
#define MOTE_LAYOUT MOTE_JOIN(layers_, MOTE_MAX_LAYERS)
#endif

namespace detail {
/// `columns` rounded up to a multiple of kRowAlignment. (Always inlined: numeric files share no code.)
[[gnu::always_inline]] constexpr std::size_t padded_columns(std::size_t columns) {
  return (columns + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}
}  // namespace detail

/// Distance in floats between consecutive rows of weights, activations and deltas: a multiple of kRowAlignment.
/// With vectors, multiples of 512 bytes are avoided because rows at such distances compete for cache sets.
constexpr std::size_t row_stride(std::size_t columns) {
  const std::size_t rounded = detail::padded_columns(columns);
  return kRowAlignment >= 16 && rounded % 128 == 0 ? rounded + kRowAlignment : rounded;
}

inline namespace MOTE_LAYOUT {
struct Topology;
}
namespace detail {
/// In the outputs of the last layer of a Topology that was given more layers: 1 << 31 plus their number.
inline constexpr std::uint32_t kTooManyLayers = 1u << 31;
inline void define_MOTE_MAX_LAYERS(Topology& topology, std::uint32_t layers);  // not constexpr: an error in a constant
}  // namespace detail

inline namespace MOTE_LAYOUT {
/// Sizes and activations of a multilayer perceptron:
///   constexpr mote::Topology topology{784, {30, Activation::sigmoid}, {10, Activation::softmax}};
/// Layers are numbered from 0 (the first after the inputs) to layer_count - 1 (the output layer).
///
/// Parameters are one flat array of parameter_count() floats: the weights of every layer, then the biases of every
/// layer, then the scales of every layer with batch normalization. Weights of layer l: [inputs_of(l)][stride_of(l)];
/// biases and scales of layer l: [stride_of(l)]. The first outputs_of(l) floats of a row are used; the padding is
/// always 0. Gradients and optimizer state share this layout.
struct Topology {
  std::uint32_t inputs = 0;
  std::uint32_t layer_count = 0;
  Layer layers[kMaxLayers] = {};

  constexpr Topology() = default;
  /// More than kMaxLayers layers do not compile in a constant; elsewhere check() rejects them.
  constexpr Topology(std::uint32_t input_count, Layer a, Layer b = {}, Layer c = {}, Layer d = {}, Layer e = {},
                     Layer f = {}, Layer g = {}, Layer h = {}, Layer i = {}, Layer j = {}, Layer k = {}, Layer l = {})
      : inputs(input_count) {
    const Layer given[] = {a, b, c, d, e, f, g, h, i, j, k, l};
    std::uint32_t count = sizeof given / sizeof given[0];
    while (count > 1 && given[count - 1].outputs == 0) --count;  // unused defaults; check() rejects a 0 in between
    for (std::size_t n = 0; n < count && n < kMaxLayers; ++n) layers[layer_count++] = given[n];
    if (count > kMaxLayers) detail::define_MOTE_MAX_LAYERS(*this, count);
  }

  /// Appends a layer. Error: too_many_layers.
  constexpr Result add(Layer layer) {
    if (layer_count == kMaxLayers) return {Status::too_many_layers, layer_count + 1u, kMaxLayers};
    layers[layer_count++] = layer;
    return Status::ok;
  }

  constexpr std::size_t inputs_of(std::size_t layer) const { return layer == 0 ? inputs : layers[layer - 1].outputs; }
  constexpr std::size_t outputs_of(std::size_t layer) const { return layers[layer].outputs; }
  constexpr std::size_t outputs() const { return layer_count == 0 ? 0 : layers[layer_count - 1].outputs; }
  constexpr std::size_t stride_of(std::size_t layer) const { return row_stride(outputs_of(layer)); }
  constexpr Activation output_activation() const { return layers[layer_count - 1].activation; }

  /// Largest count(l) of all layers l.
  template <typename Count>
  constexpr std::size_t most(Count count) const {
    std::size_t largest = 0;
    for (std::size_t l = 0; l < layer_count; ++l) largest = count(l) > largest ? count(l) : largest;
    return largest;
  }
  /// Number of units of the largest layer.
  constexpr std::size_t max_outputs() const {
    return most([this](std::size_t l) { return outputs_of(l); });
  }
  /// Largest stride_of().
  constexpr std::size_t max_stride() const { return row_stride(max_outputs()); }

  /// Number of floats of the weights of a layer, padding included.
  constexpr std::size_t weight_floats(std::size_t layer) const { return inputs_of(layer) * stride_of(layer); }
  constexpr std::size_t weights_offset(std::size_t layer) const {
    std::size_t offset = 0;
    for (std::size_t l = 0; l < layer; ++l) offset += weight_floats(l);
    return offset;
  }
  /// Number of floats before the first bias: the parameters that weight penalties apply to.
  constexpr std::size_t all_weight_floats() const { return weights_offset(layer_count); }
  constexpr std::size_t biases_offset(std::size_t layer) const {
    std::size_t offset = all_weight_floats();
    for (std::size_t l = 0; l < layer; ++l) offset += stride_of(l);
    return offset;
  }
  /// Number of floats of the scales of all layers before `layer`. Layers without batch normalization have none.
  constexpr std::size_t scale_floats_before(std::size_t layer) const {
    std::size_t floats = 0;
    for (std::size_t l = 0; l < layer; ++l) floats += layers[l].batch_norm ? stride_of(l) : 0;
    return floats;
  }
  constexpr std::size_t all_scale_floats() const { return scale_floats_before(layer_count); }
  constexpr std::size_t scales_offset(std::size_t layer) const {
    return biases_offset(layer_count) + scale_floats_before(layer);
  }
  /// Number of floats of the parameter array, padding included.
  constexpr std::size_t parameter_count() const { return scales_offset(layer_count); }
  constexpr std::size_t parameter_bytes() const { return parameter_count() * sizeof(float); }

  /// Number of weights, biases and scales without padding, as a textbook counts them.
  constexpr std::size_t trainable_count() const {
    std::size_t count = 0;
    for (std::size_t l = 0; l < layer_count; ++l) {
      count += (inputs_of(l) + (layers[l].batch_norm ? 2 : 1)) * outputs_of(l);
    }
    return count;
  }
};
}  // namespace MOTE_LAYOUT

inline void detail::define_MOTE_MAX_LAYERS(Topology& topology, std::uint32_t layers) {
  topology.layers[kMaxLayers - 1].outputs = kTooManyLayers + layers;
}

/// ok, no_layers, too_many_layers, layer_size_out_of_range, bad_enumerator, softmax_not_last, batch_norm_in_last_layer
/// or network_too_large.
constexpr Result check(const Topology& topology) {
  if (topology.layer_count == 0) return Status::no_layers;
  if (topology.layer_count > kMaxLayers) return {Status::too_many_layers, topology.layer_count, kMaxLayers};
  const std::uint32_t most = topology.layers[kMaxLayers - 1].outputs;
  if (most > detail::kTooManyLayers) return {Status::too_many_layers, most - detail::kTooManyLayers, kMaxLayers};
  if (topology.inputs == 0 || topology.inputs > kMaxLayerSize) {
    return {Status::layer_size_out_of_range, topology.inputs, kMaxLayerSize};
  }
  // A sixteenth of the range of size_t: gradients, optimizer state and copies are more arrays of this size, counted in
  // bytes.
  const std::uint64_t limit = static_cast<std::size_t>(-1) / 16 / sizeof(float);
  std::uint64_t floats = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const Layer layer = topology.layers[l];
    if (layer.outputs == 0 || layer.outputs > kMaxLayerSize) {
      return {Status::layer_size_out_of_range, layer.outputs, kMaxLayerSize};
    }
    if (layer.activation > Activation::softplus) return detail::unknown(layer.activation);
    if (layer.activation == Activation::softmax && l + 1 != topology.layer_count) {
      return {Status::softmax_not_last, l + 1, topology.layer_count};
    }
    if (layer.batch_norm && l + 1 == topology.layer_count) return Status::batch_norm_in_last_layer;
    floats += (std::uint64_t{layer.batch_norm ? 2u : 1u} + topology.inputs_of(l)) * topology.stride_of(l);
    if (floats > limit) return {Status::network_too_large, floats * sizeof(float), limit * sizeof(float)};
  }
  return Status::ok;
}

/// CRC-32 of all weights (layer by layer, row by row), then all biases, then all scales of batch normalization, as
/// little-endian IEEE floats without padding. Equal parameters have equal fingerprints on all targets.
std::uint32_t fingerprint(const Topology& topology, Span<const float> parameters);

}  // namespace mote

#endif  // MOTE_TOPOLOGY_HPP
