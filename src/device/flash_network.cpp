// SPDX-License-Identifier: MIT
#include "mote/flash_network.hpp"

#include "../textbook/activation.hpp"
#include "mote/activation.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"

namespace mote {
namespace {

std::size_t bytes_of(WeightFormat format) {
  return format == WeightFormat::float32 ? 4 : format == WeightFormat::float16 ? 2 : 1;
}

/// `count` numbers of `size` bytes, least significant first.
std::uint32_t add_numbers(const void* numbers, std::size_t size, std::size_t count, std::uint32_t crc) {
  const auto* bytes = static_cast<const unsigned char*>(numbers);
  if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) return crc32({bytes, size * count}, crc);
  for (std::size_t i = 0; i < count; ++i, bytes += size) {
    for (std::size_t b = size; b-- > 0;) crc = crc32({bytes + b, 1}, crc);
  }
  return crc;
}

std::uint32_t add_rows(const Topology& topology, Span<const float> rows, std::uint32_t crc) {
  const float* row = rows.data();
  for (std::size_t l = 0; l < topology.layer_count && !rows.empty(); ++l) {
    crc = add_numbers(row, sizeof(float), topology.outputs_of(l), crc);
    row += flash_stride(topology.outputs_of(l));
  }
  return crc;
}

}  // namespace

Result FlashNetwork::bind(const FlashModel& model, Memory scratch, std::size_t layers) {
  if (!model.checked.ok()) return model.checked;
  if (const Result result = check(scratch, flash_network_bytes(model.topology)); !result.ok()) return result;
  MOTE_ASSERT(layers <= model.topology.layer_count);
  model_ = &model;
  layers_ = layers == 0 ? model.topology.layer_count : layers;
  const std::size_t stride = flash_stride(model.topology.max_outputs());
  for (std::size_t i = 0; i < 2; ++i) rows_[i] = part_of<float>(scratch, i * stride * sizeof(float), stride).data();
  return Status::ok;
}

Span<const float> FlashNetwork::forward(const float* inputs) const {
  return run({inputs, nullptr, 1.0f});
}

Span<const float> FlashNetwork::forward(const std::uint8_t* inputs, float scale) const {
  return run({nullptr, inputs, scale});
}

Span<const float> FlashNetwork::run(const FlashInputs& first) const {
  MOTE_ASSERT(model_ != nullptr);
  const FlashModel& model = *model_;
  FlashInputs x = first;
  const auto* weights = static_cast<const unsigned char*>(model.weights);
  const float* biases = model.biases.data();
  const float* factors = model.factors.data();
  for (std::size_t l = 0; l < layers_; ++l) {
    const std::size_t inputs = model.topology.inputs_of(l), outputs = model.topology.outputs_of(l);
    const std::size_t stride = flash_stride(outputs);
    float* z = rows_[l % 2];
    model.product(inputs, outputs, x, weights, factors, z);
    add_biases_and_activate(model.topology.layers[l].activation, 1, outputs, stride, biases, z);
    weights += inputs * outputs * bytes_of(model.format);
    biases += stride;
    if (factors != nullptr) factors += stride;
    x = {z, nullptr, 1.0f};
  }
  return {x.values, model.topology.outputs_of(layers_ - 1)};
}

std::uint32_t checksum(const FlashModel& model) {
  const std::uint32_t crc = add_numbers(model.weights, bytes_of(model.format), model.weight_count, 0);
  return add_rows(model.topology, model.factors, add_rows(model.topology, model.biases, crc));
}

Result verify(const FlashNetwork& network, const Golden& golden) {
  const std::uint32_t found = checksum(network.model());
  if (found != golden.checksum) return {Status::model_damaged, found, golden.checksum};
  const bool exact = golden.fused == arithmetic_is_fused();
  const Span<const float> outputs = network.forward(golden.inputs, golden.scale);
  for (std::size_t j = 0; j < outputs.size(); ++j) {
    const float y = golden.outputs[j], error = outputs[j] < y ? y - outputs[j] : outputs[j] - y;
    const float most = exact ? 0.0f : 0x1p-12f * (1.0f + (y < 0.0f ? -y : y));
    if (!(error <= most)) return {Status::golden_mismatch, j};
  }
  return Status::ok;
}

}  // namespace mote
