// SPDX-License-Identifier: MIT
#include "mote/detail/regularization.hpp"

#include "../core/arithmetic.hpp"
#include "lanes.hpp"
#include "mote/detail/finite.hpp"

namespace MOTE_NUMERIC {
namespace {

using namespace mote::detail;
using std::size_t;

constexpr float kStep = 0x1p-80f;  // ratio of a unit to the next higher

/// The first unit to try, a power of two by which numbers are multiplied before they are squared. Numbers that
/// underflow with it are negligible beside the limit. While the sum of squares is not finite, kStep lowers the unit; if
/// it is not finite with the lowest unit, a number is not finite.
float first_unit(float limit) {
  return limit < 0x1p-30f ? 1.0f / kStep : 1.0f;
}
bool is_lowest(float unit) {
  return unit <= kStep;
}

/// Sum of squares of a matrix: each row in lanes, then row after row. Padding is 0.
float sum_squares(size_t rows, size_t columns, size_t stride, float unit, const float* x) {
  float total = 0.0f;
  for (size_t i = 0; i < rows; ++i, x += stride) {
    Lanes lanes;
    for (size_t j = 0; j < columns; j += kLanes) {
      const size_t count = lanes_from(j, columns);
      for (size_t k = 0; k < count; ++k) {
        const float value = x[j + k] * unit;
        lanes.lane[k] = multiply_add(value, value, lanes.lane[k]);
      }
    }
    total += lanes.sum();
  }
  return total;
}

/// Sum of squares of all weights, layer by layer, then all biases, then all scales. count: floats, padding included.
float sum_squares(const mote::Topology& topology, float unit, const float* gradients, size_t& count) {
  float total = 0.0f;
  count = 0;
  const auto add = [&](size_t rows, size_t outputs) {
    const size_t stride = mote::row_stride(outputs);
    total += sum_squares(rows, outputs, stride, unit, gradients + count);
    count += rows * stride;
  };
  for (size_t l = 0; l < topology.layer_count; ++l) {
    add(l == 0 ? topology.inputs : topology.layers[l - 1].outputs, topology.layers[l].outputs);
  }
  for (size_t l = 0; l < topology.layer_count; ++l) add(1, topology.layers[l].outputs);
  for (size_t l = 0; l < topology.layer_count; ++l) {
    if (topology.layers[l].batch_norm) add(1, topology.layers[l].outputs);
  }
  return total;
}

constexpr size_t kPanel = 64;  // columns per panel: whole cache lines

/// sums[j] = sum over the rows of (w[j] units[j])^2, in increasing order.
void sum_column_squares(size_t rows, size_t width, size_t stride, const float* __restrict units,
                        const float* __restrict w, float* __restrict sums) {
  for (size_t j = 0; j < width; ++j) sums[j] = 0.0f;
  for (size_t i = 0; i < rows; ++i, w += stride) {
    for (size_t j = 0; j < width; ++j) sums[j] = multiply_add(w[j] * units[j], w[j] * units[j], sums[j]);
  }
}

void limit_panel(float limit, size_t rows, size_t width, size_t stride, float* __restrict w) {
  float units[kPanel], sums[kPanel], factors[kPanel];
  for (size_t j = 0; j < width; ++j) units[j] = first_unit(limit);
  for (bool again = true; again;) {
    sum_column_squares(rows, width, stride, units, w, sums);
    again = false;
    for (size_t j = 0; j < width; ++j) {
      if (is_finite(sums[j]) || is_lowest(units[j])) continue;
      units[j] *= kStep;
      again = true;
    }
  }
  bool any = false;
  for (size_t j = 0; j < width; ++j) {
    const float norm = square_root(sums[j]);
    const bool is_long = is_finite(sums[j]) && norm > limit * units[j];
    factors[j] = is_long ? limit / norm : 1.0f;
    units[j] = is_long ? units[j] : 1.0f;
    any = any || is_long;
  }
  if (!any) return;
  for (size_t i = 0; i < rows; ++i, w += stride) {
    for (size_t j = 0; j < width; ++j) w[j] = w[j] * units[j] * factors[j];
  }
}

}  // namespace

bool clip_norm(const mote::Topology& topology, float limit, float* gradients) {
  float unit = first_unit(limit);
  size_t count = 0;
  float squares = sum_squares(topology, unit, gradients, count);
  while (!is_finite(squares) && !is_lowest(unit)) {
    unit *= kStep;
    squares = sum_squares(topology, unit, gradients, count);
  }
  if (!is_finite(squares)) return false;
  const float norm = square_root(squares);
  if (norm <= limit * unit) return true;
  const float factor = limit / norm;
  for (size_t i = 0; i < count; ++i) gradients[i] = gradients[i] * unit * factor;
  return true;
}

bool clip_value(float limit, float* gradients, size_t count) {
  std::uint32_t largest = 0;  // bits of a magnitude, which have the order of magnitudes
  for (size_t i = 0; i < count; ++i) {
    const float g = gradients[i];
    const std::uint32_t magnitude = bits_of(absolute(g));
    largest = magnitude > largest ? magnitude : largest;
    const float clipped = g < -limit ? -limit : g > limit ? limit : g;
    gradients[i] = magnitude < bits_of(kInfinity) ? clipped : g;
  }
  return largest < bits_of(kInfinity);
}

void limit_column_norms(float limit, size_t inputs, size_t columns, size_t stride, float* weights) {
  for (size_t j = 0; j < columns; j += kPanel) {
    limit_panel(limit, inputs, columns - j < kPanel ? columns - j : kPanel, stride, weights + j);
  }
}

}  // namespace MOTE_NUMERIC
