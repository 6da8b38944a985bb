// SPDX-License-Identifier: MIT
// Products with matrices larger than the caches next to the processor, a block of them at a time. For kernels.cpp only;
// internal linkage.
#pragma once

#include "mote/kernels.hpp"
#include "tiles.hpp"

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

/// to[k] = row k of b.
MOTE_INLINE void copy_panel(size_t rows, size_t columns, const float* __restrict b, size_t ldb, float* __restrict to) {
  for (size_t k = 0; k < rows; ++k) {
    for (size_t j = 0; j < columns; ++j) to[k * columns + j] = b[k * ldb + j];
  }
}

/// to[k][i] = x[k][i] for the `height` rows of a register tile.
MOTE_INLINE void copy_strip(size_t depth, size_t height, const float* __restrict x, size_t ldx, float* __restrict to) {
  for (size_t k = 0; k < depth; ++k) {
    for (size_t i = 0; i < height; ++i) to[k * height + i] = x[k * ldx + i];
  }
}

/// C = X B, or C += X B, a block of B at a time: rearranged, one panel of columns after the other, it stays near while
/// all rows of X pass by. copy(k, depth, n, width, to) writes rows [k, k + depth) of columns [n, n + width) of B. When
/// X is transposed, each strip of it is rearranged as well.
template <Access kAccess, typename Copy>
void product_in_blocks(bool accumulate, size_t rows, size_t columns, const Operands& all, float* block,
                       size_t block_size, const Copy& copy) {
  for (size_t k = 0; k < all.depth; k += kBlockDepth) {
    Operands operands = all;
    operands.depth = smaller(kBlockDepth, all.depth - k);
    const size_t fitting = smaller(block_size / operands.depth / kPanelColumns * kPanelColumns, kBlockColumns);
    const size_t widest = rows <= kPanelsFromBatch ? kPanelColumns : fitting;  // few: read once, from the nearest cache
    for (size_t n = 0; n < columns; n += widest) {
      const size_t width = smaller(widest, columns - n);
      for (size_t j = 0; j < width; j += kPanelColumns) {
        copy(k, operands.depth, n + j, smaller(kPanelColumns, width - j), block + j * operands.depth);
      }
      for (size_t i = 0, height; i < rows; i += height) {
        height = tile_height(rows - i, kRows);
        operands.x = all.x + (kAccess == Access::transposed ? k * all.ldx + i : i * all.ldx + k);
        if constexpr (kAccess == Access::transposed) {
          copy_strip(operands.depth, height, operands.x, all.ldx, block + block_size);
          operands.x = block + block_size;
          operands.ldx = height;
        }
        for (size_t j = 0; j < width; j += kPanelColumns) {
          operands.ldb = smaller(kPanelColumns, width - j);
          operands.b = block + j * operands.depth;
          operands.c = all.c + i * all.ldc + n + j;
          if (accumulate || k != 0) {
            row_of_tiles<kAccess, Accumulate>(height, operands.ldb, operands);
          } else {
            row_of_tiles<kAccess, Store>(height, operands.ldb, operands);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace mote::detail
