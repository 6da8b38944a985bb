// SPDX-License-Identifier: MIT
// Samples wherever they lie: rows of bytes, integers or floats, and how a stored element becomes an input.
//
//   mote::Inputs readings(accelerometer, samples, 3, 1.0f / 16384.0f);  // int16: one g is 16384
//   mote::Dataset dataset(readings, labels, classes);
#ifndef MOTE_INPUTS_HPP
#define MOTE_INPUTS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/status.hpp"

namespace mote {

/// Type of the stored elements.
enum class ElementType : std::uint8_t { uint8, int8, int16, float32 };

/// Bytes of an element.
constexpr std::size_t size_of(ElementType type) {
  return type == ElementType::float32 ? 4 : type == ElementType::int16 ? 2 : 1;
}

/// `count` samples of `features` elements. Input f of a sample is (element - offset) * scale, with one offset and scale
/// for all features or for each. A view: elements stay as they are until a batch is gathered.
struct Inputs {
  const void* data = nullptr;  ///< aligned for its type
  ElementType type = ElementType::uint8;
  std::size_t count = 0;
  std::size_t features = 0;
  std::size_t stride = 0;          ///< elements from one sample to the next, >= features
  float offset = 0.0f;             ///< finite
  float scale = 1.0f / 255.0f;     ///< finite, not 0
  const float* offsets = nullptr;  ///< [features], instead of offset; null, like scales: offset and scale for all
  const float* scales = nullptr;   ///< [features], instead of scale

  constexpr Inputs() = default;
  constexpr Inputs(const std::uint8_t* elements, std::size_t samples, std::size_t features_of_one,
                   float scale_of_all = 1.0f / 255.0f)
      : Inputs(elements, ElementType::uint8, samples, features_of_one, scale_of_all) {}
  constexpr Inputs(const std::int8_t* elements, std::size_t samples, std::size_t features_of_one,
                   float scale_of_all = 1.0f / 128.0f)
      : Inputs(elements, ElementType::int8, samples, features_of_one, scale_of_all) {}
  constexpr Inputs(const std::int16_t* elements, std::size_t samples, std::size_t features_of_one,
                   float scale_of_all = 1.0f / 32768.0f)
      : Inputs(elements, ElementType::int16, samples, features_of_one, scale_of_all) {}
  constexpr Inputs(const float* elements, std::size_t samples, std::size_t features_of_one, float scale_of_all = 1.0f)
      : Inputs(elements, ElementType::float32, samples, features_of_one, scale_of_all) {}
  constexpr Inputs(const void* elements, ElementType element_type, std::size_t samples, std::size_t features_of_one,
                   float scale_of_all)
      : data(elements),
        type(element_type),
        count(samples),
        features(features_of_one),
        stride(features_of_one),
        scale(scale_of_all) {}

  constexpr Inputs& set_stride(std::size_t elements) { return void(stride = elements), *this; }
  constexpr Inputs& set_offset(float value) { return void(offset = value), *this; }
  /// One offset and one scale for each feature, such as mean and 1 / deviation (standardize() in dataset.hpp). The
  /// arrays must outlive the view.
  constexpr Inputs& set_transformation(const float* feature_offsets, const float* feature_scales) {
    offsets = feature_offsets;
    scales = feature_scales;
    return *this;
  }

  constexpr float offset_of(std::size_t feature) const { return offsets == nullptr ? offset : offsets[feature]; }
  constexpr float scale_of(std::size_t feature) const { return scales == nullptr ? scale : scales[feature]; }
  /// The elements of a sample.
  const void* row(std::size_t sample) const {
    return static_cast<const unsigned char*>(data) + sample * stride * size_of(type);
  }
  /// The samples [first, first + size).
  Inputs subset(std::size_t first, std::size_t size) const;
  /// Whether an element of 0 is an input of 0: the first layer may then leave it out.
  constexpr bool keeps_zeros() const { return offsets == nullptr && offset == 0.0f; }
};

/// The stored element itself, as a float.
float element_at(const Inputs& inputs, std::size_t sample, std::size_t feature);
/// (element - offset) * scale.
float input_at(const Inputs& inputs, std::size_t sample, std::size_t feature);

/// ok; bad_input_scale (found: feature) unless every offset and scale is finite, no scale is 0, and no integer becomes
/// infinite.
Result check(const Inputs& inputs);

/// Hash of the transformation: equal for equal offsets and scales, one for all or one for each feature.
std::uint32_t transformation_hash(const Inputs& inputs);

/// Converts sample order[first + i] to row i of `rows`, [count][features]; order null means sample first + i. Error:
/// input_not_finite (found: sample; expected: feature) for the first input that is NaN or infinite; all rows are then
/// converted nevertheless. Only floats can be: integers that check() accepts are finite.
Result gather(const Inputs& inputs, const std::uint32_t* order, std::size_t first, std::size_t count, float* rows);

/// Prefetches part `part` of `parts` of the samples that gather() with these arguments will read.
void prefetch(const Inputs& inputs, const std::uint32_t* order, std::size_t first, std::size_t count,
              std::size_t part = 0, std::size_t parts = 1);

}  // namespace mote

#endif  // MOTE_INPUTS_HPP
