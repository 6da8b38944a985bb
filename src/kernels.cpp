// SPDX-License-Identifier: MIT
// Matrix products as register tiles: a block of rows times a few vectors of columns is held in registers while the
// inner index runs. See kernels.hpp for what is promised, DESIGN notes in the comments for why.
#include "mote/kernels.hpp"

#include <utility>

#include "mote/topology.hpp"
#include "numeric.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::detail::kPanelColumns;
using mote::detail::kPanelRows;
using mote::detail::kStripRows;
using mote::detail::multiply_add;
using std::size_t;

// Register tiles: kRows x kColumns accumulators, and kWideColumns of them for a single row, which would otherwise wait
// for its own sums. The row tiles need the vector registers of the instruction set, less two for the operands.
#if defined(__AVX512F__)
constexpr size_t kRows = 12, kColumns = 32, kWideColumns = 128;
#elif defined(__AVX2__)
constexpr size_t kRows = 6, kColumns = 16, kWideColumns = 64;
#elif defined(__aarch64__)
constexpr size_t kRows = 6, kColumns = 16, kWideColumns = 32;
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
constexpr size_t kRows = 4, kColumns = 4, kWideColumns = 4;
#else
constexpr size_t kRows = 6, kColumns = 8, kWideColumns = 32;
#endif
constexpr size_t kNarrowColumns = kColumns < 16 ? kColumns : 16;
static_assert(mote::kRowAlignment % kNarrowColumns == 0, "padded rows are whole tiles");

// A matrix of this many floats stays in the caches next to the processor while rows of the other pass by.
constexpr size_t kCachedFloats = 64 * 1024;
constexpr size_t kPanelsFromBatch = 24;  // fewer rows: the whole of W goes by once anyway

/// Which elements of X and B the k-th term of every sum is made of: X[i][k] and row k of B.
enum class Access {
  plain,          // X[i][k] at x[i * ldx + k]
  transposed,     // X[i][k] at x[k * ldx + i]
  listed,         // X[i][k] at x[i * ldx + list[k]] and row k of B at row list[k]: the columns of X that are not all 0
  listed_packed,  // the same of X, but row k of B at row k
};

/// A product C = X B or, accumulating, C += X B, with `depth` terms a sum.
struct Operands {
  size_t depth;
  const float* x;
  size_t ldx;
  const std::uint32_t* list;  // [depth] when listed
  const float* b;
  size_t ldb;
  float* c;
  size_t ldc;
};

template <size_t Rows, size_t Columns, Access kAccess, bool Accumulate>
void tile(const Operands& operands) {
  const float* __restrict x = operands.x;
  const float* __restrict b = operands.b;
  float* __restrict c = operands.c;
  const std::uint32_t* __restrict list = operands.list;
  const size_t ldx = operands.ldx, ldb = operands.ldb, ldc = operands.ldc;
  size_t depth = operands.depth;
  float sum[Rows][Columns];
  MOTE_UNROLL
  for (size_t i = 0; i < Rows; ++i) {
    for (size_t j = 0; j < Columns; ++j) sum[i][j] = Accumulate ? c[i * ldc + j] : 0.0f;
  }
  do {
    constexpr bool kListed = kAccess == Access::listed || kAccess == Access::listed_packed;
    const float* __restrict x_k = kListed ? x + *list : x;
    const float* __restrict b_k = kAccess == Access::listed ? b + *list * ldb : b;
    // A sample alone, such as an image with a blank ground: most of the weights need not even be read.
    if (!(Rows == 1 && kAccess == Access::plain && x_k[0] == 0.0f)) {
      MOTE_UNROLL
      for (size_t i = 0; i < Rows; ++i) {
        const float factor = x_k[kAccess == Access::transposed ? i : i * ldx];
        for (size_t j = 0; j < Columns; ++j) sum[i][j] = multiply_add(factor, b_k[j], sum[i][j]);
      }
    }
    if constexpr (kListed) {
      ++list;
    } else {
      x += kAccess == Access::transposed ? ldx : 1;
    }
    if constexpr (kAccess != Access::listed) b += ldb;
  } while (--depth != 0);
  MOTE_UNROLL
  for (size_t i = 0; i < Rows; ++i) {
    for (size_t j = 0; j < Columns; ++j) c[i * ldc + j] = sum[i][j];
  }
}

