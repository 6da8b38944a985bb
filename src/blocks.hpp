// SPDX-License-Identifier: MIT
// Products with matrices larger than the caches next to the processor, a block of them at a time. For kernels.cpp only;
// internal linkage.
#pragma once

#include "mote/kernels.hpp"
#include "tiles.hpp"
#include "transpose.hpp"

namespace mote::detail {
namespace {

using std::size_t;

constexpr size_t kBlockDepth = kBlockSide, kBlockColumns = kBlockSide;
// Of a block, the panel that is nearest to the processor, how many rows of X pass by it before the next one, and, if
// their tiles lie there as well, its depth. Wide tiles read a panel so slowly that it need not be that near.
constexpr size_t kPackedColumns = kHasWideTiles ? kPanelColumns : 16;
constexpr size_t kPassingRows = kHasWideTiles ? kRows : 96;
constexpr size_t kStripDepth = kHasWideTiles ? kBlockDepth : kBlockDepth / 2;
static_assert(kPackedColumns >= kSide && kPackedColumns % kNarrowColumns == 0);
constexpr size_t kPanelsFromBatch = 24;  // fewer rows: the whole of W goes by once anyway

MOTE_INLINE size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/// Floats of the scratch memory of a product with a matrix of `rows` by `columns` that hold a block of the matrix.
MOTE_INLINE size_t block_floats(size_t rows, size_t columns) {
  return mote::pack_floats(rows, columns) - strip_floats(rows, columns);
}

/// The next multiple of the side of a transposed block, which is the distance of rows in a strip of n columns.
MOTE_INLINE size_t rounded_up(size_t n) {
  return (n + kSide - 1) / kSide * kSide;
}

/// A strip of a matrix whose columns are the rows of X, one tile after the other: to[i * rows + k * height + j] =
/// x[k][i + j] for a tile of `height` rows from i on.
MOTE_INLINE void copy_tiles(size_t rows, size_t columns, const float* __restrict x, size_t ldx, float* __restrict to) {
  for (size_t i = 0, height; i < columns; i += height) {
    height = tile_height(columns - i, kRows);
    for (size_t k = 0; k < rows; ++k, to += height) {
      if (height == kRows) {
        __builtin_memcpy(to, x + k * ldx + i, kRows * sizeof(float));
      } else {
        for (size_t j = 0; j < height; ++j) to[j] = x[k * ldx + i + j];
      }
    }
  }
}

/// The columns of b in panels of kPackedColumns, one after the other: read along its rows, as memory likes best.
MOTE_INLINE void copy_panels(size_t rows, size_t columns, const float* __restrict b, size_t ldb, float* __restrict to) {
  const size_t whole = columns / kPackedColumns * kPackedColumns, rest = columns - whole;
  for (size_t k = 0; k < rows; ++k, b += ldb) {
    for (size_t n = 0; n < whole; n += kPackedColumns) {
      for (size_t j = 0; j < kPackedColumns; ++j) to[n * rows + k * kPackedColumns + j] = b[n + j];
    }
    for (size_t j = 0; j < rest; ++j) to[whole * rows + k * rest + j] = b[whole + j];
  }
}

/// A matrix B, in panels of kPackedColumns (ldb 0) or as it lies.
struct Panels {
  const float* b;
  size_t ldb;
};

/// X B or some of it, for the rows of X at operands.x, or their tiles if it is transposed, and `columns` of B: panel by
/// panel, each of which stays near for all rows. Changes operands.
template <Access kAccess, typename Finish>
void block_of_tiles(size_t rows, size_t columns, Operands& operands, Panels panels) {
  const float* const x = operands.x;
  float* const c = operands.c;
  for (size_t n = 0; n < columns; n += kPackedColumns) {
    const size_t width = smaller(kPackedColumns, columns - n);
    operands.b = panels.b + (panels.ldb == 0 ? n * operands.depth : n);
    operands.ldb = panels.ldb == 0 ? width : panels.ldb;
    for (size_t i = 0, height; i < rows; i += height) {
      height = tile_height(rows - i, kRows);
      operands.c = c + i * operands.ldc + n;
      if constexpr (kAccess == Access::transposed) {
        operands.x = x + i * operands.depth;
        operands.ldx = height;
      } else {
        operands.x = x + i * operands.ldx;
      }
      row_of_tiles<kAccess, Finish>(height, width, operands);
    }
  }
}

template <Access kAccess>
void block_of_tiles(bool accumulate, size_t rows, size_t columns, Operands& operands, Panels panels) {
  if (accumulate) {
    block_of_tiles<kAccess, Accumulate>(rows, columns, operands, panels);
  } else {
    block_of_tiles<kAccess, Store>(rows, columns, operands, panels);
  }
}

/// C = X B, or C += X B, a block of B at a time: rearranged as panels of columns, it stays near while all rows of X
/// pass by. Those of a transposed X, which are columns in memory, are copied a strip at a time, to after the block.
/// copy_b(k, depth, n, columns, to) writes rows [k, k + depth) of columns [n, n + columns) of B, panel after panel.
template <Access kAccess, typename CopyB>
void product_in_blocks(bool accumulate, size_t rows, size_t columns, Operands operands, float* block, size_t block_size,
                       const CopyB& copy_b) {
  constexpr bool kInStrips = kAccess == Access::transposed;
  constexpr size_t kDepth = kInStrips ? kStripDepth : kBlockDepth, kMostRows = kInStrips ? kBlockStrip : kPassingRows;
  const Operands all = operands;
  for (size_t k = 0; k < all.depth; k += kDepth) {
    operands.depth = smaller(kDepth, all.depth - k);
    const size_t fitting = smaller(block_size / operands.depth / kPackedColumns * kPackedColumns, kBlockColumns);
    const size_t widest =
        rows <= kPanelsFromBatch ? kPackedColumns : fitting;  // few: read once, from the nearest cache
    for (size_t n = 0; n < columns; n += widest) {
      const size_t width = smaller(widest, columns - n);
      copy_b(k, operands.depth, n, width, block);
      for (size_t i = 0, height; i < rows; i += height) {
        height = tile_height(rows - i, kMostRows);
        operands.c = all.c + i * all.ldc + n;
        if constexpr (kInStrips) {
          operands.x = block + block_size;
          copy_tiles(operands.depth, height, all.x + k * all.ldx + i, all.ldx, block + block_size);
        } else {
          operands.x = all.x + i * all.ldx + k;
        }
        block_of_tiles<kAccess>(accumulate || k != 0, height, width, operands, {block, 0});
      }
    }
  }
}

}  // namespace
}  // namespace mote::detail
