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
//   mote::quantize(model::inputs(pixels), model::kModel.input, inputs);  // inputs: [784]
//   const std::size_t digit = mote::argmax(network.forward(inputs));
//
// A regression needs finer outputs than the 256 of int8: `--export-weights integer16` writes an IntegerModel16 for
// IntegerNetwork16, whose activations are int16 and whose weights stay int8.
#ifndef MOTE_INTEGER_NETWORK_HPP
#define MOTE_INTEGER_NETWORK_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/integer_product.hpp"
#include "mote/inputs.hpp"
#include "mote/memory.hpp"

namespace mote {

/// Rounds each x / scale to nearest, ties away from 0, adds zero and clamps; NaN becomes zero. x, q: [count]. T: int8
/// or int16, as in all templates of this header.
template <typename T>
void quantize(const float* x, std::size_t count, Quantization to, T* q);
/// Quantizes the first sample. q: [inputs.features]. Bytes with the scale of `to` and without offset are only added to
/// zero, in integers.
template <typename T>
void quantize(const Inputs& inputs, Quantization to, T* q);

/// The number that q stands for: an output of a network is dequantize(q, model.output()).
constexpr float dequantize(std::int32_t q, Quantization from) {
  return static_cast<float>(q - from.zero) * from.scale;
}

/// View of a constant network. Its arrays must outlive it.
template <typename T>
struct BasicIntegerModel {
  Span<const BasicIntegerLayer<T>> layers;               ///< each takes the outputs of the layer before
  Quantization input;                                    ///< of the inputs of the first layer
  BasicIntegerProduct<T> product = &integer_product<T>;  ///< or a vendor's kernel with equal results

  constexpr Quantization output() const { return layers[layers.size() - 1].output; }
};
using IntegerModel = BasicIntegerModel<std::int8_t>;
using IntegerModel16 = BasicIntegerModel<std::int16_t>;

namespace detail {
/// Most outputs of the layers `parity`, `parity` + 2, ...: the row that these layers write.
template <typename T>
constexpr std::size_t integer_row(Span<const BasicIntegerLayer<T>> layers, std::size_t parity) {
  std::size_t most = 0;
  for (std::size_t l = parity; l < layers.size(); l += 2) most = layers[l].outputs > most ? layers[l].outputs : most;
  return most;
}
}  // namespace detail

/// Bytes of scratch memory, aligned for T: two rows of activations, which layers write in turn.
template <typename T>
constexpr std::size_t integer_network_bytes(Span<const BasicIntegerLayer<T>> layers) {
  return (detail::integer_row(layers, 0) + detail::integer_row(layers, 1)) * sizeof(T);
}

/// A model ready for inference, one sample at a time. Not copyable: a copy would share the scratch memory.
template <typename T>
class BasicIntegerNetwork {
 public:
  BasicIntegerNetwork() = default;
  BasicIntegerNetwork(const BasicIntegerNetwork&) = delete;
  BasicIntegerNetwork& operator=(const BasicIntegerNetwork&) = delete;

  /// Model and scratch (at least integer_network_bytes(model.layers)) must outlive the network. Errors: no_layers;
  /// input_size_mismatch for layers that do not fit (found: inputs; expected: outputs of the layer before);
  /// layer_size_out_of_range; memory_misaligned; memory_too_small.
  Result bind(const BasicIntegerModel<T>& model, Memory scratch);
  Result bind(BasicIntegerModel<T>&& model, Memory scratch) = delete;

  /// Returns the outputs of the last layer, quantized as model.output(): a view of the scratch memory, valid until the
  /// next call. inputs: quantized as model.input.
  Span<const T> forward(const T* inputs) const;

  const BasicIntegerModel<T>& model() const { return *model_; }

 private:
  const BasicIntegerModel<T>* model_ = nullptr;
  T* rows_[2] = {};
};
using IntegerNetwork = BasicIntegerNetwork<std::int8_t>;
using IntegerNetwork16 = BasicIntegerNetwork<std::int16_t>;

/// Index of the largest value, the first of equals. values must not be empty.
std::size_t argmax(Span<const std::int8_t> values);
std::size_t argmax(Span<const std::int16_t> values);

/// How softmax() quantizes probabilities.
inline constexpr Quantization kProbability{1.0f / 256.0f, -128};
/// Computes probabilities, [z.size()], quantized as kProbability, of the outputs z of a network that ends in softmax.
/// exponentials: [256], from make_exponentials() or the exported header. May overwrite z.
void softmax(Span<const std::int8_t> z, const std::uint16_t* exponentials, std::int8_t* probabilities);

/// One quantized sample and its outputs, for verify(). A view: its arrays must outlive it.
template <typename T>
struct BasicIntegerGolden {
  const T* inputs;
  const T* outputs;
  std::uint32_t checksum;  ///< checksum() of the model
};
using IntegerGolden = BasicIntegerGolden<std::int8_t>;
using IntegerGolden16 = BasicIntegerGolden<std::int16_t>;

/// CRC-32 of the weights, biases, multipliers, shifts and tables of each layer, as little-endian numbers.
template <typename T>
std::uint32_t checksum(const BasicIntegerModel<T>& model);
/// Checks the model at start-up. Errors: model_damaged for another checksum; golden_mismatch (found: index of the
/// output) for another output.
template <typename T>
Result verify(const BasicIntegerNetwork<T>& network, const BasicIntegerGolden<T>& golden);

#define MOTE_DECLARE(T)                                                       \
  extern template void quantize(const float*, std::size_t, Quantization, T*); \
  extern template void quantize(const Inputs&, Quantization, T*);             \
  extern template class BasicIntegerNetwork<T>;                               \
  extern template std::uint32_t checksum(const BasicIntegerModel<T>&);        \
  extern template Result verify(const BasicIntegerNetwork<T>&, const BasicIntegerGolden<T>&);
MOTE_DECLARE(std::int8_t)
MOTE_DECLARE(std::int16_t)
#undef MOTE_DECLARE

}  // namespace mote

#endif  // MOTE_INTEGER_NETWORK_HPP
