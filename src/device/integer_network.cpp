// SPDX-License-Identifier: MIT
#include "mote/integer_network.hpp"

namespace mote {

void quantize(const float* x, std::size_t count, Quantization to, std::int8_t* q) {
  for (std::size_t i = 0; i < count; ++i) {
    float scaled = x[i] / to.scale;
    if (!(scaled > -256.0f)) scaled = scaled == scaled ? -256.0f : 0.0f;
    if (scaled > 256.0f) scaled = 256.0f;
    const std::int32_t rounded = static_cast<std::int32_t>(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f) + to.zero;
    q[i] = static_cast<std::int8_t>(rounded < -128 ? -128 : rounded > 127 ? 127 : rounded);
  }
}

Result IntegerNetwork::bind(const IntegerModel& model, Memory scratch) {
  constexpr std::uint32_t kMost = 65536;  // sums of so many products fit in 32 bits
  if (model.layers.empty()) return Status::no_layers;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const IntegerLayer& layer = model.layers[l];
    if (layer.inputs == 0 || layer.inputs > kMost) return {Status::layer_size_out_of_range, layer.inputs, kMost};
    if (layer.outputs == 0 || layer.outputs > kMost) return {Status::layer_size_out_of_range, layer.outputs, kMost};
    if (l != 0 && layer.inputs != model.layers[l - 1].outputs) {
      return {Status::input_size_mismatch, layer.inputs, model.layers[l - 1].outputs};
    }
  }
  const std::size_t needed = integer_network_bytes(model.layers);
  if (scratch.size() < needed) return {Status::memory_too_small, scratch.size(), needed};
  model_ = &model;
  rows_[0] = reinterpret_cast<std::int8_t*>(scratch.data());
  rows_[1] = rows_[0] + detail::integer_row(model.layers, 0);
  return Status::ok;
}

Span<const std::int8_t> IntegerNetwork::forward(const std::int8_t* inputs) const {
  MOTE_ASSERT(model_ != nullptr);
  const std::int8_t* x = inputs;
  std::size_t outputs = 0;
  for (std::size_t l = 0; l < model_->layers.size(); ++l) {
    std::int8_t* y = rows_[l % 2];
    integer_product(model_->layers[l], x, y);
    outputs = model_->layers[l].outputs;
    x = y;
  }
  return {x, outputs};
}

std::size_t argmax(Span<const std::int8_t> values) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i) best = values[i] > values[best] ? i : best;
  return best;
}

}  // namespace mote
