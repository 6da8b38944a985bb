// SPDX-License-Identifier: MIT
// Transposed copies of small blocks: plain loops that compilers turn into permutations of vectors. Internal linkage.
#pragma once

#include "../core/arithmetic.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t kSide = 16;  // side of a block
constexpr std::size_t kWays = 4;   // side of a quad: kSide = kWays * kWays

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

// Vectors have lanes of 128 bits, kWays floats, which are transposed together: four vectors hold kWays columns of
// kVectorFloats rows; lane l of vector i holds row kWays l + i.
#if defined(__AVX512F__)
constexpr std::size_t kVectorLanes = 4;
#else
constexpr std::size_t kVectorLanes = 2;
#endif
constexpr std::size_t kVectorFloats = kWays * kVectorLanes;
static_assert(kWays == 4 && kSide % kVectorFloats == 0);

/// to[kVectorFloats j + i] = from[i][j] for i < kVectorFloats and j < kWays.
MOTE_INLINE void transpose_lanes(const float* from, std::size_t stride, float* __restrict to);

/// to[j][i] = from[i][j] for i < rows and 0 for the other i < kSide; j < columns. rows <= kSide; columns of `from` can
/// be read up to the next multiple of kWays.
void transpose_rows(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                    std::size_t to_stride);

#if defined(__clang__)  // vectorizes long loops, but moves single floats where GCC permutes vectors
constexpr bool kPermutesLanes = false;
constexpr std::size_t kTwiceColumns = 64;  // columns that are rearranged twice, in the nearest cache

MOTE_INLINE void transpose_lanes(const float* from, std::size_t stride, float* __restrict to) {
  MOTE_UNROLL
  for (std::size_t i = 0; i < kVectorFloats; i += kWays, from += kWays * stride) {
    float quad[kWays * kWays];
    transpose_quad(from, from + stride, from + 2 * stride, from + 3 * stride, quad);
    for (std::size_t k = 0; k < kWays * kWays; ++k) to[k / kWays * kVectorFloats + i + k % kWays] = quad[k];
  }
}

/// to[kWays j + i] = row_i[j] for i < kWays and j < columns.
MOTE_INLINE void interleave(std::size_t columns, const float* __restrict row0, const float* __restrict row1,
                            const float* __restrict row2, const float* __restrict row3, float* __restrict to) {
  for (std::size_t j = 0; j < columns; ++j, to += kWays) {
    to[0] = row0[j];
    to[1] = row1[j];
    to[2] = row2[j];
    to[3] = row3[j];
  }
}

void transpose_rows(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                    std::size_t to_stride) {
  static constexpr float kNoRow[kTwiceColumns] = {};
  for (std::size_t j = 0; j < columns; j += kTwiceColumns) {
    const std::size_t width = columns - j < kTwiceColumns ? columns - j : kTwiceColumns;
    const auto row = [&](std::size_t i) { return i < rows ? from + i * from_stride + j : kNoRow; };
    for (std::size_t i = 0; i < kSide; i += kWays) {
      float quads[kWays * kTwiceColumns];
      interleave(width, row(i), row(i + 1), row(i + 2), row(i + 3), quads);
      for (std::size_t k = 0; k < width; ++k) {
        __builtin_memcpy(to + (j + k) * to_stride + i, quads + kWays * k, kWays * sizeof *quads);
      }
    }
  }
}

#else
constexpr bool kPermutesLanes = true;

/// to[kWays l + j] = from[kWays l][j] for j < kWays and l < kVectorLanes.
MOTE_INLINE void load_lanes(const float* __restrict from, std::size_t stride, float* __restrict to) {
  MOTE_ROLLED
  for (std::size_t lane = 0; lane < kVectorLanes; ++lane, from += kWays * stride, to += kWays) {
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
  }
}