using Tile = void (*)(const Operands&);

template <size_t Columns, Access kAccess, bool Accumulate, size_t... Row>
Tile tile_for(size_t rows, std::index_sequence<Row...>) {
  static constexpr Tile kTiles[] = {tile<Row + 1, Columns, kAccess, Accumulate>...};
  return kTiles[rows - 1];
}

/// `rows` rows (at most kRows) and all `columns` (a multiple of kNarrowColumns) of C.
template <Access kAccess, bool Accumulate>
void row_of_tiles(size_t rows, size_t columns, Operands operands) {
  const auto advance = [&](size_t step) {
    operands.b += step;
    operands.c += step;
    columns -= step;
  };
  if (rows == 1) {
    for (; columns >= kWideColumns; advance(kWideColumns)) tile<1, kWideColumns, kAccess, Accumulate>(operands);
    constexpr size_t kHalf = kWideColumns / 2 > kColumns ? kWideColumns / 2 : kColumns;
    for (; columns >= kHalf; advance(kHalf)) tile<1, kHalf, kAccess, Accumulate>(operands);
  }
  constexpr auto kAllRows = std::make_index_sequence<kRows>();
  const Tile full = tile_for<kColumns, kAccess, Accumulate>(rows, kAllRows);
  for (; columns >= kColumns; advance(kColumns)) full(operands);
  if constexpr (kNarrowColumns < kColumns) {
    const Tile narrow = tile_for<kNarrowColumns, kAccess, Accumulate>(rows, kAllRows);
    for (; columns != 0; advance(kNarrowColumns)) narrow(operands);
  }
}

/// All `rows` x `columns` of C. The last two tiles are of nearly equal height: a tile of few rows uses the processor
/// badly.
template <Access kAccess, bool Accumulate>
void product(size_t rows, size_t columns, Operands operands) {
  while (rows != 0) {
    const size_t height = rows <= kRows ? rows : rows < 2 * kRows ? (rows + 1) / 2 : kRows;
    row_of_tiles<kAccess, Accumulate>(height, columns, operands);
    operands.x += kAccess == Access::transposed ? height : height * operands.ldx;
    operands.c += height * operands.ldc;
    rows -= height;
  }
}

void plain_product(bool accumulate, size_t rows, size_t columns, const Operands& operands) {
  if (accumulate) {
    product<Access::plain, true>(rows, columns, operands);
  } else {
    product<Access::plain, false>(rows, columns, operands);
  }
}

size_t padded(size_t columns) {
  return (columns + mote::kRowAlignment - 1) / mote::kRowAlignment * mote::kRowAlignment;
}

size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/// panel[k] = row k of b, or row list[k].
void copy_panel(size_t rows, size_t columns, const float* __restrict b, size_t ldb, const std::uint32_t* list,
                float* __restrict panel) {
  for (size_t k = 0; k < rows; ++k) {
    const float* __restrict row = b + (list == nullptr ? k : list[k]) * ldb;
    for (size_t j = 0; j < columns; ++j) panel[k * columns + j] = row[j];
  }
}

