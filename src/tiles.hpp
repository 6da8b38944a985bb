// SPDX-License-Identifier: MIT
// Matrix products as register tiles: a block of rows times a few vectors of columns is held in registers while the
// inner index runs. Plain loops of constant length, which compilers unroll and vectorise. Internal linkage.
#pragma once

#include <utility>

#include "mote/topology.hpp"
#include "numeric.hpp"

namespace mote::detail {
namespace {

using std::size_t;

// Register tiles: kRows x kColumns accumulators, about as many in kTallRows x kTallColumns for what is narrower, and
// kWideColumns of them for a single row, which would otherwise wait for its own sums. They need the vector registers of
// the instruction set, less those for the operands. Few long rows read less per multiply-add than many short ones, and
// have more zeros in common.
#if defined(MOTE_MICROCONTROLLER)
constexpr size_t kRows = 4, kColumns = 4, kTallRows = 4, kTallColumns = 4, kWideColumns = 4;
#elif defined(__AVX512F__)
constexpr size_t kRows = 6, kColumns = 64, kTallRows = 12, kTallColumns = 32, kWideColumns = 128;
#elif defined(__AVX2__)
constexpr size_t kRows = 6, kColumns = 16, kTallRows = 6, kTallColumns = 16, kWideColumns = 128;
#elif defined(__aarch64__)
constexpr size_t kRows = 6, kColumns = 16, kTallRows = 6, kTallColumns = 16, kWideColumns = 32;
#else
constexpr size_t kRows = 6, kColumns = 8, kTallRows = 6, kTallColumns = 8, kWideColumns = 32;
#endif
constexpr bool kHasWideTiles = kColumns > kTallColumns;  // and so 32 long vector registers, and caches to match
constexpr size_t kNarrowColumns = kTallColumns < 16 ? kTallColumns : 16;
static_assert(mote::kRowAlignment % kNarrowColumns == 0, "padded rows are whole tiles");

constexpr size_t kSkipFromColumns = 64;    // fewer do not repay looking for zeros in X
constexpr size_t kPrefetchFromDepth = 64;  // shorter sums do not wait long enough for the lines they go to
constexpr size_t kLine = 16;               // floats that come together from memory
constexpr size_t kRowsAhead = 8;           // so early: hardware does not foresee rows that are far apart

/// Which elements of X and B the k-th term of every sum is made of: X[i][k] and row k of B.
enum class Access {
  plain,        // X[i][k] at x[i * ldx + k]
  transposed,   // X[i][k] at x[k * ldx + i]
  listed,       // X[i][k] at x[i * ldx + list[k]] and row k of B at row list[k]: the columns of X that are not all 0
  listed_rows,  // X[i][k] at x[k * ldx + list[i]]: likewise, of a transposed X
  listed_transposed,  // X[i][k] at x[list[k] * ldx + i] and row k of B at row list[k]: as listed, of a transposed X
};

constexpr bool is_transposed(Access access) {
  return access != Access::plain && access != Access::listed;
}

/// What becomes of the sums. Others may follow this pattern; they find their factors and their state in the Operands.
/// kInPlace: with listed_rows, row i of C and of the state is row list[i], not row i.
struct Store {  // C = X B
  static constexpr bool kStartsFromC = false, kHasState = false, kInPlace = false, kAsksEarly = false;
  MOTE_INLINE void finish(const float*, float sum, float& c, float&) { c = sum; }
};
struct Accumulate : Store {  // C += X B
  static constexpr bool kStartsFromC = true;
};
template <typename Finish>
struct Far : Finish {  // rows of B are asked for early: they are far from the processor, and far apart
  static constexpr bool kAsksEarly = true;
};

/// A product X B with `depth` terms a sum.
struct Operands {
  size_t depth;
  const float* x;
  size_t ldx;
  const std::uint32_t* list;  // [rows of C] when listed_rows, [depth] when listed otherwise
  const float* b;
  size_t ldb;
  float* c;
  size_t ldc;
  const float* factors = nullptr;  // [kMostFactors] or null
  float* state = nullptr;          // laid out as C, or null
};
constexpr size_t kMostFactors = 3;

/// The last part of tile(), whose loop has all vector registers for its sums only if this is another function where
/// much is done with each.
template <size_t Rows, size_t Columns, bool kListedRows, typename Finish>
[[gnu::noinline]] void finish_tile(const float (&sum)[Rows][Columns], const Operands& operands) {
  float factors[kMostFactors];  // a copy, which no store can change
  for (size_t i = 0; i < kMostFactors; ++i) factors[i] = operands.factors[i];
  MOTE_UNROLL
  for (size_t i = 0; i < Rows; ++i) {
    const size_t row = (kListedRows ? size_t{operands.list[i]} : i) * operands.ldc;
    float* __restrict c = operands.c + row;
    float* __restrict state = operands.state + row;
    MOTE_VECTORIZE
    for (size_t j = 0; j < Columns; ++j) Finish::finish(factors, sum[i][j], c[j], state[j]);
  }
}

template <size_t Rows, size_t Columns, Access kAccess, typename Finish>
void tile(const Operands& operands) {
  const float* __restrict x = operands.x;
  const float* __restrict b = operands.b;
  float* __restrict c = operands.c;
  const std::uint32_t* __restrict list = operands.list;
  const size_t ldx = operands.ldx, ldb = operands.ldb, ldc = operands.ldc;
  size_t depth = operands.depth;
  constexpr bool kListed = kAccess == Access::listed || kAccess == Access::listed_transposed;
  constexpr bool kTransposed = is_transposed(kAccess);
  const auto listed_row = [list](size_t i) { return kAccess == Access::listed_rows ? size_t{list[i]} : i; };
  const auto row = [=](size_t i) { return Finish::kInPlace ? listed_row(i) : i; };
  float sum[Rows][Columns];
  MOTE_UNROLL
  for (size_t i = 0; i < Rows; ++i) {
    for (size_t j = 0; j < Columns; ++j) sum[i][j] = Finish::kStartsFromC ? c[row(i) * ldc + j] : 0.0f;
  }
  do {
    const float* __restrict x_k = kListed ? x + *list * (kTransposed ? ldx : 1) : x;
    const float* __restrict b_k = kListed ? b + *list * ldb : b;
    // A sample alone, such as an image with a blank ground: most of the weights need not even be read.
    if (!(Rows == 1 && kAccess == Access::plain && x_k[0] == 0.0f)) {
      if constexpr (Finish::kAsksEarly) {
        for (size_t j = 0; j < Columns; j += kLine) __builtin_prefetch(b_k + kRowsAhead * ldb + j);
      }
      MOTE_UNROLL
      for (size_t i = 0; i < Rows; ++i) {
        const float factor = x_k[kTransposed ? listed_row(i) : i * ldx];
        for (size_t j = 0; j < Columns; ++j) sum[i][j] = multiply_add(factor, b_k[j], sum[i][j]);
      }
    }
    if constexpr (kListed) {
      ++list;
    } else {
      x += kTransposed ? ldx : 1;
      b += ldb;
    }
  } while (--depth != 0);
  if constexpr (Finish::kHasState) {
    float sums[Rows][Columns];  // a copy: clang keeps in memory what another function is told the address of
    MOTE_UNROLL
    for (size_t i = 0; i < Rows; ++i) {
      for (size_t j = 0; j < Columns; ++j) sums[i][j] = sum[i][j];
    }
    return finish_tile<Rows, Columns, kAccess == Access::listed_rows, Finish>(sums, operands);
  }
  float factors[kMostFactors] = {};  // a copy, which no store can change
  if (operands.factors != nullptr) __builtin_memcpy(factors, operands.factors, sizeof factors);
  MOTE_UNROLL
  for (size_t i = 0; i < Rows; ++i) {
    for (size_t j = 0; j < Columns; ++j) {
      float& element = c[row(i) * ldc + j];
      Finish::finish(factors, sum[i][j], element, element);
    }
  }
}

using Tile = void (*)(const Operands&);

template <size_t Columns, Access kAccess, typename Finish, size_t... Row>
Tile tile_for(size_t rows, std::index_sequence<Row...>) {
  static constexpr Tile kTiles[] = {tile<Row + 1, Columns, kAccess, Finish>...};
  return kTiles[rows - 1];
}

/// Zeros in columns [from, to) of C.
MOTE_INLINE void clear_columns(size_t rows, size_t from, size_t to, float* c, size_t ldc) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = from; j < to; ++j) c[i * ldc + j] = 0.0f;
  }
}

