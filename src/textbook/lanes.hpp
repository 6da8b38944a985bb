// SPDX-License-Identifier: MIT
// Reductions over one row of floats, in the order that every target uses: element j goes to lane j mod 16, and a fixed
// tree joins the lanes. For numeric files; internal linkage throughout.
#pragma once

#include "../core/arithmetic.hpp"
#include "mote/topology.hpp"

namespace mote::detail {
namespace {

inline constexpr std::size_t kLanes = 16;

/// Joins lane i with lane i + 8, then i + 4, i + 2, i + 1. Each level is a loop of constant length, which vectorizes.
template <typename Combine>
MOTE_INLINE float reduce(const float (&lane)[kLanes], Combine combine) {
  float eight[8], four[4], two[2];
  for (std::size_t i = 0; i < 8; ++i) eight[i] = combine(lane[i], lane[i + 8]);
  for (std::size_t i = 0; i < 4; ++i) four[i] = combine(eight[i], eight[i + 4]);
  for (std::size_t i = 0; i < 2; ++i) two[i] = combine(four[i], four[i + 2]);
  return combine(two[0], two[1]);
}

/// Partial sums, one per lane.
struct Lanes {
  float lane[kLanes] = {};

  float sum() const {
    return reduce(lane, [](float a, float b) { return a + b; });
  }
};

/// Calls f(lane, at(j)) for every element j in [0, count).
template <typename At, typename F>
MOTE_INLINE void for_lanes(std::size_t count, At at, F f) {
  std::size_t j = 0;
#ifndef MOTE_MICROCONTROLLER  // for vectors; without them, the loop below is enough and smaller
  for (; j + kLanes <= count; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) f(lane, at(j + lane));
  }
#endif
  for (; j < count; ++j) f(j % kLanes, at(j));
}

/// Sum of at(j) over j in [0, count).
template <typename At>
MOTE_INLINE float sum_of(std::size_t count, At at) {
  Lanes lanes;
  for_lanes(count, at, [&](std::size_t lane, float x) { lanes.lane[lane] += x; });
  return lanes.sum();
}

/// Number of elements of a row for the lanes from element j on, padding included: kLanes if rows are padded to kLanes.
MOTE_INLINE std::size_t lanes_from(std::size_t j, std::size_t columns) {
  if constexpr (kRowAlignment % kLanes == 0) return kLanes;
  const std::size_t left = padded_columns(columns) - j;
  return left < kLanes ? left : kLanes;
}

MOTE_INLINE float row_maximum(const float* z, std::size_t columns) {
  float lane[kLanes];
  for (float& x : lane) x = -kInfinity;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = lanes_from(j, columns);
    const auto used = static_cast<std::uint32_t>(columns - j);  // 32 bits like the floats: one vector comparison
    for (std::uint32_t i = 0; i < count; ++i) {
      const float x = z[j + i];
      lane[i] = maximum(lane[i], i < used ? x : -kInfinity);
    }
  }
  return reduce(lane, [](float a, float b) { return maximum(a, b); });
}

/// Writes e[j] = exp(z[j] - highest), 0 in the padding, and returns their sum: at least 1 where highest is the maximum
/// of z. e may be z, or null for the sum alone.
MOTE_INLINE float exponentials(const float* z, std::size_t columns, float* e, float highest) {
  Lanes lanes;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = lanes_from(j, columns);
    const auto used = static_cast<std::uint32_t>(columns - j);
    float value[kLanes];
    for (std::uint32_t i = 0; i < count; ++i) {
      const float power = exp_of(z[j + i] - highest);
      value[i] = i < used ? power : 0.0f;
      lanes.lane[i] += value[i];
    }
    if (e != nullptr) {
      for (std::size_t i = 0; i < count; ++i) e[j + i] = value[i];
    }
  }
  return lanes.sum();
}

}  // namespace
}  // namespace mote::detail
