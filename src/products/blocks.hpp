// SPDX-License-Identifier: MIT
// Products with matrices larger than the caches next to the processor, one block at a time. Internal linkage.
#pragma once

#include "mote/detail/products.hpp"
#include "tiles.hpp"
#include "transpose.hpp"

namespace mote::detail {
namespace {

using std::size_t;

// Columns of a panel of a block, which stays in the nearest cache, and number of rows of X that pass by it before the
// next panel. Wide tiles read a panel so slowly that a farther cache is near enough.
constexpr size_t kPackedColumns = kHasWideTiles ? kPanelColumns : 16;
constexpr size_t kPassingRows = kHasWideTiles ? kRows : 96;
// Columns and rows of a strip: rows of X, rearranged as tiles, which are read beside a panel. It fills its memory.
constexpr size_t kStripDepth = kHasWideTiles ? kBlockSide : kBlockSide / 2;
constexpr size_t kStripHeight = kBlockStrip * kBlockSide / kStripDepth;
static_assert(kPackedColumns >= kSide && kPackedColumns % kNarrowColumns == 0);
constexpr size_t kFewRows = 24;  // a product of up to 24 rows reads each element of W at most four times

MOTE_INLINE size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/// Floats of the scratch memory of a product with a matrix of `rows` by `columns` that hold a block of the matrix.
MOTE_INLINE size_t block_floats(size_t rows, size_t columns) {
  return mote::pack_floats(rows, columns) - strip_floats(rows, columns);
}

/// The next multiple of kSide: the row stride of a strip of n columns.
MOTE_INLINE size_t rounded_up(size_t n) {
  return (n + kSide - 1) / kSide * kSide;
}

/// to[kRows k + i] = x[i][k] for i < kRows and k < kWays.
MOTE_INLINE void interleave_rows(const float* __restrict x, size_t ldx, float* __restrict to) {
  static_assert(kRows == kWays || kRows == kWays + 2);
  float quad[kWays * kWays], pair[2 * kWays] = {};
  transpose_quad(x, x + ldx, x + 2 * ldx, x + 3 * ldx, quad);
  if constexpr (kRows == kWays + 2) interleave(x + 4 * ldx, x + 5 * ldx, pair);
  MOTE_UNROLL
  for (size_t k = 0; k < kWays; ++k, to += kRows) {
    for (size_t i = 0; i < kWays; ++i) to[i] = quad[kWays * k + i];
    for (size_t i = kWays; i < kRows; ++i) to[i] = pair[2 * k + i - kWays];
  }
}

/// Copies rows of X, one tile after the other: to[i * depth + k * height + j] = x[i + j][k] for a tile of `height` rows
/// from i on.
[[maybe_unused]] void copy_tiles(size_t depth, size_t rows, const float* __restrict x, size_t ldx,
                                 float* __restrict to) {
  for (size_t i = 0, height; i < rows; i += height) {
    height = tile_height(rows - i, kRows);
    const float* from = x + i * ldx;
    size_t k = 0;
    if (height == kRows) {
      for (; k + kWays <= depth; k += kWays, to += kWays * kRows) interleave_rows(from + k, ldx, to);
    }
    for (; k < depth; ++k, to += height) {
      for (size_t j = 0; j < height; ++j) to[j] = from[j * ldx + k];
    }
  }
}

/// Computes X B for `rows` rows of X and `columns` columns of B, panel by panel. A panel stays in cache for all
/// rows. operands.x: rows of X; transposed: tiles from copy_tiles(). operands.b: panels of kPackedColumns, one after
/// the other. Changes operands.
template <Access kAccess, typename Finish>
void block_of_tiles(size_t rows, size_t columns, Operands& operands) {
  const float* const x = operands.x;
  const float* const b = operands.b;
  float* const c = operands.c;
  for (size_t n = 0; n < columns; n += kPackedColumns) {
    const size_t width = smaller(kPackedColumns, columns - n);
    operands.b = b + n * operands.depth;
    operands.ldb = width;
    for (size_t i = 0, height; i < rows; i += height) {
      height = tile_height(rows - i, kRows);
      operands.c = c + i * operands.ldc + n;
      if constexpr (kAccess == Access::transposed) {
        operands.x = x + i * operands.depth;
        operands.ldx = height;
      } else {
        operands.x = x + i * operands.ldx;
      }
      if (!kHasWideTiles && i + height < rows) {  // the next sums may start from there, and would wait
        prefetch_tile(tile_height(rows - i - height, kRows), width, operands.c + height * operands.ldc, operands.ldc);
      }
      row_of_tiles<kAccess, Finish>(height, width, operands);
    }
  }
}

template <Access kAccess>
void block_of_tiles(bool accumulate, size_t rows, size_t columns, Operands& operands) {
  if (accumulate) {
    block_of_tiles<kAccess, Accumulate>(rows, columns, operands);
  } else {
    block_of_tiles<kAccess, Store>(rows, columns, operands);
  }
}

/// C = X B, a block of B at a time: copied as panels of columns, it stays in cache while all rows of X pass by. In
/// strips, some rows of X at a time are copied as well, behind the block. copy_b(k, depth, n, columns, to) writes rows
/// [k, k + depth) of columns [n, n + columns) of B, panel after panel.
template <bool kInStrips, typename CopyB>
void product_in_blocks(size_t rows, size_t columns, Operands operands, float* block, size_t block_size,
                       const CopyB& copy_b) {
  constexpr size_t kDepth = kInStrips ? kStripDepth : kBlockSide, kMostRows = kInStrips ? kStripHeight : kPassingRows;
  const Operands all = operands;
  for (size_t k = 0; k < all.depth; k += kDepth) {
    operands.depth = smaller(kDepth, all.depth - k);
    const size_t fitting = block_size / operands.depth / kPackedColumns * kPackedColumns;
    const size_t widest = rows <= kFewRows ? kPackedColumns  // few: read soon, from the nearest cache
                                           : smaller(fitting, kBlockSide * kBlockSide / kDepth);
    for (size_t n = 0; n < columns; n += widest) {
      const size_t width = smaller(widest, columns - n);
      copy_b(k, operands.depth, n, width, block);
      for (size_t i = 0, height; i < rows; i += height) {
        height = tile_height(rows - i, kMostRows);
        const float* x = all.x + i * all.ldx + k;
        operands.x = kInStrips ? block + block_size : x;
        if (kInStrips) copy_tiles(operands.depth, height, x, all.ldx, block + block_size);
        operands.b = block;
        operands.c = all.c + i * all.ldc + n;
        block_of_tiles<kInStrips ? Access::transposed : Access::plain>(k != 0, height, width, operands);
      }
    }
  }
}

}  // namespace
}  // namespace mote::detail