MOTE_INLINE void clear_padding(size_t rows, size_t columns, float* c, size_t ldc) {
  if (columns != ldc) clear_columns(rows, columns, ldc, c, ldc);  // seldom, and not worth a loop over all rows
}

/// Asks for the lines of a tile of C, so that they are there when its sums are.
MOTE_INLINE void prefetch_tile(size_t rows, size_t columns, const float* c, size_t ldc) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; j += kLine) __builtin_prefetch(c + i * ldc + j, 1);
  }
}

/// Tiles of `width` columns side by side, as many as fit in the `columns` that are left.
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

/// Tiles of each of these widths in turn, which must not grow.
template <Access kAccess, typename Finish, size_t kMostRows, size_t kWidth, size_t... kNarrower>
MOTE_INLINE void use_tiles(size_t rows, size_t& columns, Operands& operands) {
  const Tile tile = tile_for<kWidth, kAccess, Finish>(rows, std::make_index_sequence<kMostRows>());
  use_tile<Finish>(tile, rows, kWidth, columns, operands);
  constexpr bool kIsLast = ((kNarrower == kWidth) && ...);  // or there is none
  if constexpr (!kIsLast) use_tiles<kAccess, Finish, kMostRows, kNarrower...>(rows, columns, operands);
}

/// `rows` rows (at most kMostRows) and all `columns` of C.
template <Access kAccess, typename Finish, size_t kMostRows, size_t... kWidths>
MOTE_INLINE void tiles_across(size_t rows, size_t columns, Operands& operands) {
  const size_t all = columns;
  use_tiles<kAccess, Finish, kMostRows, kWidths...>(rows, columns, operands);
  const size_t done = all - columns;
  operands.b -= done;
  operands.c -= done;
  if constexpr (Finish::kHasState) operands.state -= done;
}

