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

/// to[k][j] = x[k][j]: a strip of a matrix whose columns are the rows of X.
MOTE_INLINE void copy_strip(size_t rows, size_t columns, const float* __restrict x, size_t ldx, float* __restrict to) {
  const size_t stride = rounded_up(columns);
  for (size_t k = 0; k < rows; ++k) {
    for (size_t j = 0; j < columns; ++j) to[k * stride + j] = x[k * ldx + j];
  }
}

/// The columns of b in panels of kPanelColumns, one after the other: read along its rows, as memory likes best.
MOTE_INLINE void copy_panels(size_t rows, size_t columns, const float* __restrict b, size_t ldb, float* __restrict to) {
  const size_t whole = columns / kPanelColumns * kPanelColumns, rest = columns - whole;
  for (size_t k = 0; k < rows; ++k, b += ldb) {
    for (size_t n = 0; n < whole; n += kPanelColumns) {
      for (size_t j = 0; j < kPanelColumns; ++j) to[n * rows + k * kPanelColumns + j] = b[n + j];
    }
    for (size_t j = 0; j < rest; ++j) to[whole * rows + k * rest + j] = b[whole + j];
  }
}

/// X B or some of it, for the rows of X at operands.x and all columns of the block of B. Changes operands.
template <Access kAccess, typename Finish>
void block_of_tiles(size_t rows, size_t columns, Operands& operands, const float* block) {
  const float* const x = operands.x;
  float* const c = operands.c;
  for (size_t i = 0, height; i < rows; i += height) {
    height = tile_height(rows - i, kRows);
    operands.x = x + (kAccess == Access::transposed ? i : i * operands.ldx);
    for (size_t n = 0; n < columns; n += kPanelColumns) {
      operands.ldb = smaller(kPanelColumns, columns - n);
      operands.b = block + n * operands.depth;
      operands.c = c + i * operands.ldc + n;
      row_of_tiles<kAccess, Finish>(height, operands.ldb, operands);
    }
  }
}

template <Access kAccess>
void block_of_tiles(bool accumulate, size_t rows, size_t columns, Operands& operands, const float* block) {
  if (accumulate) {
    block_of_tiles<kAccess, Accumulate>(rows, columns, operands, block);
  } else {
    block_of_tiles<kAccess, Store>(rows, columns, operands, block);
  }
}

/// C = X B, or C += X B, a block of B at a time: rearranged as panels of columns, it stays near while all rows of X
/// pass by. Those of a transposed X, which are columns in memory, are copied a strip at a time, to after the block.
/// copy_b(k, depth, n, columns, to) writes rows [k, k + depth) of columns [n, n + columns) of B, panel after panel.
template <Access kAccess, typename CopyB>
void product_in_blocks(bool accumulate, size_t rows, size_t columns, Operands operands, float* block, size_t block_size,
                       const CopyB& copy_b) {
  constexpr bool kInStrips = kAccess == Access::transposed;
  const Operands all = operands;
  for (size_t k = 0; k < all.depth; k += kBlockDepth) {
    operands.depth = smaller(kBlockDepth, all.depth - k);
    const size_t fitting = smaller(block_size / operands.depth / kPanelColumns * kPanelColumns, kBlockColumns);
    const size_t widest = rows <= kPanelsFromBatch ? kPanelColumns : fitting;  // few: read once, from the nearest cache
    for (size_t n = 0; n < columns; n += widest) {
      const size_t width = smaller(widest, columns - n);
      copy_b(k, operands.depth, n, width, block);
      const size_t strip = kInStrips ? kBlockStrip : rows;
      for (size_t i = 0; i < rows; i += strip) {
        const size_t height = smaller(strip, rows - i);
        operands.c = all.c + i * all.ldc + n;
        if constexpr (kInStrips) {
          operands.x = block + block_size;
          operands.ldx = rounded_up(height);
          copy_strip(operands.depth, height, all.x + k * all.ldx + i, all.ldx, block + block_size);
        } else {
          operands.x = all.x + k;
        }
        block_of_tiles<kAccess>(accumulate || k != 0, height, width, operands, block);
      }
    }
  }
}

}  // namespace
}  // namespace mote::detail
