// SPDX-License-Identifier: MIT
// The description of a network, its sizes, and where each parameter stands. All of it is usable at compile time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/activation.hpp"
#include "mote/memory.hpp"
#include "mote/status.hpp"
#include "mote/target.hpp"

namespace mote {

/// Deepest network a Topology can describe, not counting the inputs: a number. Define it for library and program alike:
/// those that differ in it, or in MOTE_MICROCONTROLLER, do not link.
#ifndef MOTE_MAX_LAYERS
#define MOTE_MAX_LAYERS 64
#endif
inline constexpr std::size_t kMaxLayers = MOTE_MAX_LAYERS;

/// Largest number of inputs, or of units in a layer.
inline constexpr std::uint32_t kMaxLayerSize = 1u << 20;

/// A fully connected layer: activations = activation(inputs * weights + biases).
struct Layer {
  std::uint32_t outputs = 0;  ///< units, 1 to kMaxLayerSize; 0 means "no layer"
  Activation activation = Activation::identity;
  bool batch_norm =
      false;  ///< hidden layers: activation(scales * normalized(inputs * weights) + biases); batch_norm.hpp
};

/// Row lengths are rounded up to this many floats, so that the kernels' vector loops need no tails.
#ifdef MOTE_MICROCONTROLLER
inline constexpr std::size_t kRowAlignment = 4;
#else
inline constexpr std::size_t kRowAlignment = 16;
#endif

// How memory is laid out is in the names of types, and so of the functions that take them.
#define MOTE_JOIN_NOW(a, b) a##b
#define MOTE_JOIN(a, b) MOTE_JOIN_NOW(a, b)
#ifdef MOTE_MICROCONTROLLER
#define MOTE_LAYOUT MOTE_JOIN(micro_, MOTE_MAX_LAYERS)
#else
#define MOTE_LAYOUT MOTE_JOIN(layers_, MOTE_MAX_LAYERS)
#endif

namespace detail {
/// The next multiple of kRowAlignment: columns of a row that loops over vectors touch. Always inlined, because numeric
/// files are compiled once per instruction set and must not share functions.
[[gnu::always_inline]] constexpr std::size_t padded_columns(std::size_t columns) {
  return (columns + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}
}  // namespace detail

/// Distance in floats between consecutive rows of `columns` values in weights, activations and deltas. A multiple of
/// kRowAlignment; multiples of 512 bytes are avoided because their rows compete for the same cache sets.
constexpr std::size_t row_stride(std::size_t columns) {
  const std::size_t rounded = detail::padded_columns(columns);
  return rounded % 128 == 0 ? rounded + kRowAlignment : rounded;
}

inline namespace MOTE_LAYOUT {
/// Sizes and activations of a multilayer perceptron:
///   constexpr mote::Topology topology{784, {30, Activation::sigmoid}, {10, Activation::softmax}};
/// Layers are counted from 0 (the first after the inputs) to layer_count - 1 (the output layer).
///
/// Parameters are one flat array of parameter_count() floats: the weights of every layer, then the biases of every
/// layer, then the scales of every layer with batch normalization. Weights of layer l: [inputs_of(l)][stride_of(l)],
/// of which the first outputs_of(l) of each row are used and the rest is always 0. Biases and scales of layer l:
/// [stride_of(l)], likewise. Gradients and optimizer state have the same layout.
struct Topology {
  std::uint32_t inputs = 0;
  std::uint32_t layer_count = 0;
  Layer layers[kMaxLayers] = {};

  constexpr Topology() = default;
  constexpr Topology(std::uint32_t input_count, Layer a, Layer b = {}, Layer c = {}, Layer d = {}, Layer e = {},
                     Layer f = {}, Layer g = {}, Layer h = {})
      : inputs(input_count) {
    const Layer given[] = {a, b, c, d, e, f, g, h};
    std::size_t count = sizeof given / sizeof given[0];
    while (count > 1 && given[count - 1].outputs == 0) --count;  // the defaults; a 0 before the last layer is an error
    for (std::size_t l = 0; l < count; ++l) static_cast<void>(add(given[l]));
  }

  /// Appends a layer; too_many_layers when there is no room.
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

  /// Units of the largest layer.
  constexpr std::size_t max_outputs() const {
    std::size_t most = 0;
    for (std::size_t l = 0; l < layer_count; ++l) most = outputs_of(l) > most ? outputs_of(l) : most;
    return most;
  }
  /// Longest row of activations or deltas, in floats.
  constexpr std::size_t max_stride() const {
    std::size_t longest = 0;
    for (std::size_t l = 0; l < layer_count; ++l) longest = stride_of(l) > longest ? stride_of(l) : longest;
    return longest;
  }

  /// Floats that the weights of layer l take, padding included.
  constexpr std::size_t weight_floats(std::size_t layer) const { return inputs_of(layer) * stride_of(layer); }
  constexpr std::size_t weights_offset(std::size_t layer) const {
    std::size_t offset = 0;
    for (std::size_t l = 0; l < layer; ++l) offset += weight_floats(l);
    return offset;
  }
  /// Floats before the first bias: the part of the parameters that weight penalties apply to.
  constexpr std::size_t all_weight_floats() const { return weights_offset(layer_count); }
  constexpr std::size_t biases_offset(std::size_t layer) const {
    std::size_t offset = all_weight_floats();
    for (std::size_t l = 0; l < layer; ++l) offset += stride_of(l);
    return offset;
  }
  /// Floats that the scales of the layers before this one take: none where there is no batch normalization.
  constexpr std::size_t scale_floats_before(std::size_t layer) const {
    std::size_t floats = 0;
    for (std::size_t l = 0; l < layer; ++l) floats += layers[l].batch_norm ? stride_of(l) : 0;
    return floats;
  }
  constexpr std::size_t all_scale_floats() const { return scale_floats_before(layer_count); }
  constexpr std::size_t scales_offset(std::size_t layer) const {
    return biases_offset(layer_count) + scale_floats_before(layer);
  }
  /// Floats of the whole parameter array, padding included.
  constexpr std::size_t parameter_count() const { return scales_offset(layer_count); }
  constexpr std::size_t parameter_bytes() const { return parameter_count() * sizeof(float); }

  /// Numbers that training adjusts: weights, biases and scales without padding, as a textbook counts them.
  constexpr std::size_t trainable_count() const {
    std::size_t count = 0;
    for (std::size_t l = 0; l < layer_count; ++l) {
      count += (inputs_of(l) + (layers[l].batch_norm ? 2 : 1)) * outputs_of(l);
    }
    return count;
  }
};
}  // namespace MOTE_LAYOUT

/// ok, or why no network can be made: no_layers, layer_size_out_of_range, softmax_not_last, batch_norm_in_last_layer,
/// network_too_large.
constexpr Result check(const Topology& topology) {
  if (topology.layer_count == 0) return Status::no_layers;
  if (topology.layer_count > kMaxLayers) return {Status::too_many_layers, topology.layer_count, kMaxLayers};
  if (topology.inputs == 0 || topology.inputs > kMaxLayerSize) {
    return {Status::layer_size_out_of_range, topology.inputs, kMaxLayerSize};
  }
  // Optimizers keep up to three more arrays of this size, and bytes must be countable: a sixteenth of size_t's range.
  const std::uint64_t limit = static_cast<std::size_t>(-1) / 16 / sizeof(float);
  std::uint64_t floats = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const Layer layer = topology.layers[l];
    if (layer.outputs == 0 || layer.outputs > kMaxLayerSize) {
      return {Status::layer_size_out_of_range, layer.outputs, kMaxLayerSize};
    }
    if (layer.activation == Activation::softmax && l + 1 != topology.layer_count) {
      return {Status::softmax_not_last, l + 1, topology.layer_count};
    }
    if (layer.batch_norm && l + 1 == topology.layer_count) return Status::batch_norm_in_last_layer;
    floats += (std::uint64_t{layer.batch_norm ? 2u : 1u} + topology.inputs_of(l)) * topology.stride_of(l);
    if (floats > limit) return {Status::network_too_large, floats * sizeof(float), limit * sizeof(float)};
  }
  return Status::ok;
}

/// CRC-32 over every weight (layer by layer, row by row), then every bias, then every scale of batch normalization, as
/// little-endian IEEE floats without padding: equal on all targets exactly when the parameters are.
std::uint32_t fingerprint(const Topology& topology, Span<const float> parameters);

}  // namespace mote
