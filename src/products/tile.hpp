// SPDX-License-Identifier: MIT
// One register tile of a matrix product: a block of rows times a few vectors of columns is held in registers while the
// inner index runs. Plain loops of constant length, which compilers unroll and vectorize. Internal linkage.
#pragma once

#include <type_traits>
#include <utility>

#include "../core/arithmetic.hpp"
#include "mote/topology.hpp"

namespace mote::detail {
namespace {

using std::size_t;

// Register tiles: kRows x kColumns accumulators; kTallRows x kTallColumns, about as many, for narrower products; and
// kWideColumns for a single row, which would otherwise wait for its own sums. They fill the vector registers of the
// instruction set, except those for the operands. Few long rows read less per multiply-add than many short ones, and
// have more zeros in common.
#if defined(MOTE_MICROCONTROLLER)
constexpr size_t kRows = 4, kColumns = 4, kTallRows = 4, kTallColumns = 4, kWideColumns = 4;
#elif defined(__AVX512F__)
constexpr size_t kRows = 6, kColumns = 64, kTallRows = 12, kTallColumns = 32, kWideColumns = 128;
#elif defined(__AVX2__) && defined(__clang__)  // clang spills the 128 sums of a row
constexpr size_t kRows = 6, kColumns = 16, kTallRows = 6, kTallColumns = 16, kWideColumns = 64;
#elif defined(__AVX2__)
constexpr size_t kRows = 6, kColumns = 16, kTallRows = 6, kTallColumns = 16, kWideColumns = 128;
#elif defined(__aarch64__)
constexpr size_t kRows = 6, kColumns = 16, kTallRows = 6, kTallColumns = 16, kWideColumns = 32;
#else
constexpr size_t kRows = 6, kColumns = 8, kTallRows = 6, kTallColumns = 8, kWideColumns = 32;
#endif
constexpr bool kHasWideTiles = kColumns > kTallColumns;  // with 32 long vector registers, and caches to match
constexpr size_t kNarrowColumns = kTallColumns < 16 ? kTallColumns : 16;
static_assert(mote::kRowAlignment % kNarrowColumns == 0, "padded rows are whole tiles");

#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(__clang__)
constexpr size_t kAlternateBelow = 64;  // depth of a gradient whose tiles alternate; measured with GCC on Zen 3 only
#else
constexpr size_t kAlternateBelow = 0;
#endif

// From one pointer, an x86 address reaches rows 0, 1, 2, 4 and 8; addresses of others are computed for every term, a
// tenth of a tile's instructions. So plain access has a second pointer, to this row.
#if defined(__x86_64__) && !defined(__AVX512F__)
constexpr size_t kNearRows = 3;
#else
constexpr size_t kNearRows = kTallRows;
#endif

constexpr size_t kLine = 16;      // floats of a cache line
constexpr size_t kRowsAhead = 8;  // prefetch distance in rows; the hardware prefetcher does not follow large strides

/// Places of the factors of the k-th term of every sum, X[i][k] and row k of B.
enum class Access {
  plain,              // X[i][k] at x[i * ldx + k]
  transposed,         // X[i][k] at x[k * ldx + i]
  listed,             // X[i][k] at x[i * ldx + list[k]] and row k of B at row list[k]: some columns of X
  listed_rows,        // X[i][k] at x[k * ldx + list[i]]: some columns of a transposed X
  listed_transposed,  // X[i][k] at x[list[k] * ldx + i] and row k of B at row list[k]: as listed, of a transposed X
};

constexpr bool is_transposed(Access access) {
  return access != Access::plain && access != Access::listed;
}

/// Where the sums of a tile go. Other structs may follow this pattern, with factors and state from the Operands.
/// kInPlace: with listed_rows, row i of C and of the state is row list[i], not row i.
struct Store {  // C = X B
  static constexpr bool kStartsFromC = false, kHasState = false, kInPlace = false, kAsksEarly = false;
  MOTE_INLINE void finish(const float*, float sum, float& c, float&) { c = sum; }
};
struct Accumulate : Store {  // C += X B
  static constexpr bool kStartsFromC = true;
};
template <typename Finish>
struct Far : Finish {  // prefetches rows of B, which are far from the processor, and far apart
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

/// Row of C and of the state for row i of a tile.
template <Access kAccess, typename Finish>
MOTE_INLINE size_t row_of_c(const Operands& operands, size_t i) {
  return Finish::kInPlace && kAccess == Access::listed_rows ? size_t{operands.list[i]} : i;
}

/// The last part of tile(), for a Finish that does much with each sum: in a function of its own, it leaves all vector
/// registers to the loop of tile().
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

/// Finishes the sums of a tile of C, at c. (Reading operands.c after the sums spills the accumulators with clang.)
template <Access kAccess, typename Finish, size_t Rows, size_t Columns>
MOTE_INLINE void finish_sums(const float (&sum)[Rows][Columns], const Operands& operands, float* __restrict c,
                             size_t ldc) {
  if constexpr (Finish::kHasState) {
    float sums[Rows][Columns];  // a copy: clang keeps an array in memory if its address is passed on
    MOTE_UNROLL
    for (size_t i = 0; i < Rows; ++i) {
      for (size_t j = 0; j < Columns; ++j) sums[i][j] = sum[i][j];
    }
    finish_tile<Rows, Columns, kAccess == Access::listed_rows, Finish>(sums, operands);
  } else {
    float factors[kMostFactors] = {};  // a copy, which no store can change
    if (operands.factors != nullptr) __builtin_memcpy(factors, operands.factors, sizeof factors);
    MOTE_UNROLL
    for (size_t i = 0; i < Rows; ++i) {
      const size_t row = row_of_c<kAccess, Finish>(operands, i);
      for (size_t j = 0; j < Columns; ++j) {
        float& element = c[row * ldc + j];
        Finish::finish(factors, sum[i][j], element, element);
      }
    }
  }
}

template <Access kAccess>
constexpr bool is_far(size_t row) {
  return kAccess == Access::plain && row >= kNearRows;
}

/// Adds a term to every sum of a tile, row by row, or, backwards, all rows but the last in reverse order. x_k and
/// far_x_k point to the factors of rows 0 and kNearRows of X; far_x_k is read for rows that are is_far().
template <Access kAccess, typename Finish, bool kBackwards, size_t Rows, size_t Columns>
MOTE_INLINE void add_terms(const float* __restrict x_k, const float* __restrict far_x_k, size_t ldx,
                           const float* __restrict b_k, size_t ldb, const std::uint32_t* __restrict list,
                           float (&sum)[Rows][Columns]) {
  // One sample, such as an image with a blank background: most weights need not even be read.
  if (Rows == 1 && kAccess == Access::plain && x_k[0] == 0.0f) return;
  if constexpr (Finish::kAsksEarly) {
    for (size_t j = 0; j < Columns; j += kLine) __builtin_prefetch(b_k + kRowsAhead * ldb + j);
  }
  const auto add_to_row = [&](size_t i) {
    const float factor = is_far<kAccess>(i)               ? far_x_k[(i - kNearRows) * ldx]
                         : kAccess == Access::listed_rows ? x_k[list[i]]
                                                          : x_k[is_transposed(kAccess) ? i : i * ldx];
    for (size_t j = 0; j < Columns; ++j) sum[i][j] = multiply_add(factor, b_k[j], sum[i][j]);
  };
  if constexpr (kBackwards) {
    MOTE_UNROLL
    for (size_t i = Rows - 1; i != 0; --i) add_to_row(i - 1);
    add_to_row(Rows - 1);
  } else {
    MOTE_UNROLL
    for (size_t i = 0; i < Rows; ++i) add_to_row(i);
  }
}

/// Computes Rows x Columns of X B. If it alternates, every other term visits the rows in reverse order: where all sums
/// wait equally long for their next term, the stores at their end stop the multiply-adds of the next tile for 20 to 30
/// cycles, which slows short sums. Each sum keeps its order of terms. operands.depth: >= 1, alternating >= 2.
template <size_t Rows, size_t Columns, Access kAccess, typename Finish, bool kAlternates>
void tile(const Operands& operands) {
  const float* __restrict x = operands.x;
  const float* __restrict b = operands.b;
  float* __restrict c = operands.c;
  const std::uint32_t* __restrict list = operands.list;
  const size_t ldx = operands.ldx, ldb = operands.ldb, ldc = operands.ldc, step = is_transposed(kAccess) ? ldx : 1;
  constexpr bool kListed = kAccess == Access::listed || kAccess == Access::listed_transposed;
  const float* __restrict far_x = is_far<kAccess>(Rows - 1) ? x + kNearRows * ldx : x;
  float sum[Rows][Columns];
  const auto add = [&](auto backwards) {
    constexpr bool kBackwards = decltype(backwards)::value;
    if constexpr (kListed) {
      add_terms<kAccess, Finish, kBackwards>(x + *list * step, far_x, ldx, b + *list * ldb, ldb, list, sum);
      ++list;
    } else {
      add_terms<kAccess, Finish, kBackwards>(x, far_x, ldx, b, ldb, list, sum);
      x += step;
      far_x += step;
      b += ldb;
    }
  };
  MOTE_UNROLL
  for (size_t i = 0; i < Rows; ++i) {
    const size_t row = row_of_c<kAccess, Finish>(operands, i);
    for (size_t j = 0; j < Columns; ++j) sum[i][j] = Finish::kStartsFromC ? c[row * ldc + j] : 0.0f;
  }
  if constexpr (kAlternates) {
    size_t pairs = operands.depth / 2;
    do {
      add(std::false_type());
      add(std::true_type());
    } while (--pairs != 0);
    if (operands.depth % 2 == 0) return finish_sums<kAccess, Finish>(sum, operands, c, ldc);
    add(std::false_type());
  } else {
    size_t depth = operands.depth;
    do add(std::false_type());
    while (--depth != 0);
  }
  finish_sums<kAccess, Finish>(sum, operands, c, ldc);
}

using Tile = void (*)(const Operands&);

template <size_t Columns, Access kAccess, typename Finish, size_t... Row>
Tile tile_for(size_t rows, size_t depth, std::index_sequence<Row...>) {
  if (rows == 0) __builtin_unreachable();  // no tile is empty
  static constexpr Tile kTiles[] = {tile<Row + 1, Columns, kAccess, Finish, false>...};
  if constexpr (kAlternateBelow != 0 && kAccess == Access::transposed && !Finish::kHasState) {
    static constexpr Tile kAlternating[] = {tile<Row + 1, Columns, kAccess, Finish, (Row >= 3)>...};
    const bool is_short = depth < kAlternateBelow;
    if (is_short && depth > 1) return kAlternating[rows - 1];
  }
  return kTiles[rows - 1];
}

}  // namespace
}  // namespace mote::detail
