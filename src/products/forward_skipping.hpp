// SPDX-License-Identifier: MIT
// The forward product of images and the like, most of whose inputs are 0. Internal linkage.
#pragma once

#include "blocks.hpp"
#include "mote/detail/products.hpp"
#include "tiles.hpp"

namespace mote::detail {
namespace {

using std::size_t;

constexpr size_t kStripsTogether = 8;                             // strips that use a panel of weights in turn
constexpr size_t kListedColumns = kColumns > 32 ? kColumns : 32;  // columns of this panel

/// Writes to `list` the columns of A that are not 0 in all of the first `rows` rows, and returns their number.
size_t list_columns(size_t rows, size_t columns, const float* __restrict A, size_t lda,
                    std::uint32_t* __restrict list) {
  std::uint32_t any[kPanelRows] = {};
  for (size_t i = 0; i < rows; ++i, A += lda) {
    for (size_t k = 0; k < columns; ++k) any[k] |= bits_of(A[k]);
  }
  size_t count = 0;
  for (size_t k = 0; k < columns; ++k) {
    list[count] = static_cast<std::uint32_t>(k);
    count += any[k] != 0 ? 1 : 0;
  }
  return count;
}

/// Samples of one row of tiles, and the inputs that are not 0 in all of them.
struct ListedStrip {
  size_t rows, count;
  std::uint32_t list[kPanelRows];
};

/// Z = A W for consecutive strips of samples, one panel of columns at a time: it stays in cache for all strips.
void forward_listed(const ListedStrip* strips, size_t strip_count, size_t columns, const Operands& all) {
  for (size_t n = 0; n < columns; n += kListedColumns) {
    const size_t width = smaller(kListedColumns, columns - n);
    Operands operands = all;
    operands.b += n;
    operands.c += n;
    for (const ListedStrip* strip = strips; strip != strips + strip_count; ++strip) {
      operands.depth = strip->count;
      operands.list = strip->list;
      if (strip->count == 0) {
        clear_columns(strip->rows, 0, width, operands.c, operands.ldc);
      } else {
        row_of_tiles<Access::listed, Store>(strip->rows, width, operands);
      }
      operands.x += strip->rows * operands.ldx;
      operands.c += strip->rows * operands.ldc;
    }
  }
}

/// Z = A W, where each row of tiles leaves out the inputs that are 0 in all its samples: images have blank corners.
/// Stops at the first row of tiles that would leave out few, so that other data lose little time. Returns the number of
/// rows done.
size_t forward_skipping(size_t batch, size_t columns, Operands operands) {
  ListedStrip strips[kStripsTogether];
  const size_t inputs = operands.depth, few = inputs - inputs / 8;
  size_t done = 0;
  for (bool pays = true; pays && done < batch;) {
    size_t count = 0, rows = 0;
    while (count < kStripsTogether && done + rows < batch) {
      ListedStrip& strip = strips[count];
      strip.rows = tile_height(batch - done - rows, kRows);
      strip.count = list_columns(strip.rows, inputs, operands.x + rows * operands.ldx, operands.ldx, strip.list);
      pays = strip.count <= few;
      if (!pays) break;
      rows += strip.rows;
      ++count;
    }
    forward_listed(strips, count, columns, operands);
    operands.x += rows * operands.ldx;
    operands.c += rows * operands.ldc;
    done += rows;
  }
  return done;
}

}  // namespace
}  // namespace mote::detail
