// SPDX-License-Identifier: MIT
#include "mote/norms.hpp"

#include "../core/arithmetic.hpp"
#include "../textbook/lanes.hpp"
#include "mote/detail/finite.hpp"
#include "mote/random.hpp"

namespace mote {
namespace {

using std::size_t;

/// Norm of rows x columns elements at(i, j). Multiply and add are separate in this file, so that equal elements have
/// equal norms on every target.
template <typename At>
float norm_of(size_t rows, size_t columns, At at) {
  std::uint32_t lanes[detail::kLanes] = {};  // bits of magnitudes, in the order of the magnitudes; NaN is the largest
  for (size_t i = 0; i < rows; ++i) {
    detail::for_lanes(
        columns, [&](size_t j) { return at(i, j); },
        [&](size_t lane, float x) {
          const std::uint32_t magnitude = detail::bits_of(x) & 0x7fffffffu;
          lanes[lane] = magnitude > lanes[lane] ? magnitude : lanes[lane];
        });
  }
  std::uint32_t largest = 0;
  for (const std::uint32_t magnitude : lanes) largest = magnitude > largest ? magnitude : largest;
  const float most = detail::float_of(largest);
  if (largest == 0 || !detail::is_finite(most)) return most;
  // Two factors, because the inverse of a subnormal number may be infinite: together they scale `most` to [1, 2).
  const int exponent = static_cast<int>(largest >> 23) - 127, half = exponent / 2;
  const float first = detail::scaled(1.0f, -half), second = detail::scaled(1.0f, half - exponent);
  float total = 0.0f;
  for (size_t i = 0; i < rows; ++i) {
    total += detail::sum_of(columns, [&](size_t j) {
      const float x = at(i, j) * first * second;
      return x * x;
    });
  }
  return detail::square_root(total) / first / second;
}

/// Scales x to length 1 and returns its former length.
float normalize(Span<float> x) {
  const float length = norm({x.data(), 1, x.size(), x.size()});
  for (float& value : x) value = length == 0.0f ? 0.0f : value / length;
  return length;
}

}  // namespace

float norm(const MatrixView& values, float origin) {
  return norm_of(values.rows, values.columns,
                 [&](size_t i, size_t j) { return values.data[i * values.stride + j] - origin; });
}

float norm_of_difference(const MatrixView& a, const MatrixView& b) {
  MOTE_ASSERT(a.rows == b.rows && a.columns == b.columns);
  return norm_of(a.rows, a.columns,
                 [&](size_t i, size_t j) { return a.data[i * a.stride + j] - b.data[i * b.stride + j]; });
}

Result spectral_norm(size_t inputs, size_t outputs, const float* weights, Memory scratch, float& norm) {
  const detail::SpectralPlan plan = detail::spectral_plan(inputs, outputs);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  const size_t stride = row_stride(outputs);
  const Span<float> left = plan.left.in(scratch), right = plan.right.in(scratch);
  for (float& x : left) x = 0.0f;
  for (float& x : right) x = 0.0f;
  Random random(0, Stream::initialization);
  for (size_t j = 0; j < outputs; ++j) right[j] = random.gaussian();
  normalize(right);
  norm = 0.0f;
  for (int i = 0; i < kPowerIterations; ++i) {
    backward_product(1, inputs, outputs, right.data(), stride, weights, stride, left.data(), left.size(), nullptr);
    const float before = norm;
    normalize(left);
    forward_product(1, inputs, outputs, left.data(), left.size(), weights, stride, right.data(), stride);
    norm = normalize(right);
    if (!(norm - before > 0x1p-22f * norm)) break;  // NaN too
  }
  return Status::ok;
}

}  // namespace mote