/// `rows` rows (at most kRows) and all `columns` (a multiple of kNarrowColumns) of C.
template <Access kAccess, typename Finish>
MOTE_INLINE void row_of_tiles(size_t rows, size_t columns, Operands& operands) {
  if (kWideColumns > kColumns && rows == 1) {
    constexpr size_t kHalf = kWideColumns / 2 > kTallColumns ? kWideColumns / 2 : kTallColumns;
    tiles_across<kAccess, Finish, 1, kWideColumns, kHalf, kTallColumns, kNarrowColumns>(1, columns, operands);
  } else {
    tiles_across<kAccess, Finish, kRows, kColumns, kTallColumns, kNarrowColumns>(rows, columns, operands);
  }
}

/// The same for fewer than kColumns columns and at most kTallRows rows.
template <Access kAccess, typename Finish>
MOTE_INLINE void row_of_tall_tiles(size_t rows, size_t columns, Operands& operands) {
  tiles_across<kAccess, Finish, kTallRows, kTallColumns, kNarrowColumns>(rows, columns, operands);
}

/// How many of `left` rows come next, at most `most`. The last two heights are nearly equal: a tile of few rows uses
/// the processor badly.
MOTE_INLINE size_t tile_height(size_t left, size_t most) {
  return left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
}

/// Moves on to what is `rows` rows further down.
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

/// All `rows` x `columns` of C. Operands are changed where they stand, here and above: a copy would be read before the
/// fields that were written last have left the processor's buffers, which costs as much as a small tile.
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
