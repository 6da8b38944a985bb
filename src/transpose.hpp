// SPDX-License-Identifier: MIT
// Transposed copies of small blocks, as plain loops that compilers turn into permutations of vectors. Internal
// linkage.
#pragma once

#include "numeric.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t kSide = 16;  // of a block
constexpr std::size_t kWays = 4;   // rows that are interleaved at a time: kSide = kWays * kWays

/// to[kWays j + i] = row_i[j] for j < columns.
MOTE_INLINE void interleave(std::size_t columns, const float* __restrict row0, const float* __restrict row1,
                            const float* __restrict row2, const float* __restrict row3, float* __restrict to) {
  for (std::size_t j = 0; j < columns; ++j) {
    to[kWays * j] = row0[j];
    to[kWays * j + 1] = row1[j];
    to[kWays * j + 2] = row2[j];
    to[kWays * j + 3] = row3[j];
  }
}

/// to[j][i] = from[i][j] for i < rows and 0 for the other i < kSide; j < columns. rows, columns <= kSide; kSide columns
/// of `from` can be read.
void transpose_block(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                     std::size_t to_stride) {
  static constexpr float kNoRow[kSide] = {};
  const auto row = [&](std::size_t i) { return i < rows ? from + i * from_stride : kNoRow; };
#if defined(__AVX512F__)  // a row of the block is a vector: interleaving the interleaved rows stays in registers
  float quarters[kSide * kSide], block[kSide * kSide];
  MOTE_UNROLL
  for (std::size_t i = 0; i < kWays; ++i) {
    interleave(kSide, row(i), row(i + kWays), row(i + 2 * kWays), row(i + 3 * kWays), quarters + i * kWays * kSide);
  }
  constexpr std::size_t kQuarter = kSide * kWays;
  interleave(kQuarter, quarters, quarters + kQuarter, quarters + 2 * kQuarter, quarters + 3 * kQuarter, block);
  for (std::size_t j = 0; j < columns; ++j) __builtin_memcpy(to + j * to_stride, block + j * kSide, sizeof kNoRow);
#else
  for (std::size_t i = 0; i < kSide; i += kWays) {
    float quarter[kWays * kSide];
    interleave(kSide, row(i), row(i + 1), row(i + 2), row(i + 3), quarter);
    for (std::size_t j = 0; j < columns; ++j) {
      __builtin_memcpy(to + j * to_stride + i, quarter + j * kWays, kWays * sizeof(float));
    }
  }
#endif
}

/// to[j][i] = from[i][j] for i < rows, j < columns, whole blocks of `to` being written: up to the next multiple of
/// kSide in i, with zeros, and of `columns`. Columns of `from` can be read up to the next multiple of kSide.
void transpose(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
               std::size_t to_stride) {
  for (std::size_t i = 0; i < rows; i += kSide) {
    const std::size_t height = rows - i < kSide ? rows - i : kSide;
    for (std::size_t j = 0; j < columns; j += kSide) {
      const std::size_t width = columns - j < kSide ? columns - j : kSide;
      transpose_block(height, width, from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
    }
  }
}

}  // namespace
}  // namespace mote::detail