/// to[j][i] = from[i][j] for i < rows and 0 for the other i < 16; j < columns. rows, columns <= 16; 16 columns of
/// `from` can be read. Four perfect shuffles of the 16 rows, plain loops that compilers turn into permutations of
/// vectors.
void transpose_block(size_t rows, size_t columns, const float* __restrict from, size_t from_stride,
                     float* __restrict to, size_t to_stride) {
  constexpr size_t kSide = 16;
  float x[kSide][kSide], y[kSide][kSide];
  for (size_t i = 0; i < kSide; ++i) {
    for (size_t j = 0; j < kSide; ++j) x[i][j] = i < rows ? from[i * from_stride + j] : 0.0f;
  }
  const auto shuffle = [](const float(&source)[kSide][kSide], float(&target)[kSide][kSide]) {
    constexpr size_t kHalf = kSide / 2;
    MOTE_UNROLL
    for (size_t i = 0; i < kHalf; ++i) {
      for (size_t j = 0; j < kHalf; ++j) {
        target[2 * i][2 * j] = source[i][j];
        target[2 * i][2 * j + 1] = source[i + kHalf][j];
      }
      for (size_t j = 0; j < kHalf; ++j) {
        target[2 * i + 1][2 * j] = source[i][kHalf + j];
        target[2 * i + 1][2 * j + 1] = source[i + kHalf][kHalf + j];
      }
    }
  };
  shuffle(x, y);
  shuffle(y, x);
  shuffle(x, y);
  shuffle(y, x);
  for (size_t i = 0; i < columns; ++i) {
    for (size_t j = 0; j < kSide; ++j) to[i * to_stride + j] = x[i][j];
  }
}

void clear_padding(size_t rows, size_t columns, float* c, size_t ldc) {
  if (columns == ldc) return;  // the usual case, and not worth a loop over all rows
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = columns; j < ldc; ++j) c[i * ldc + j] = 0.0f;
  }
}

}  // namespace

namespace {

/// Z = A W, panel of columns by panel: each panel of W stays near while all rows of A pass by.
void forward_in_panels(size_t batch, size_t columns, Operands operands, size_t inputs, float* pack) {
  const Operands all = operands;
  const bool packs = batch >= mote::detail::kPackFromRows;
  for (size_t k = 0; k < inputs; k += kPanelRows) {
    for (size_t n = 0; n < columns; n += kPanelColumns) {
      const size_t width = smaller(kPanelColumns, columns - n);
      operands = all;
      operands.depth = smaller(kPanelRows, inputs - k);
      operands.x += k;
      operands.b += k * all.ldb + n;
      operands.c += n;
      if (packs) {
        copy_panel(operands.depth, width, operands.b, all.ldb, nullptr, pack);
        operands.b = pack;
        operands.ldb = width;
      }
      plain_product(k != 0, batch, width, operands);
    }
  }
}

/// Z = A W with the listed columns of A only, at most kPanelRows of them when packing.
void forward_listed(size_t batch, size_t columns, Operands operands, float* pack) {
  if (batch < mote::detail::kPackFromRows) return product<Access::listed, false>(batch, columns, operands);
  const Operands all = operands;
  operands.b = pack;
  for (size_t n = 0; n < columns; n += kPanelColumns) {
    const size_t width = smaller(kPanelColumns, columns - n);
    copy_panel(all.depth, width, all.b + n, all.ldb, all.list, pack);
    operands.ldb = width;
    operands.c = all.c + n;
    product<Access::listed_packed, false>(batch, width, operands);
  }
}

}  // namespace

void forward_product(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* W,
                     size_t ldw, float* Z, size_t ldz, float* pack, const std::uint32_t* list, size_t list_count) {
  const size_t columns = padded(outputs);
  const bool skips = list != nullptr && list_count < inputs && list_count <= kPanelRows;
  const Operands operands{skips ? list_count : inputs, A, lda, list, W, ldw, Z, ldz};
  if (skips && list_count == 0) {
    clear_padding(batch, 0, Z, ldz);
  } else if (skips) {
    forward_listed(batch, columns, operands, pack);
  } else if (inputs * columns <= kCachedFloats || batch <= kPanelsFromBatch) {
    product<Access::plain, false>(batch, columns, operands);
  } else {
    forward_in_panels(batch, columns, operands, inputs, pack);
  }
  clear_padding(batch, columns, Z, ldz);
}

void weight_gradient(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* D,
                     size_t ldd, float* dW, size_t ldw, bool accumulate) {
  const size_t columns = padded(outputs);
  const Operands operands{batch, A, lda, nullptr, D, ldd, dW, ldw};
  if (accumulate) {
    product<Access::transposed, true>(inputs, columns, operands);
  } else {
    product<Access::transposed, false>(inputs, columns, operands);
  }
  clear_padding(inputs, columns, dW, ldw);
}

