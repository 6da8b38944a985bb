// SPDX-License-Identifier: MIT
// Activations of one float, and reductions over one row of outputs, for numeric files. Internal linkage throughout.
#pragma once

#include "mote/topology.hpp"
#include "numeric.hpp"

namespace mote::detail {
namespace {

/// Activations with their derivatives in terms of the activation (activation.hpp has the formulas).
struct Identity {
  float operator()(float z) const { return z; }
  static float derivative(float) { return 1.0f; }
};
struct Sigmoid {
  float operator()(float z) const { return sigmoid_of(z); }
  static float derivative(float a) { return a * (1.0f - a); }
};
struct Tanh {
  float operator()(float z) const { return tanh_of(z); }
  static float derivative(float a) { return 1.0f - a * a; }
};
struct Relu {
  float operator()(float z) const { return z < 0.0f ? 0.0f : z; }  // NaN stays NaN
  static float derivative(float a) { return a > 0.0f ? 1.0f : 0.0f; }
};

/// Columns that loops over a padded row touch.
constexpr std::size_t padded_columns(std::size_t columns) {
  return (columns + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
}

/// The fixed tree: lane i meets lane i + 8, then i + 4, i + 2, i + 1. Each level is a loop of constant length, which
/// vectors can do.
template <typename Combine>
MOTE_INLINE float reduce(const float (&lane)[16], Combine combine) {
  float eight[8], four[4], two[2];
  for (std::size_t i = 0; i < 8; ++i) eight[i] = combine(lane[i], lane[i + 8]);
  for (std::size_t i = 0; i < 4; ++i) four[i] = combine(eight[i], eight[i + 4]);
  for (std::size_t i = 0; i < 2; ++i) two[i] = combine(four[i], four[i + 2]);
  return combine(two[0], two[1]);
}

/// A sum over a row: element j goes to lane j mod 16, and lanes are added as a fixed tree, on every target alike.
inline constexpr std::size_t kLanes = 16;
struct Lanes {
  float lane[kLanes] = {};

  float sum() const {
    return reduce(lane, [](float a, float b) { return a + b; });
  }
};

/// How many elements from j on a loop over lanes takes: always kLanes where rows are padded that far.
MOTE_INLINE std::size_t lanes_from(std::size_t j, std::size_t columns) {
  if constexpr (kRowAlignment % kLanes == 0) return kLanes;
  return columns - j < kLanes ? columns - j : kLanes;
}

MOTE_INLINE float row_maximum(const float* z, std::size_t columns) {
  float lane[kLanes];
  for (float& x : lane) x = -kInfinity;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = lanes_from(j, columns);
    for (std::size_t i = 0; i < count; ++i) lane[i] = maximum(lane[i], j + i < columns ? z[j + i] : -kInfinity);
  }
  return reduce(lane, [](float a, float b) { return maximum(a, b); });
}

/// e[j] = exp(z[j] - max z), 0 in the padding; returns the sum of e, at least 1. e may be z, or null for the sum alone.
MOTE_INLINE float exponentials(const float* z, std::size_t columns, float* e, float highest) {
  Lanes lanes;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = lanes_from(j, columns);
    float value[kLanes];
    for (std::size_t i = 0; i < count; ++i) {
      value[i] = j + i < columns ? exp_of(z[j + i] - highest) : 0.0f;
      lanes.lane[i] += value[i];
    }
    if (e != nullptr) {
      for (std::size_t i = 0; i < count; ++i) e[j + i] = value[i];
    }
  }
  return lanes.sum();
}

MOTE_INLINE float exponentials(const float* z, std::size_t columns, float* e) {
  return exponentials(z, columns, e, row_maximum(z, columns));
}

}  // namespace
}  // namespace mote::detail
