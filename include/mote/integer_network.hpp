// SPDX-License-Identifier: MIT
// Inference in integers, for cores without a floating-point unit: weights and activations are int8, sums and biases
// int32, as TFLite's 8-bit specification for fully connected layers has it, so that a vendor's kernel may stand in.
// Integers round equally everywhere: one input gives the same bytes on every machine.
//
//   mote::IntegerNetwork network;
//   if (!network.bind(model, scratch).ok()) halt();  // scratch: integer_network_bytes(model.layers)
//   const std::size_t digit = mote::argmax(network.forward(bytes));
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/integer_product.hpp"
#include "mote/memory.hpp"

namespace mote {

/// An int8 q stands for the number (q - zero) * scale.
struct Quantization {
  float scale = 1.0f;  ///< finite, > 0
  std::int8_t zero = 0;
};

/// Rounds each x / scale to nearest, ties away from 0, adds zero and clamps. x, q: [count].
void quantize(const float* x, std::size_t count, Quantization to, std::int8_t* q);

/// View of a constant network. Its arrays must outlive it.
struct IntegerModel {
  Span<const IntegerLayer> layers;
  Quantization input, output;
};

/// Bytes of scratch memory: two rows of activations.
constexpr std::size_t integer_network_bytes(Span<const IntegerLayer> layers) {
  std::size_t most[2] = {};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    most[l % 2] = layers[l].outputs > most[l % 2] ? layers[l].outputs : most[l % 2];
  }
  return most[0] + most[1];
}

class IntegerNetwork {
 public:
  IntegerNetwork() = default;
  IntegerNetwork(const IntegerNetwork&) = delete;
  IntegerNetwork& operator=(const IntegerNetwork&) = delete;

  /// Model and scratch (at least integer_network_bytes(model.layers)) must outlive the network. Errors: no_layers;
  /// input_size_mismatch for layers that do not fit (found: inputs; expected: outputs of the layer before);
  /// layer_size_out_of_range; memory_too_small.
  Result bind(const IntegerModel& model, Memory scratch);
  Result bind(IntegerModel&& model, Memory scratch) = delete;

  /// Returns the outputs of the last layer, quantized as model.output: a view of the scratch memory, valid until the
  /// next call. inputs: quantized as model.input.
  Span<const std::int8_t> forward(const std::int8_t* inputs) const;

 private:
  const IntegerModel* model_ = nullptr;
  std::int8_t* rows_[2] = {};
};

/// Index of the largest value, the first of equals. values must not be empty.
std::size_t argmax(Span<const std::int8_t> values);

}  // namespace mote
