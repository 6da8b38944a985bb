// SPDX-License-Identifier: MIT
#include "mote/inputs.hpp"

#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/parallel.hpp"

namespace mote {
namespace {

std::size_t sample_at(const std::uint32_t* order, std::size_t i) {
  return order == nullptr ? i : order[i];
}

/// Largest magnitude of an element of this type; 0 for floats, which gather() checks.
float largest_of(ElementType type) {
  switch (type) {
    case ElementType::uint8: return 255.0f;
    case ElementType::int8: return 128.0f;
    case ElementType::int16: return 32768.0f;
    case ElementType::float32: break;
  }
  return 0.0f;
}

}  // namespace

Inputs Inputs::subset(std::size_t first, std::size_t size) const {
  MOTE_ASSERT(first <= count && size <= count - first);
  Inputs part = *this;
  part.data = row(first);
  part.count = size;
  return part;
}

float element_at(const Inputs& inputs, std::size_t sample, std::size_t feature) {
  const void* row = inputs.row(sample);
  switch (inputs.type) {
    case ElementType::uint8: return static_cast<const std::uint8_t*>(row)[feature];
    case ElementType::int8: return static_cast<const std::int8_t*>(row)[feature];
    case ElementType::int16: return static_cast<const std::int16_t*>(row)[feature];
    case ElementType::float32: break;
  }
  return static_cast<const float*>(row)[feature];
}

float input_at(const Inputs& inputs, std::size_t sample, std::size_t feature) {
  return (element_at(inputs, sample, feature) - inputs.offset_of(feature)) * inputs.scale_of(feature);
}

Result check(const Inputs& inputs) {
  if (inputs.type > ElementType::float32) return detail::unknown(inputs.type);
  const float largest = largest_of(inputs.type);
  const std::size_t checked = inputs.scales == nullptr ? 1 : inputs.features;
  for (std::size_t f = 0; f < checked; ++f) {
    const float offset = inputs.offset_of(f), scale = inputs.scale_of(f);
    const float magnitude = (largest + (offset < 0.0f ? -offset : offset)) * scale;
    if (scale == 0.0f || !detail::is_finite(scale) || !detail::is_finite(magnitude)) {
      return {Status::bad_input_scale, f, 0};
    }
  }
  return Status::ok;
}

std::uint32_t transformation_hash(const Inputs& inputs) {
  std::uint32_t hash = 2166136261u;  // Fowler, Noll & Vo (FNV-1a), with words in place of bytes
  const auto add = [&hash](float x) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    hash = (hash ^ bits) * 16777619u;
  };
  if (inputs.scales == nullptr) {
    add(inputs.offset);
    add(inputs.scale);
    return hash;
  }
  for (std::size_t f = 0; f < inputs.features; ++f) {
    add(inputs.offsets[f]);
    add(inputs.scales[f]);
  }
  return hash;
}

Result gather(const Inputs& inputs, const std::uint32_t* order, std::size_t first, std::size_t count, float* rows) {
  MOTE_ASSERT(first <= inputs.count && count <= inputs.count - first && inputs.features <= inputs.stride);
  Result result;
  for (std::size_t i = 0; i < count; ++i, rows += inputs.features) {
    const std::size_t sample = sample_at(order, first + i);
    if (convert_sample(inputs, inputs.row(sample), rows) || !result.ok()) continue;
    std::size_t feature = 0;
    while (detail::is_finite(rows[feature])) ++feature;
    result = {Status::input_not_finite, sample, feature};
  }
  return result;
}

void prefetch(const Inputs& inputs, const std::uint32_t* order, std::size_t first, std::size_t count, std::size_t part,
              std::size_t parts) {
  constexpr std::size_t kCacheLine = 64;
  const std::size_t left = first < inputs.count ? inputs.count - first : 0;
  const std::size_t lines = (inputs.features * size_of(inputs.type) + kCacheLine - 1) / kCacheLine;
  const Share share = share_of((count < left ? count : left) * lines, parts, part);
  std::size_t i = share.begin / lines, line = share.begin % lines;
  for (std::size_t done = share.begin; done < share.end; ++done) {
    const auto* row = static_cast<const unsigned char*>(inputs.row(sample_at(order, first + i)));
    __builtin_prefetch(row + line * kCacheLine, 0, 2);
    if (++line == lines) {
      line = 0;
      ++i;
    }
  }
}

}  // namespace mote
