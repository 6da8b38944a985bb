// SPDX-License-Identifier: MIT
// Transposed copies of small blocks, as plain loops that compilers turn into permutations of vectors. Internal
// linkage.
#pragma once

#include "numeric.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t kSide = 16;  // of a block
constexpr std::size_t kWays = 4;   // of a quad: kSide = kWays * kWays

/// to[2 j] = first[j] and to[2 j + 1] = second[j] for j < kWays.
MOTE_INLINE void interleave(const float* __restrict first, const float* __restrict second, float* __restrict to) {
  for (std::size_t j = 0; j < kWays; ++j) {
    to[2 * j] = first[j];
    to[2 * j + 1] = second[j];
  }
}

/// quad[kWays j + i] = row_i[j] for i, j < kWays: interleaving the interleaved rows stays in registers.
MOTE_INLINE void transpose_quad(const float* row0, const float* row1, const float* row2, const float* row3,
                                float* __restrict quad) {
  float even[2 * kWays], odd[2 * kWays];
  interleave(row0, row2, even);
  interleave(row1, row3, odd);
  interleave(even, odd, quad);
  interleave(even + kWays, odd + kWays, quad + 2 * kWays);
}

#if defined(__AVX512F__)  // a row of a block is a vector

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
/// of `from` can be read. Interleaving the interleaved rows stays in registers.
void transpose_block(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                     std::size_t to_stride) {
  static constexpr float kNoRow[kSide] = {};
  const auto row = [&](std::size_t i) { return i < rows ? from + i * from_stride : kNoRow; };
  float quarters[kSide * kSide], block[kSide * kSide];
  MOTE_UNROLL
  for (std::size_t i = 0; i < kWays; ++i) {
    interleave(kSide, row(i), row(i + kWays), row(i + 2 * kWays), row(i + 3 * kWays), quarters + i * kWays * kSide);
  }
  constexpr std::size_t kQuarter = kSide * kWays;
  interleave(kQuarter, quarters, quarters + kQuarter, quarters + 2 * kQuarter, quarters + 3 * kQuarter, block);
  for (std::size_t j = 0; j < columns; ++j) __builtin_memcpy(to + j * to_stride, block + j * kSide, sizeof kNoRow);
}

/// to[j][i] = from[i][j] for i < rows and 0 for the other i < kSide; j < columns. rows <= kSide; columns of `from` can
/// be read up to the next multiple of kSide.
void transpose_rows(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                    std::size_t to_stride) {
  for (std::size_t j = 0; j < columns; j += kSide) {
    const std::size_t width = columns - j < kSide ? columns - j : kSide;
    transpose_block(rows, width, from + j, from_stride, to + j * to_stride, to_stride);
  }
}

#else

/// to[j][i] = row_i[j] for i < kWays and j < columns <= kWays.
MOTE_INLINE void transpose_quad(std::size_t columns, const float* row0, const float* row1, const float* row2,
                                const float* row3, float* to, std::size_t to_stride) {
  float quad[kWays * kWays];
  transpose_quad(row0, row1, row2, row3, quad);
  MOTE_UNROLL
  for (std::size_t j = 0; j < kWays; ++j) {
    if (j == columns) break;
    for (std::size_t i = 0; i < kWays; ++i) to[j * to_stride + i] = quad[j * kWays + i];
  }
}

/// to[j][i] = from[i][j] for i < rows and 0 for the other i < kSide; j < columns. rows <= kSide; columns of `from` can
/// be read up to the next multiple of kWays.
void transpose_rows(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                    std::size_t to_stride) {
  std::size_t whole = 0;
  for (; rows == kSide && whole + kWays <= columns; whole += kWays) {
    MOTE_UNROLL
    for (std::size_t i = 0; i < kSide; i += kWays) {
      const float* row = from + i * from_stride + whole;
      transpose_quad(kWays, row, row + from_stride, row + 2 * from_stride, row + 3 * from_stride,
                     to + whole * to_stride + i, to_stride);
    }
  }
  static constexpr float kNoRow[kWays] = {};
  const auto row = [&](std::size_t i, std::size_t j) { return i < rows ? from + i * from_stride + j : kNoRow; };
  for (std::size_t i = 0; i < kSide; i += kWays) {
    const auto quad = [&](std::size_t j, std::size_t width) {
      transpose_quad(width, row(i, j), row(i + 1, j), row(i + 2, j), row(i + 3, j), to + j * to_stride + i, to_stride);
    };
    std::size_t j = whole;
    for (; j + kWays <= columns; j += kWays) quad(j, kWays);
    if (j != columns) quad(j, columns - j);
  }
}

#endif

/// to[j][i] = from[i][j] for i < rows, j < columns, whole blocks of `to` being written: up to the next multiple of
/// kSide in i, with zeros, and of `columns`. Columns of `from` can be read up to the next multiple of kSide.
void transpose(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
               std::size_t to_stride) {
  for (std::size_t i = 0; i < rows; i += kSide) {
    const std::size_t height = rows - i < kSide ? rows - i : kSide;
    transpose_rows(height, columns, from + i * from_stride, from_stride, to + i, to_stride);
  }
}

}  // namespace
}  // namespace mote::detail
