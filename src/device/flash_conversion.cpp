// SPDX-License-Identifier: MIT
// From trained parameters to the weights of a FlashModel: apart from the network, which does not need it.
#include "../core/arithmetic.hpp"
#include "mote/detail/finite.hpp"
#include "mote/flash_network.hpp"

namespace mote {
namespace {

Result check_sizes(const Topology& topology, std::size_t parameters, std::size_t weights, std::size_t biases) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (topology.all_scale_floats() != 0) return Status::batch_norm_not_folded;
  const std::size_t weight_count = flash_weight_count(topology), row_count = flash_row_count(topology);
  if (parameters != topology.parameter_count()) {
    return {Status::model_size_mismatch, parameters, topology.parameter_count()};
  }
  if (weights != weight_count) return {Status::model_size_mismatch, weights, weight_count};
  if (biases != row_count) return {Status::model_size_mismatch, biases, row_count};
  return Status::ok;
}

void copy_biases(const Topology& topology, Span<const float> parameters, Span<float> biases) {
  float* row = biases.data();
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t outputs = topology.outputs_of(l), stride = flash_stride(outputs);
    const float* from = parameters.data() + topology.biases_offset(l);
    for (std::size_t j = 0; j < stride; ++j) row[j] = j < outputs ? from[j] : 0.0f;
    row += stride;
  }
}

/// Calls convert(weight, index, layer, column) for every weight, in the order of a FlashModel, until one fails.
template <typename Convert>
Result convert_weights(const Topology& topology, Span<const float> parameters, Convert convert) {
  std::size_t index = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const float* row = parameters.data() + topology.weights_offset(l);
    for (std::size_t k = 0; k < topology.inputs_of(l); ++k, row += topology.stride_of(l)) {
      for (std::size_t j = 0; j < topology.outputs_of(l); ++j, ++index) {
        if (!convert(row[j], index, l, j)) return {Status::weight_out_of_range, index};
      }
    }
  }
  return Status::ok;
}

/// To nearest, ties to even; false when that is no finite number.
bool to_half(float x, Half& half) {
  const std::uint32_t bits = detail::bits_of(x), sign = bits >> 16 & 0x8000u;
  const float magnitude = detail::absolute(x);
  if (!(magnitude < 65520.0f)) return false;
  // Adding a power of 2 rounds to the digits that a half keeps: ten below the leading one, and none below 2^-24.
  const std::uint32_t exponent = bits >> 23 & 0xffu;
  const std::uint32_t at_least = exponent < 113 ? 113 : exponent;  // 2^-14, the smallest normal half
  const float rounder = detail::power_of_2(static_cast<std::int32_t>(at_least) + 13 - 127);
  const float rounded = (magnitude + rounder) - rounder;
  half.bits = static_cast<std::uint16_t>(sign | detail::bits_of(rounded * 0x1p-112f) >> 13);
  return true;
}

std::int8_t to_int8(float x) {  // to nearest, ties away from 0; |x| <= 127 up to rounding
  const float limited = x > 127.0f ? 127.0f : x < -127.0f ? -127.0f : x;
  return static_cast<std::int8_t>(limited < 0.0f ? limited - 0.5f : limited + 0.5f);
}

}  // namespace

Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<float> weights,
                          Span<float> biases) {
  const Result sizes = check_sizes(topology, parameters.size(), weights.size(), biases.size());
  if (!sizes.ok()) return sizes;
  copy_biases(topology, parameters, biases);
  return convert_weights(topology, parameters, [&](float weight, std::size_t index, std::size_t, std::size_t) {
    weights[index] = weight;
    return detail::is_finite(weight);
  });
}

Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<Half> weights,
                          Span<float> biases) {
  const Result sizes = check_sizes(topology, parameters.size(), weights.size(), biases.size());
  if (!sizes.ok()) return sizes;
  copy_biases(topology, parameters, biases);
  return convert_weights(topology, parameters, [&](float weight, std::size_t index, std::size_t, std::size_t) {
    return to_half(weight, weights[index]);
  });
}

Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<std::int8_t> weights,
                          Span<float> biases, Span<float> factors) {
  const Result sizes = check_sizes(topology, parameters.size(), weights.size(), biases.size());
  if (!sizes.ok()) return sizes;
  if (factors.size() != biases.size()) return {Status::model_size_mismatch, factors.size(), biases.size()};
  copy_biases(topology, parameters, biases);
  for (float& factor : factors) factor = 0.0f;
  const auto row_of = [&](std::size_t layer) {
    std::size_t offset = 0;
    for (std::size_t l = 0; l < layer; ++l) offset += flash_stride(topology.outputs_of(l));
    return factors.data() + offset;
  };
  const Result largest =
      convert_weights(topology, parameters, [&](float weight, std::size_t, std::size_t layer, std::size_t j) {
        float& factor = row_of(layer)[j];
        factor = detail::maximum(factor, detail::absolute(weight));
        return detail::is_finite(weight);
      });
  if (!largest.ok()) return largest;
  for (float& factor : factors) factor /= 127.0f;
  return convert_weights(topology, parameters, [&](float weight, std::size_t index, std::size_t layer, std::size_t j) {
    const float factor = row_of(layer)[j];
    weights[index] = to_int8(factor == 0.0f ? 0.0f : weight / factor);
    return true;
  });
}

}  // namespace mote
