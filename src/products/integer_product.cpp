// SPDX-License-Identifier: MIT
#include "mote/detail/integer_product.hpp"

#include "unrolled.hpp"

namespace mote {
namespace {

using detail::Constant;
using detail::for_constants;
using std::size_t;

// Rows at a time, which share each input: as many as the registers hold.
#if defined(__thumb__) && !defined(__thumb2__)
constexpr size_t kRowsTogether = 2;
#else
constexpr size_t kRowsTogether = 4;
#endif

/// a / 2^31 to nearest, ties up.
std::int32_t high_part(std::int64_t a) {
  return static_cast<std::int32_t>((a + (std::int64_t{1} << 30)) >> 31);
}

/// a / 2^shift to nearest, ties away from 0.
std::int32_t shifted_right(std::int32_t a, std::int32_t shift) {
  const std::int32_t mask = static_cast<std::int32_t>((std::uint32_t{1} << shift) - 1), rest = a & mask;
  return (a >> shift) + (rest > (mask >> 1) + (a < 0 ? 1 : 0) ? 1 : 0);
}

std::int8_t output_of(const IntegerLayer& layer, size_t j, std::uint32_t sum) {
  const std::int32_t shift = layer.shifts[j];
  const auto raised = static_cast<std::int32_t>(shift > 0 ? sum << shift : sum);
  const std::int32_t high = high_part(std::int64_t{raised} * layer.multipliers[j]);
  const std::int32_t scaled = shifted_right(high, shift > 0 ? 0 : -shift);
  // No overflow: outputs beyond 2^30 are clamped in any case.
  constexpr std::int32_t kFar = 1 << 30;
  std::int32_t y = (scaled > kFar ? kFar : scaled < -kFar ? -kFar : scaled) + layer.z.zero;
  if (y < layer.least) y = layer.least;
  if (y > layer.most) y = layer.most;
  return layer.table == nullptr ? static_cast<std::int8_t>(y) : layer.table[y + 128];
}

/// sums[i] = sum over k of x[k] weights[i][k], for Rows rows i.
template <size_t Rows>
[[gnu::noinline]] void sum_rows(std::int32_t inputs, const std::int8_t* x, const std::int8_t* weights,
                                std::int32_t* sums) {
  std::int32_t* volatile result = sums;  // on the stack: the loop needs the registers
  const std::int8_t *end = x + inputs, *row[Rows];
  std::int32_t sum[Rows] = {};
  for_constants<Rows>(MOTE_EACH(i) { row[i] = weights += inputs; });  // their ends
  std::int32_t k = -inputs;
  do {
    const std::int32_t input = end[k];
    for_constants<Rows>(MOTE_EACH(i) { sum[i] += input * row[i][k]; });
  } while (++k != 0);
  sums = result;
  for_constants<Rows>(MOTE_EACH(i) { sums[i] = sum[i]; });
}

/// Outputs j to j + Rows - 1.
template <size_t Rows>
void compute_rows(const IntegerLayer& layer, size_t j, const std::int8_t* x, std::int8_t* y) {
  std::int32_t sums[Rows];
  sum_rows<Rows>(static_cast<std::int32_t>(layer.inputs), x, layer.weights + j * layer.inputs, sums);
  for (size_t i = 0; i < Rows; ++i) {
    const std::uint32_t sum = static_cast<std::uint32_t>(layer.biases[j + i]) + static_cast<std::uint32_t>(sums[i]);
    y[j + i] = output_of(layer, j + i, sum);
  }
}

}  // namespace

void integer_product(const IntegerLayer& layer, const std::int8_t* x, std::int8_t* y) {
  size_t j = 0;
  for (; j + kRowsTogether <= layer.outputs; j += kRowsTogether) compute_rows<kRowsTogether>(layer, j, x, y);
  for (; j < layer.outputs; ++j) compute_rows<1>(layer, j, x, y);
}

}  // namespace mote
