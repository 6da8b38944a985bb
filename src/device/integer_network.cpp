// SPDX-License-Identifier: MIT
#include "mote/integer_network.hpp"

#include "mote/checksum.hpp"

namespace mote {
namespace {

/// What `to` can hold.
template <typename T>
T clamped(std::int32_t q, Quantization to) {
  const std::int32_t least = sizeof(T) == 1 ? -128 : -to.most, most = sizeof(T) == 1 ? 127 : to.most;
  return static_cast<T>(q < least ? least : q > most ? most : q);
}

template <typename T>
[[gnu::always_inline]] inline std::size_t first_largest(Span<const T> values) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i) best = values[i] > values[best] ? i : best;
  return best;
}

}  // namespace

template <typename T>
void quantize(const float* x, std::size_t count, Quantization to, T* q) {
  constexpr float kBeyond = sizeof(T) == 1 ? 256.0f : 65536.0f;
  for (std::size_t i = 0; i < count; ++i) {
    float scaled = x[i] / to.scale;
    if (!(scaled > -kBeyond)) scaled = scaled == scaled ? -kBeyond : 0.0f;
    if (scaled > kBeyond) scaled = kBeyond;
    q[i] = clamped<T>(static_cast<std::int32_t>(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f) + to.zero, to);
  }
}

template <typename T>
void quantize(const Inputs& inputs, Quantization to, T* q) {
  MOTE_ASSERT(inputs.count != 0);
  const float ratio = inputs.scale / to.scale;
  constexpr float kTolerance = 0x1p-10f;  // 255 times as much is less than half a unit
  const bool are_units = size_of(inputs.type) == 1 && inputs.keeps_zeros() && inputs.scales == nullptr &&
                         ratio > 1.0f - kTolerance && ratio < 1.0f + kTolerance;
  const auto* bytes = static_cast<const unsigned char*>(inputs.data);
  for (std::size_t i = 0; i < inputs.features; ++i) {
    if (!are_units) {
      const float x = input_at(inputs, 0, i);
      quantize(&x, 1, to, q + i);
      continue;
    }
    const std::int32_t element = inputs.type == ElementType::uint8 ? bytes[i] : static_cast<std::int8_t>(bytes[i]);
    q[i] = clamped<T>(element + to.zero, to);
  }
}

template <typename T>
Result BasicIntegerNetwork<T>::bind(const BasicIntegerModel<T>& model, Memory scratch) {
  constexpr std::uint32_t kMost = 65536;  // sums of so many products fit in 32 bits
  if (model.layers.empty()) return Status::no_layers;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const BasicIntegerLayer<T>& layer = model.layers[l];
    if (layer.inputs == 0 || layer.inputs > kMost) return {Status::layer_size_out_of_range, layer.inputs, kMost};
    if (layer.outputs == 0 || layer.outputs > kMost) return {Status::layer_size_out_of_range, layer.outputs, kMost};
    if (l != 0 && layer.inputs != model.layers[l - 1].outputs) {
      return {Status::input_size_mismatch, layer.inputs, model.layers[l - 1].outputs};
    }
  }
  const std::size_t past = reinterpret_cast<std::uintptr_t>(scratch.data()) % alignof(T);
  if (past != 0) return {Status::memory_misaligned, past, alignof(T)};
  const std::size_t needed = integer_network_bytes(model.layers);
  if (scratch.size() < needed) return {Status::memory_too_small, scratch.size(), needed};
  model_ = &model;
  rows_[0] = reinterpret_cast<T*>(scratch.data());
  rows_[1] = rows_[0] + detail::integer_row(model.layers, 0);
  return Status::ok;
}

template <typename T>
Span<const T> BasicIntegerNetwork<T>::forward(const T* inputs) const {
  MOTE_ASSERT(model_ != nullptr);
  const T* x = inputs;
  std::size_t outputs = 0;
  for (std::size_t l = 0; l < model_->layers.size(); ++l) {
    T* y = rows_[l % 2];
    model_->product(model_->layers[l], x, y);
    outputs = model_->layers[l].outputs;
    x = y;
  }
  return {x, outputs};
}

std::size_t argmax(Span<const std::int8_t> values) {
  return first_largest(values);
}
std::size_t argmax(Span<const std::int16_t> values) {
  return first_largest(values);
}

void softmax(Span<const std::int8_t> z, const std::uint16_t* exponentials, std::int8_t* probabilities) {
  const std::int32_t most = z[argmax(z)];
  std::uint32_t sum = 0;
  for (const std::int8_t value : z) sum += exponentials[most - value];
  MOTE_ASSERT(sum != 0);
  for (std::size_t j = 0; j < z.size(); ++j) {
    const std::uint32_t e = exponentials[most - z[j]], p = (e * 256 + sum / 2) / sum;
    probabilities[j] = static_cast<std::int8_t>(static_cast<std::int32_t>(p > 255 ? 255 : p) - 128);
  }
}

template <typename T>
std::uint32_t checksum(const BasicIntegerModel<T>& model) {
  std::uint32_t crc = 0;
  for (const BasicIntegerLayer<T>& layer : model.layers) {
    crc = crc32_of_numbers(layer.weights, 1, std::size_t{layer.inputs} * layer.outputs, crc);
    crc = crc32_of_numbers(layer.biases, sizeof(std::int32_t), layer.outputs, crc);
    crc = crc32_of_numbers(layer.multipliers, sizeof(std::int32_t), layer.outputs, crc);
    crc = crc32_of_numbers(layer.shifts, 1, layer.outputs, crc);
    if (layer.table != nullptr) crc = crc32_of_numbers(layer.table, sizeof(T), layer.kTable, crc);
  }
  return crc;
}

template <typename T>
Result verify(const BasicIntegerNetwork<T>& network, const BasicIntegerGolden<T>& golden) {
  const std::uint32_t found = checksum(network.model());
  if (found != golden.checksum) return {Status::model_damaged, found, golden.checksum};
  const Span<const T> outputs = network.forward(golden.inputs);
  for (std::size_t j = 0; j < outputs.size(); ++j) {
    if (outputs[j] != golden.outputs[j]) return {Status::golden_mismatch, j};
  }
  return Status::ok;
}

#define MOTE_INSTANTIATE(T)                                            \
  template void quantize(const float*, std::size_t, Quantization, T*); \
  template void quantize(const Inputs&, Quantization, T*);             \
  template class BasicIntegerNetwork<T>;                               \
  template std::uint32_t checksum(const BasicIntegerModel<T>&);        \
  template Result verify(const BasicIntegerNetwork<T>&, const BasicIntegerGolden<T>&);
MOTE_INSTANTIATE(std::int8_t)
MOTE_INSTANTIATE(std::int16_t)
#undef MOTE_INSTANTIATE

}  // namespace mote