/// Interleaves, lane by lane, the first with the second and the third with the fourth of four vectors: the lower halves
/// of lanes to lower[0] and lower[step], the upper ones to upper[0] and upper[step].
MOTE_INLINE void interleave_lanes(const float* __restrict vectors, std::size_t step, float* __restrict lower,
                                  float* __restrict upper) {
  MOTE_ROLLED
  for (std::size_t i = 0; i < 2; ++i, vectors += 2 * kVectorFloats, lower += step, upper += step) {
    const float *a = vectors, *b = vectors + kVectorFloats;
    MOTE_UNROLL
    for (std::size_t j = 0; j < kVectorFloats; j += kWays) {
      lower[j] = a[j];
      lower[j + 1] = b[j];
      lower[j + 2] = a[j + 1];
      lower[j + 3] = b[j + 1];
      upper[j] = a[j + 2];
      upper[j + 1] = b[j + 2];
      upper[j + 2] = a[j + 3];
      upper[j + 3] = b[j + 3];
    }
  }
}

MOTE_INLINE void transpose_lanes(const float* from, std::size_t stride, float* __restrict to) {
  float rows[kWays * kVectorFloats], halves[kWays * kVectorFloats];
  load_lanes(from, stride, rows);
  load_lanes(from + 2 * stride, stride, rows + kVectorFloats);
  load_lanes(from + stride, stride, rows + 2 * kVectorFloats);
  load_lanes(from + 3 * stride, stride, rows + 3 * kVectorFloats);
  interleave_lanes(rows, kVectorFloats, halves, halves + 2 * kVectorFloats);
  interleave_lanes(halves, 2 * kVectorFloats, to, to + kVectorFloats);
}

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

/// to[j][i] = from[i][j] for i < kSide, j < columns <= kWays.
MOTE_INLINE void transpose_columns(std::size_t columns, const float* from, std::size_t from_stride, float* to,
                                   std::size_t to_stride) {
  MOTE_UNROLL
  for (std::size_t i = 0; i < kSide; i += kVectorFloats) {
    float transposed[kWays * kVectorFloats];
    transpose_lanes(from + i * from_stride, from_stride, transposed);
    MOTE_UNROLL
    for (std::size_t j = 0; j < kWays; ++j) {
      if (j == columns) break;
      for (std::size_t k = 0; k < kVectorFloats; ++k) to[j * to_stride + i + k] = transposed[j * kVectorFloats + k];
    }
  }
}

void transpose_rows(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride, float* to,
                    std::size_t to_stride) {
  if (rows == kSide) {
    std::size_t j = 0;
    for (; j + kWays <= columns; j += kWays) {
      transpose_columns(kWays, from + j, from_stride, to + j * to_stride, to_stride);
    }
    if (j != columns) transpose_columns(columns - j, from + j, from_stride, to + j * to_stride, to_stride);
    return;
  }
  static constexpr float kNoRow[kWays] = {};
  const auto row = [&](std::size_t i, std::size_t j) { return i < rows ? from + i * from_stride + j : kNoRow; };
  for (std::size_t i = 0; i < kSide; i += kWays) {
    const auto quad = [&](std::size_t j, std::size_t width) {
      transpose_quad(width, row(i, j), row(i + 1, j), row(i + 2, j), row(i + 3, j), to + j * to_stride + i, to_stride);
    };
    std::size_t j = 0;
    for (; j + kWays <= columns; j += kWays) quad(j, kWays);
    if (j != columns) quad(j, columns - j);
  }
}

#endif

/// to[j][i] = from[i][j] for i < rows, j < columns, and 0 for other i below the next multiple of kSide. Columns of
/// `from` can be read up to the next multiple of kWays.
[[maybe_unused]] void transpose(std::size_t rows, std::size_t columns, const float* from, std::size_t from_stride,
                                float* to, std::size_t to_stride) {
  for (std::size_t i = 0; i < rows; i += kSide) {
    const std::size_t height = rows - i < kSide ? rows - i : kSide;
    transpose_rows(height, columns, from + i * from_stride, from_stride, to + i, to_stride);
  }
}

}  // namespace
}  // namespace mote::detail
