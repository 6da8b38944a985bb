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

/// a b / 2^31 to nearest, ties up; b >= 0. Of halves of 16 bits: the processor has no product of 64 bits.
[[gnu::always_inline]] inline std::int32_t high_product(std::int32_t a, std::int32_t b) {
  const auto a0 = static_cast<std::uint32_t>(a & 0xffff), b0 = static_cast<std::uint32_t>(b & 0xffff);
  const std::int32_t a1 = a >> 16, b1 = b >> 16;
  const auto middle = static_cast<std::int32_t>((a0 * b0 >> 16) + a0 * static_cast<std::uint32_t>(b1));
  const std::int32_t mixed = a1 * static_cast<std::int32_t>(b0) + (middle & 0xffff);
  return 2 * (a1 * b1 + (middle >> 16) + (mixed >> 16)) + (((mixed >> 14 & 3) + 1) >> 1);
}
#else
constexpr size_t kRowsTogether = 4;

/// a b / 2^31 to nearest, ties up; b >= 0.
std::int32_t high_product(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((std::int64_t{a} * b + (std::int64_t{1} << 30)) >> 31);
}
#endif

/// a / 2^shift to nearest, ties away from 0.
std::int32_t shifted_right(std::int32_t a, std::int32_t shift) {
  const std::int32_t mask = static_cast<std::int32_t>((std::uint32_t{1} << shift) - 1), rest = a & mask;
  return (a >> shift) + (rest > (mask >> 1) + (a < 0 ? 1 : 0) ? 1 : 0);
}

std::int8_t look_up(const std::int8_t* table, std::int32_t z) {
  return table[z + 128];
}

std::int16_t look_up(const std::int16_t* table, std::int32_t z) {
  const std::int16_t* entry = table + (z >> 8) + 128;
  return static_cast<std::int16_t>(entry[0] + (((entry[1] - entry[0]) * (z & 255) + 128) >> 8));
}

template <typename T>
T output_of(const BasicIntegerLayer<T>& layer, size_t j, std::uint32_t sum) {
  const std::int32_t shift = layer.shifts[j];
  if constexpr (sizeof(T) == 2) {
    const std::int32_t most = shift > 0 ? 0x7fffffff >> shift : 0x7fffffff, a = static_cast<std::int32_t>(sum);
    sum = static_cast<std::uint32_t>(a > most ? most : a < -most ? -most : a);
  }
  const auto raised = static_cast<std::int32_t>(shift > 0 ? sum << shift : sum);
  const std::int32_t high = high_product(raised, layer.multipliers[j]);
  const std::int32_t scaled = shifted_right(high, shift > 0 ? 0 : -shift);
  const std::int32_t zero = layer.z.zero;  // added last: the sum could overflow
  const std::int32_t y = scaled < layer.least - zero  ? layer.least
                         : scaled > layer.most - zero ? layer.most
                                                      : scaled + zero;
  return layer.table == nullptr ? static_cast<T>(y) : look_up(layer.table, y);
}

/// sums[i] = sum over k of x[k] weights[i][k], for Rows rows i.
template <size_t Rows, typename T>
[[gnu::noinline]] void sum_rows(std::int32_t inputs, const T* x, const std::int8_t* weights, std::int32_t* sums) {
  std::int32_t* volatile result = sums;  // on the stack: the loop needs the registers
  const T* end = x + inputs;
  const std::int8_t* row[Rows];
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
template <size_t Rows, typename T>
void compute_rows(const BasicIntegerLayer<T>& layer, size_t j, const T* x, T* y) {
  std::int32_t sums[Rows];
  sum_rows<Rows>(static_cast<std::int32_t>(layer.inputs), x, layer.weights + j * layer.inputs, sums);
  for (size_t i = 0; i < Rows; ++i) {
    const std::uint32_t sum = static_cast<std::uint32_t>(layer.biases[j + i]) + static_cast<std::uint32_t>(sums[i]);
    y[j + i] = output_of(layer, j + i, sum);
  }
}

}  // namespace

template <typename T>
void integer_product(const BasicIntegerLayer<T>& layer, const T* x, T* y) {
  size_t j = 0;
  for (; j + kRowsTogether <= layer.outputs; j += kRowsTogether) compute_rows<kRowsTogether>(layer, j, x, y);
  for (; j < layer.outputs; ++j) compute_rows<1>(layer, j, x, y);
}
template void integer_product(const IntegerLayer&, const std::int8_t*, std::int8_t*);
template void integer_product(const IntegerLayer16&, const std::int16_t*, std::int16_t*);

}  // namespace mote