void bias_gradient(size_t batch, size_t outputs, const float* D, size_t ldd, float* db, bool accumulate) {
  const size_t columns = padded(outputs);
  for (size_t j = 0; j < columns; ++j) db[j] = accumulate ? db[j] : 0.0f;
  for (size_t m = 0; m < batch; ++m) {
    for (size_t j = 0; j < columns; ++j) db[j] += D[m * ldd + j];
  }
  clear_padding(1, columns, db, ldd);
}

namespace {

/// dA = D W^T element by element.
[[maybe_unused]] void backward_by_rows(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd,
                                       const float* W, size_t ldw, float* dA, size_t lda) {
  for (size_t m = 0; m < batch; ++m) {
    for (size_t k = 0; k < inputs; ++k) {
      float sum = 0.0f;
      for (size_t n = 0; n < outputs; ++n) sum = multiply_add(D[m * ldd + n], W[k * ldw + n], sum);
      dA[m * lda + k] = sum;
    }
  }
}

/// dA = D W^T with panels of W transposed.
void backward_from_weights(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                           size_t ldw, float* dA, size_t lda, float* pack) {
  const size_t columns = padded(inputs);
  for (size_t n = 0; n < outputs; n += kPanelRows) {
    const size_t depth = smaller(kPanelRows, outputs - n);
    for (size_t k = 0; k < columns; k += kPanelColumns) {
      const size_t width = smaller(kPanelColumns, columns - k);
      for (size_t j = 0; j < width; j += 16) {
        for (size_t i = 0; i < depth; i += 16) {
          transpose_block(smaller(16, inputs - k - j), 16, W + (k + j) * ldw + n + i, ldw, pack + i * width + j, width);
        }
      }
      plain_product(n != 0, batch, width, {depth, D + n, ldd, nullptr, pack, width, dA + k, lda});
    }
  }
}

/// dA = D W^T as the transpose of W D^T: less to rearrange when the batch is small beside the layer.
void backward_from_deltas(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                          size_t ldw, float* dA, size_t lda, float* pack) {
  float* strip = pack + (outputs + 15) / 16 * 16 * kPanelColumns;
  for (size_t m = 0; m < batch; m += kPanelColumns) {
    const size_t width = batch - m > 16 ? 32 : 16;
    for (size_t j = 0; j < width; j += 16) {
      for (size_t i = 0; i < outputs; i += 16) {
        transpose_block(smaller(16, batch - m - j), 16, D + (m + j) * ldd + i, ldd, pack + i * width + j, width);
      }
    }
    for (size_t k = 0; k < inputs; k += kStripRows) {
      const size_t rows = smaller(kStripRows, inputs - k);
      product<Access::plain, false>(rows, width, {outputs, W + k * ldw, ldw, nullptr, pack, width, strip, width});
      for (size_t i = 0; i < rows; i += 16) {
        for (size_t j = 0; j < width; j += 16) {
          transpose_block(smaller(16, rows - i), smaller(16, batch - m - j), strip + i * width + j, width,
                          dA + (m + j) * lda + k + i, lda);
        }
      }
    }
  }
}

}  // namespace

void backward_product(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                      size_t ldw, float* dA, size_t lda, float* pack) {
  if constexpr (mote::kRowAlignment < 16) {  // no vectors to fill: both matrices are read as they stand
    backward_by_rows(batch, inputs, outputs, D, ldd, W, ldw, dA, lda);
    clear_padding(batch, inputs, dA, lda);
    return;
  }
  const bool few_weights = 5 * inputs * outputs <= 6 * batch * (inputs + outputs);
  if (few_weights || outputs > kPanelRows) {
    backward_from_weights(batch, inputs, outputs, D, ldd, W, ldw, dA, lda, pack);
  } else {
    backward_from_deltas(batch, inputs, outputs, D, ldd, W, ldw, dA, lda, pack);
  }
  clear_padding(batch, padded(inputs), dA, lda);
}

}  // namespace MOTE_NUMERIC
