// SPDX-License-Identifier: MIT
#include "mote/flash_network.hpp"

#include "../core/arithmetic.hpp"
#include "mote/checksum.hpp"
#include "mote/detail/activation.hpp"
#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/instruction_set.hpp"

namespace mote {
namespace {

std::uint32_t add_rows(const Topology& topology, Span<const float> rows, std::uint32_t crc) {
  const float* row = rows.data();
  for (std::size_t l = 0; l < topology.layer_count && !rows.empty(); ++l) {
    crc = crc32_of_numbers(row, sizeof(float), topology.outputs_of(l), crc);
    row += flash_stride(topology.outputs_of(l));
  }
  return crc;
}

/// Checks the sizes of the arrays that a conversion fills, viewed as `model`, and copies the biases.
Result copy_biases(const FlashModel& model, Span<const float> parameters, Span<float> biases) {
  if (!model.checked.ok()) return model.checked;
  const Topology& topology = model.topology;
  const std::size_t count = topology.parameter_count();
  if (parameters.size() != count) return {Status::model_size_mismatch, parameters.size(), count};
  float* row = biases.data();
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t outputs = topology.outputs_of(l), stride = flash_stride(outputs);
    const float* from = parameters.data() + topology.biases_offset(l);
    for (std::size_t j = 0; j < stride; ++j) row[j] = j < outputs ? from[j] : 0.0f;
    row += stride;
  }
  return Status::ok;
}

/// Calls convert(weight, its index, index of its bias) in the order of a FlashModel. Rejects the first weight for which
/// it returns false.
template <typename Convert>
Result convert_weights(const Topology& topology, Span<const float> parameters, Convert convert) {
  std::size_t index = 0, bias = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const float* row = parameters.data() + topology.weights_offset(l);
    for (std::size_t k = 0; k < topology.inputs_of(l); ++k, row += topology.stride_of(l)) {
      for (std::size_t j = 0; j < topology.outputs_of(l); ++j, ++index) {
        if (!convert(row[j], index, bias + j)) return {Status::weight_out_of_range, index};
      }
    }
    bias += flash_stride(topology.outputs_of(l));
  }
  return Status::ok;
}

/// Converts each weight by convert(weight, converted), which returns false for a weight out of range.
template <typename Weight, typename Convert>
Result convert_each(const Topology& topology, Span<const float> parameters, Span<Weight> weights, Span<float> biases,
                    Convert convert) {
  const FlashModel model(topology, Span<const Weight>(weights), biases);
  if (const Result result = copy_biases(model, parameters, biases); !result.ok()) return result;
  return convert_weights(topology, parameters,
                         [&](float weight, std::size_t index, std::size_t) { return convert(weight, weights[index]); });
}

/// Rounds to nearest, ties away from 0. |x| <= 127 up to rounding.
std::int8_t to_int8(float x) {
  const float limited = x > 127.0f ? 127.0f : x < -127.0f ? -127.0f : x;
  return static_cast<std::int8_t>(limited < 0.0f ? limited - 0.5f : limited + 0.5f);
}

}  // namespace

bool to_half(float x, Half& half) {
  const std::uint32_t bits = detail::bits_of(x), sign = bits >> 16 & 0x8000u;
  const float magnitude = detail::absolute(x);
  if (!(magnitude < 65520.0f)) return false;
  // Adding a power of 2 rounds to the bits of a half float: 10 below the leading bit, and none below 2^-24.
  const std::uint32_t exponent = bits >> 23 & 0xffu;
  const std::uint32_t at_least = exponent < 113 ? 113 : exponent;  // 2^-14, the smallest normal half
  const float rounder = detail::power_of_2(static_cast<std::int32_t>(at_least) + 13 - 127);
  const float rounded = (magnitude + rounder) - rounder;
  half.bits = static_cast<std::uint16_t>(sign | detail::bits_of(rounded * 0x1p-112f) >> 13);
  return true;
}

void read_flash_bytes(const FlashInputs& x, std::size_t first, std::size_t count, float* y) {
  const auto* byte = static_cast<const std::uint8_t*>(x.elements) + first;
  const float scale = x.scale;
  for (const float* end = y + count; y != end;) *y++ = static_cast<float>(*byte++) * scale;
}

void read_flash_inputs(const FlashInputs& x, std::size_t first, std::size_t count, float* y) {
  Inputs block = *x.view;
  MOTE_ASSERT(first + count <= block.features);
  block.features = count;
  if (block.scales != nullptr) block.set_transformation(block.offsets + first, block.scales + first);
  if (convert_sample(block, static_cast<const unsigned char*>(x.elements) + first * size_of(block.type), y)) return;
  for (std::size_t i = 0; i < count; ++i) y[i] += y[i] - y[i];
}

Result FlashNetwork::bind(const FlashModel& model, std::size_t layers, Memory scratch) {
  if (!model.checked.ok()) return model.checked;
  MOTE_ASSERT(layers != 0 && layers <= model.topology.layer_count);
  if (const Result result = check(scratch, flash_network_bytes(model.topology, layers)); !result.ok()) return result;
  model_ = &model;
  layers_ = layers;
  rows_[0] = reinterpret_cast<float*>(scratch.data());
  rows_[1] = rows_[0] + detail::flash_row(model.topology, layers, 0);
  return Status::ok;
}

