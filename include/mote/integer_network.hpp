// SPDX-License-Identifier: MIT
// Inference in integers, for cores without a floating-point unit: weights and activations are int8, sums and biases
// int32, as TFLite's 8-bit specification for fully connected layers has it, so that a vendor's kernel may stand in.
// Integers round equally everywhere: one input gives the same bytes on every machine. `tools/train --export-header
// model.hpp --export-weights integer` writes the model:
//
//   #include "model.hpp"
//   static mote::Storage<mote::integer_network_bytes(model::kModel.layers)> scratch;
//   mote::IntegerNetwork network;
//   if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) halt();
//   mote::quantize(mote::Inputs(pixels, 1, 784, 1.0f / 255.0f), model::kModel.input, inputs);  // inputs: [784]
//   const std::size_t digit = mote::argmax(network.forward(inputs));
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/integer_product.hpp"
#include "mote/inputs.hpp"
#include "mote/memory.hpp"

namespace mote {

/// Rounds each x / scale to nearest, ties away from 0, adds zero and clamps; NaN becomes zero. x, q: [count].
void quantize(const float* x, std::size_t count, Quantization to, std::int8_t* q);
/// Quantizes the first sample. q: [inputs.features]. Bytes with the scale of `to` and without offset are only added to
/// zero, in integers.
void quantize(const Inputs& inputs, Quantization to, std::int8_t* q);

/// View of a constant network. Its arrays must outlive it.
struct IntegerModel {
  Span<const IntegerLayer> layers;            ///< each takes the outputs of the layer before
  Quantization input;                         ///< of the inputs of the first layer
  IntegerProduct product = &integer_product;  ///< or a vendor's kernel with equal results

  constexpr Quantization output() const { return layers[layers.size() - 1].output; }
};

namespace detail {
/// Most outputs of the layers `parity`, `parity` + 2, ...: the row that these layers write.
constexpr std::size_t integer_row(Span<const IntegerLayer> layers, std::size_t parity) {
  std::size_t most = 0;
  for (std::size_t l = parity; l < layers.size(); l += 2) most = layers[l].outputs > most ? layers[l].outputs : most;
  return most;
}
}  // namespace detail

/// Bytes of scratch memory, of any alignment: two rows of activations, which layers write in turn.
constexpr std::size_t integer_network_bytes(Span<const IntegerLayer> layers) {
  return detail::integer_row(layers, 0) + detail::integer_row(layers, 1);
}

/// A model ready for inference, one sample at a time. Not copyable: a copy would share the scratch memory.
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

  /// Returns the outputs of the last layer, quantized as model.output(): a view of the scratch memory, valid until the
  /// next call. inputs: quantized as model.input.
  Span<const std::int8_t> forward(const std::int8_t* inputs) const;

  const IntegerModel& model() const { return *model_; }

 private:
  const IntegerModel* model_ = nullptr;
  std::int8_t* rows_[2] = {};
};

/// Index of the largest value, the first of equals. values must not be empty.
std::size_t argmax(Span<const std::int8_t> values);

/// How softmax() quantizes probabilities.
inline constexpr Quantization kProbability{1.0f / 256.0f, -128};
/// Computes probabilities, [z.size()], quantized as kProbability, of the outputs z of a network that ends in softmax.
/// exponentials: [256], from make_exponentials() or the exported header. May overwrite z.
void softmax(Span<const std::int8_t> z, const std::uint16_t* exponentials, std::int8_t* probabilities);

/// One quantized sample and its outputs, for verify(). A view: its arrays must outlive it.
struct IntegerGolden {
  const std::int8_t* inputs;
  const std::int8_t* outputs;
  std::uint32_t checksum;  ///< checksum() of the model
};

/// CRC-32 of the weights, biases, multipliers, shifts and tables of each layer, as little-endian numbers.
std::uint32_t checksum(const IntegerModel& model);
/// Checks the model at start-up. Errors: model_damaged for another checksum; golden_mismatch (found: index of the
/// output) for another output.
Result verify(const IntegerNetwork& network, const IntegerGolden& golden);

}  // namespace mote
