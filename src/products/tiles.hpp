// SPDX-License-Identifier: MIT
// Matrix products as register tiles (tile.hpp), side by side and one below the other. Internal linkage.
#pragma once

#include <utility>

#include "../core/arithmetic.hpp"
#include "tile.hpp"

namespace mote::detail {
namespace {

using std::size_t;

constexpr size_t kSkipFromColumns = 64;    // fewer columns do not repay the search for zeros in X
constexpr size_t kPrefetchFromDepth = 64;  // shorter sums leave no time to prefetch their lines

/// Writes 0 to columns [from, to) of C.
MOTE_INLINE void clear_columns(size_t rows, size_t from, size_t to, float* c, size_t ldc) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = from; j < to; ++j) c[i * ldc + j] = 0.0f;
  }
}

MOTE_INLINE void clear_padding(size_t rows, size_t columns, float* c, size_t ldc) {
  if (columns != ldc) clear_columns(rows, columns, ldc, c, ldc);  // seldom: spares the loop over all rows
}

/// Prefetches the lines of a tile of C, for its sums.
MOTE_INLINE void prefetch_tile(size_t rows, size_t columns, const float* c, size_t ldc) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; j += kLine) __builtin_prefetch(c + i * ldc + j, 1);
  }
}

/// Computes tiles of `width` columns side by side, as many as fit in the `columns` left.
template <typename Finish>
MOTE_INLINE void use_tile(Tile tile, size_t rows, size_t width, size_t& columns, Operands& operands) {
  while (columns >= width) {
    if (!Finish::kInPlace && operands.depth >= kPrefetchFromDepth) {
      prefetch_tile(rows, width, operands.c, operands.ldc);
    }
    tile(operands);
    operands.b += width;
    operands.c += width;
    if constexpr (Finish::kHasState) operands.state += width;
    columns -= width;
  }
}

/// Computes tiles of each of these widths in turn; widths must not increase.
template <Access kAccess, typename Finish, size_t kMostRows, size_t kWidth, size_t... kNarrower>
MOTE_INLINE void use_tiles(size_t rows, size_t& columns, Operands& operands) {
  const Tile tile = tile_for<kWidth, kAccess, Finish>(rows, operands.depth, std::make_index_sequence<kMostRows>());
  use_tile<Finish>(tile, rows, kWidth, columns, operands);
  constexpr bool kIsLast = ((kNarrower == kWidth) && ...);  // or there is no narrower one
  if constexpr (!kIsLast) use_tiles<kAccess, Finish, kMostRows, kNarrower...>(rows, columns, operands);
}

/// Computes `rows` rows (at most kMostRows) and all `columns` of C.
template <Access kAccess, typename Finish, size_t kMostRows, size_t... kWidths>
MOTE_INLINE void tiles_across(size_t rows, size_t columns, Operands& operands) {
  const size_t all = columns;
  use_tiles<kAccess, Finish, kMostRows, kWidths...>(rows, columns, operands);
  const size_t done = all - columns;
  operands.b -= done;
  operands.c -= done;
  if constexpr (Finish::kHasState) operands.state -= done;
}

/// Computes `rows` rows (at most kRows) and all `columns` (a multiple of kNarrowColumns) of C.
template <Access kAccess, typename Finish>
MOTE_INLINE void row_of_tiles(size_t rows, size_t columns, Operands& operands) {
  if (kWideColumns > kColumns && rows == 1) {
    constexpr size_t kHalf = kWideColumns / 2 > kTallColumns ? kWideColumns / 2 : kTallColumns;
    tiles_across<kAccess, Finish, 1, kWideColumns, kHalf, kTallColumns, kNarrowColumns>(1, columns, operands);
  } else {
    tiles_across<kAccess, Finish, kRows, kColumns, kTallColumns, kNarrowColumns>(rows, columns, operands);
  }
}

/// row_of_tiles() for fewer than kColumns columns and at most kTallRows rows.
template <Access kAccess, typename Finish>
MOTE_INLINE void row_of_tall_tiles(size_t rows, size_t columns, Operands& operands) {
  tiles_across<kAccess, Finish, kTallRows, kTallColumns, kNarrowColumns>(rows, columns, operands);
}

/// Height of the next tile of the `left` rows, at most `most`. The last two heights are nearly equal: a tile of few
/// rows uses the processor badly.
MOTE_INLINE size_t tile_height(size_t left, size_t most) {
  return left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
}

/// Moves operands down by `rows` rows.
template <Access kAccess, typename Finish>
MOTE_INLINE void skip_rows(size_t rows, Operands& operands) {
  if constexpr (kAccess == Access::listed_rows) {
    operands.list += rows;
    if (Finish::kInPlace) return;
  } else {
    operands.x += is_transposed(kAccess) ? rows : rows * operands.ldx;
  }
  operands.c += rows * operands.ldc;
  if constexpr (Finish::kHasState) operands.state += rows * operands.ldc;
}

/// Computes all `rows` x `columns` of C. Changes operands in place, like the functions above: to copy them would stall
/// on the fields written last, which are still in the store buffer, and cost as much as a small tile.
template <Access kAccess, typename Finish>
void product(size_t rows, size_t columns, Operands& operands) {
  const size_t tall = kHasWideTiles && rows != 1 ? columns % kColumns : 0, wide = columns - tall;
  const float* const x = operands.x;
  const std::uint32_t* const list = operands.list;
  float *const c = operands.c, *const state = operands.state;
  for (size_t left = wide != 0 ? rows : 0; left != 0;) {
    const size_t height = tile_height(left, kRows);
    row_of_tiles<kAccess, Finish>(height, wide, operands);
    skip_rows<kAccess, Finish>(height, operands);
    left -= height;
  }
  if constexpr (!kHasWideTiles) return;
  operands.x = x;
  operands.list = list;
  operands.b += wide;
  operands.c = c + wide;
  if constexpr (Finish::kHasState) operands.state = state + wide;
  for (size_t left = tall != 0 ? rows : 0; left != 0;) {
    const size_t height = tile_height(left, kTallRows);
    row_of_tall_tiles<kAccess, Finish>(height, tall, operands);
    skip_rows<kAccess, Finish>(height, operands);
    left -= height;
  }
}

}  // namespace
}  // namespace mote::detail