FlashNetwork::Place FlashNetwork::begin(const FlashInputs& first) const {
  MOTE_ASSERT(model_ != nullptr);
  return {
      first, 0, 0, static_cast<const unsigned char*>(model_->weights), model_->biases.data(), model_->factors.data()};
}

bool FlashNetwork::advance(Place& place, std::size_t multiply_adds) const {
  const FlashModel& model = *model_;
  while (place.layer < layers_) {
    const std::size_t inputs = model.topology.inputs_of(place.layer), outputs = model.topology.outputs_of(place.layer);
    const std::size_t left = outputs - place.output, most = multiply_adds / inputs;
    const std::size_t count = most >= left ? left : most == 0 ? 1 : most;
    float* z = rows_[place.layer % 2];
    model.product(inputs, outputs, {place.output, place.output + count}, place.x, place.weights, place.factors, z);
    place.output += count;
    if (place.output != outputs) return false;
    const std::size_t stride = flash_stride(outputs);
    const Activation activation = model.topology.layers[place.layer].activation;
    model.activations[place.layer](activation, 1, outputs, stride, place.biases, z, nullptr);
    place.x.elements = z;
    place.x.read = nullptr;
    place.output = 0;
    place.weights += inputs * outputs * size_of(model.format);
    place.biases += stride;
    if (place.factors != nullptr) place.factors += stride;
    ++place.layer;
    if (most <= left) return place.layer == layers_;
    multiply_adds -= count * inputs;
  }
  return true;
}

Span<const float> FlashNetwork::outputs() const {
  return {rows_[(layers_ - 1) % 2], model_->topology.outputs_of(layers_ - 1)};
}

Span<const float> FlashNetwork::run(const FlashInputs& first) const {
  Place place = begin(first);
  advance(place, static_cast<std::size_t>(-1));
  return outputs();
}

std::uint32_t checksum(const FlashModel& model) {
  const std::uint32_t crc = crc32_of_numbers(model.weights, size_of(model.format), model.weight_count);
  return add_rows(model.topology, model.factors, add_rows(model.topology, model.biases, crc));
}

Verification::Verification(const FlashNetwork& network, const Golden& golden)
    : network_(network), golden_(golden), place_(network.begin(golden.first_)) {
  place_.x.view = &golden.inputs;
}

bool Verification::advance(std::size_t work) {
  const FlashModel& model = network_.model();
  if (!result_.ok()) return true;
  if (weight_ < model.weight_count) {
    const std::size_t left = model.weight_count - weight_, count = work < left ? work : left;
    const std::size_t bytes = size_of(model.format);
    crc_ = crc32_of_numbers(static_cast<const unsigned char*>(model.weights) + weight_ * bytes, bytes, count, crc_);
    weight_ += count;
    if (weight_ < model.weight_count) return false;
    const std::uint32_t found = add_rows(model.topology, model.factors, add_rows(model.topology, model.biases, crc_));
    if (found != golden_.checksum) {
      result_ = {Status::model_damaged, found, golden_.checksum};
      return true;
    }
    if (count == work) return false;
  }
  if (!network_.advance(place_, work)) return false;
  const bool exact = golden_.fused == arithmetic_is_fused();
  const Span<const float> outputs = network_.outputs();
  for (std::size_t j = 0; j < outputs.size() && result_.ok(); ++j) {
    const float y = golden_.outputs[j], error = outputs[j] < y ? y - outputs[j] : outputs[j] - y;
    const float most = exact ? 0.0f : 0x1p-12f * (1.0f + (y < 0.0f ? -y : y));
    if (!(error <= most)) result_ = {Status::golden_mismatch, j};
  }
  return true;
}

Result verify(const FlashNetwork& network, const Golden& golden) {
  Verification verification(network, golden);
  verification.advance(static_cast<std::size_t>(-1));
  return verification.result();
}

Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<float> weights,
                          Span<float> biases) {
  return convert_each(topology, parameters, weights, biases, [](float weight, float& converted) {
    converted = weight;
    return detail::is_finite(weight);
  });
}

Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<Half> weights,
                          Span<float> biases) {
  return convert_each(topology, parameters, weights, biases, to_half);
}

Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<std::int8_t> weights,
                          Span<float> biases, Span<float> factors) {
  const FlashModel model(topology, Span<const std::int8_t>(weights), biases, factors);
  if (const Result result = copy_biases(model, parameters, biases); !result.ok()) return result;
  for (float& factor : factors) factor = 0.0f;
  const Result largest = convert_weights(topology, parameters, [&](float weight, std::size_t, std::size_t bias) {
    factors[bias] = detail::maximum(factors[bias], detail::absolute(weight));
    return detail::is_finite(weight);
  });
  if (!largest.ok()) return largest;
  for (float& factor : factors) factor /= 127.0f;
  return convert_weights(topology, parameters, [&](float weight, std::size_t index, std::size_t bias) {
    weights[index] = to_int8(factors[bias] == 0.0f ? 0.0f : weight / factors[bias]);
    return true;
  });
}

}  // namespace mote
