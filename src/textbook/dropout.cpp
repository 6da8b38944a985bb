// SPDX-License-Identifier: MIT
#include "mote/detail/dropout.hpp"

#include "../core/arithmetic.hpp"
#include "../core/split_mix.hpp"
#include "activation_functions.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::Dropout;
using mote::detail::without_negligible;
using std::size_t;

/// The number at `position` of SplitMix64's sequence from `seed`.
std::uint64_t split_mix_at(std::uint64_t seed, std::uint64_t position) {
  return mote::detail::split_mix(seed + (position + 1) * mote::detail::kSplitMixStep);
}

/// Dropout mask of a row.
struct RowMask {
  std::uint32_t low, high;  // key of the row
  std::int32_t threshold;   // a unit is kept if its 24-bit random number is smaller

  MOTE_INLINE bool keeps(const RowMask& mask, size_t unit) {
    std::uint32_t x = static_cast<std::uint32_t>(unit) * 0x9e3779b9u + mask.low;
    x = (x ^ (x >> 16)) * 0x85ebca6bu + mask.high;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    return static_cast<std::int32_t>((x ^ (x >> 16)) >> 8) < mask.threshold;
  }
};

/// Calls f(mask, row) for every row.
template <typename F>
void for_each_row(const Dropout& dropout, size_t rows, F f) {
  const std::uint64_t key = split_mix_at(dropout.key, dropout.layer);
  const auto threshold = static_cast<std::int32_t>((1.0f - dropout.rate) * 0x1p24f);
  for (size_t i = 0; i < rows; ++i) {
    const std::uint64_t bits = split_mix_at(key, dropout.sample + i);
    f(RowMask{static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), threshold}, i);
  }
}

/// 1 / (probability of being kept).
float scale_of(const Dropout& dropout) {
  return 1.0f / (1.0f - dropout.rate);
}

template <typename Function>
void drop_rows(const Dropout& dropout, bool is_scaled, size_t rows, size_t columns, size_t stride, const float* kept,
               float* deltas) {
  const float scale = scale_of(dropout), keep = is_scaled ? 1.0f - dropout.rate : 1.0f;
  for_each_row(dropout, rows, [&](const RowMask& mask, size_t i) {
    const float* __restrict x = kept + i * stride;
    float* __restrict d = deltas + i * stride;
    for (size_t j = 0; j < columns; ++j) {
      const float whole = x[j] * keep;  // at most 1 for sigmoid and tanh: (1 / keep) keep never rounds past 1
      const float factor = RowMask::keeps(mask, j) ? scale : 0.0f;  // a factor, to avoid a branch
      d[j] = without_negligible(d[j] * factor * Function::derivative(whole, whole));
    }
  });
}

}  // namespace

void drop_units(const Dropout& dropout, size_t rows, size_t columns, size_t stride, float* values) {
  const float scale = scale_of(dropout);
  for_each_row(dropout, rows, [&](const RowMask& mask, size_t i) {
    float* row = values + i * stride;
    for (size_t j = 0; j < columns; ++j) {
      const float scaled = row[j] * scale;
      row[j] = RowMask::keeps(mask, j) ? scaled : 0.0f;
    }
  });
}

void drop_and_multiply_by_derivative(const Dropout& dropout, Activation activation, size_t rows, size_t columns,
                                     size_t stride, const float* kept, float* deltas) {
  mote::detail::visit(activation, [&](auto f) {
    drop_rows<decltype(f)>(dropout, !mote::needs_pre_activations(activation), rows, columns, stride, kept, deltas);
  });
}

}  // namespace MOTE_NUMERIC
