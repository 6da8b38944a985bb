// SPDX-License-Identifier: MIT
// Cuts products into tiles (tiles.hpp) and chooses the road of each by its shape, never by machine (README.md: the
// table of roads). No road changes the order of a sum (reference.hpp).
#include "mote/detail/products.hpp"

#include "../core/arithmetic.hpp"
#include "blocks.hpp"
#include "mote/topology.hpp"
#include "tiles.hpp"
#include "transpose.hpp"

#ifndef MOTE_MICROCONTROLLER  // small_products.cpp

namespace MOTE_NUMERIC {
namespace {

using namespace mote::detail;
using std::size_t;

// A matrix of this many floats stays in the caches next to the processor while rows of the other pass by.
constexpr size_t kCachedFloats = 64 * 1024;
constexpr size_t kSkipFromRows = 48;                // fewer samples do not repay the search for zeros
constexpr size_t kSkipListedFromRows = 24;          // fewer samples do not repay it with a list of active inputs either
constexpr size_t kLeastTransposedDeltas = 12;       // fewer samples leave too many lanes empty
constexpr size_t kStreams = kHasWideTiles ? 8 : 4;  // rows of W that one sample reads at a time
constexpr size_t kStreamedFloats = (kHasWideTiles ? 512 : 256) * 1024;  // a W of fewer floats fits in a core's caches

constexpr size_t kStripsTogether = 8;                             // strips that use a panel of weights in turn
constexpr size_t kListedColumns = kColumns > 32 ? kColumns : 32;  // columns of this panel

/// Writes to `list` the columns of A with an element other than 0 in the first `rows` rows, and returns their number.
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

/// Samples of one row of tiles, and the inputs that are not 0 in at least one of them.
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

/// Z = A W, one panel of columns at a time: it stays in cache while all rows of A pass by.
void forward_in_panels(size_t batch, size_t columns, const Operands& all) {
  for (size_t k = 0; k < all.depth; k += kPanelRows) {
    for (size_t n = 0; n < columns; n += kPanelColumns) {
      Operands operands = all;
      operands.depth = smaller(kPanelRows, all.depth - k);
      operands.x += k;
      operands.b += k * all.ldb + n;
      operands.c += n;
      const size_t width = smaller(kPanelColumns, columns - n);
      if (k != 0) {
        product<Access::plain, Far<Accumulate>>(batch, width, operands);
      } else {
        product<Access::plain, Far<Store>>(batch, width, operands);
      }
    }
  }
}

/// z += Rows rows of W, each times its factor, in order.
template <size_t Rows>
void add_rows(size_t columns, const float* factors, const float* const* rows, float* __restrict z) {
  float factor[Rows];
  const float* __restrict row[Rows];
  for (size_t i = 0; i < Rows; ++i) {
    factor[i] = factors[i];
    row[i] = rows[i];
  }
  for (size_t j = 0; j < columns; ++j) {
    float sum = z[j];
    MOTE_UNROLL
    for (size_t i = 0; i < Rows; ++i) sum = multiply_add(factor[i], row[i][j], sum);
    z[j] = sum;
  }
}

/// z = a W for one sample: reads a few rows of W at a time along their whole length, up to three times faster than in
/// columns of tiles. Does not read rows whose factor is 0.
void forward_along_rows(size_t columns, const Operands& operands) {
  for (size_t j = 0; j < columns; ++j) operands.c[j] = 0.0f;
  float factors[kStreams];
  const float* rows[kStreams];
  size_t count = 0;
  for (size_t k = 0; k < operands.depth; ++k) {
    factors[count] = operands.x[k];
    rows[count] = operands.b + k * operands.ldb;
    count += operands.x[k] != 0.0f ? 1 : 0;
    if (count < kStreams) continue;
    add_rows<kStreams>(columns, factors, rows, operands.c);
    count = 0;
  }
  for (size_t i = 0; i < count; ++i) add_rows<1>(columns, factors + i, rows + i, operands.c);
}

/// Z = A W, all terms of every sum.
void forward_dense(size_t rows, size_t columns, Operands& operands) {
  if (operands.depth * columns <= kCachedFloats || rows <= kFewRows) {
    return product<Access::plain, Store>(rows, columns, operands);
  }
  forward_in_panels(rows, columns, operands);
}

}  // namespace

void forward_product(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* W,
                     size_t ldw, float* Z, size_t ldz, const mote::ActiveInputs& active) {
  const size_t columns = padded_columns(outputs);
  Operands operands{inputs, A, lda, active.list, W, ldw, Z, ldz};
  size_t rows = batch;
  if (batch == 1 && columns > kWideColumns && inputs * columns >= kStreamedFloats) {
    forward_along_rows(columns, operands);
    rows = 0;
  }
  if (batch >= (active.are_all() ? kSkipFromRows : kSkipListedFromRows) && inputs <= kPanelRows &&
      columns >= kSkipFromColumns) {
    const size_t done = forward_skipping(rows, columns, operands);
    operands.x += done * lda;
    operands.c += done * ldz;
    rows -= done;
  }
  if (rows != 0 && !active.are_all()) {
    operands.depth = active.count;
    if (active.count == 0) {
      clear_columns(rows, 0, ldz, operands.c, ldz);
    } else {
      product<Access::listed, Store>(rows, columns, operands);
    }
    rows = 0;
  }
  if (rows != 0) forward_dense(rows, columns, operands);
  clear_padding(batch, columns, Z, ldz);
}

void bias_gradient(size_t batch, size_t outputs, const float* D, size_t ldd, float* db, bool accumulate) {
  const size_t columns = padded_columns(outputs);
  for (size_t j = 0; j < columns; ++j) db[j] = accumulate ? db[j] : 0.0f;
  for (size_t m = 0; m < batch; ++m) {
    for (size_t j = 0; j < columns; ++j) db[j] += D[m * ldd + j];
  }
  clear_padding(1, columns, db, ldd);
}

namespace {

/// dA = D W^T element by element.
void backward_by_rows(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                      size_t ldw, float* dA, size_t lda) {
  for (size_t m = 0; m < batch; ++m) {
    for (size_t k = 0; k < inputs; ++k) {
      float sum = 0.0f;
      for (size_t n = 0; n < outputs; ++n) sum = multiply_add(D[m * ldd + n], W[k * ldw + n], sum);
      dA[m * lda + k] = sum;
    }
  }
}

/// dA[k] = d W[k] for one sample d and k < Rows, a multiple of kVectorFloats.
template <size_t Rows>
void backward_of_rows(size_t outputs, const float* d, const float* W, size_t ldw, float* dA) {
  float sum[Rows];
  MOTE_UNROLL
  for (size_t k = 0; k < Rows; k += kVectorFloats) {
    for (size_t j = 0; j < kVectorFloats; ++j) sum[k + j] = 0.0f;
  }
  size_t n = 0;
  for (; n + kWays <= outputs; n += kWays) {
    MOTE_UNROLL
    for (size_t k = 0; k < Rows; k += kVectorFloats) {
      float transposed[kWays * kVectorFloats];
      transpose_lanes(W + k * ldw + n, ldw, transposed);
      MOTE_UNROLL
      for (size_t i = 0; i < kWays; ++i) {
        const float* column = transposed + i * kVectorFloats;
        for (size_t j = 0; j < kVectorFloats; ++j) sum[k + j] = multiply_add(d[n + i], column[j], sum[k + j]);
      }
    }
  }
  MOTE_UNROLL
  for (size_t k = 0; k < Rows; k += kVectorFloats) {
    for (size_t j = 0; j < kVectorFloats; ++j) dA[k + j] = sum[k + j];
  }
  for (; n < outputs; ++n) {
    for (size_t k = 0; k < Rows; ++k) dA[k] = multiply_add(d[n], W[k * ldw + n], dA[k]);
  }
}

/// dA = d W^T for one sample: W is read once, and transposed on its way to the sums.
void backward_alone(size_t inputs, size_t outputs, const float* d, const float* W, size_t ldw, float* dA) {
  // With fewer sums at a time, each would wait for its own multiply-add.
  constexpr size_t kMost = kPermutesLanes ? 4 * kVectorFloats : kSide;
  if (inputs < kVectorFloats) return backward_by_rows(1, inputs, outputs, d, 0, W, ldw, dA, 0);
  for (size_t k = 0, height; k < inputs; k += height) {
    height = inputs - k > kVectorFloats && inputs >= kMost ? kMost : kVectorFloats;
    if (k + height > inputs) k = inputs - height;  // repeats some rows instead of computing the rest one by one
    if (height == kMost) {
      backward_of_rows<kMost>(outputs, d, W + k * ldw, ldw, dA + k);
    } else {
      backward_of_rows<kVectorFloats>(outputs, d, W + k * ldw, ldw, dA + k);
    }
  }
}

/// dA = D W^T with transposed blocks of W: writes along the rows of dA.
void backward_from_weights(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                           size_t ldw, float* dA, size_t lda, float* pack) {
  const auto copy_b = [&](size_t n, size_t depth, size_t k, size_t columns, float* to) {
    for (size_t i = 0; i < columns; i += kPackedColumns, k += kPackedColumns) {
      const size_t width = smaller(kPackedColumns, columns - i);
      transpose(smaller(width, inputs - k), depth, W + k * ldw + n, ldw, to + i * depth, width);
    }
  };
  const size_t columns = padded_columns(inputs), block = block_floats(inputs, outputs);
  const Operands operands{outputs, D, ldd, nullptr, nullptr, 0, dA, lda};
  if (!kHasWideTiles && is_large(inputs, outputs) && batch >= kPackWeightsFromRows) {
    product_in_blocks<true>(batch, columns, operands, pack, block, copy_b);
  } else {
    product_in_blocks<false>(batch, columns, operands, pack, block, copy_b);
  }
}

/// dA = D W^T as the transpose of W D^T: rearranges less when the batch is small beside the layer.
void backward_from_deltas(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                          size_t ldw, float* dA, size_t lda, float* pack) {
  float* strip = pack + rounded_up(outputs) * kPanelColumns;
  for (size_t m = 0; m < batch; m += kPanelColumns) {
    const size_t samples = smaller(kPanelColumns, batch - m), width = rounded_up(samples);
    transpose(samples, outputs, D + m * ldd, ldd, pack, width);
    for (size_t k = 0; k < inputs; k += kStripRows) {
      const size_t rows = smaller(kStripRows, inputs - k);
      Operands operands{outputs, W + k * ldw, ldw, nullptr, pack, width, strip, width};
      product<Access::plain, Store>(rows, width, operands);
      transpose(rows, samples, strip, width, dA + m * lda + k, lda);
    }
  }
}

}  // namespace

void backward_product(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                      size_t ldw, float* dA, size_t lda, float* pack) {
  if (batch == 1) {
    backward_alone(inputs, outputs, D, W, ldw, dA);
    return clear_columns(1, inputs, lda, dA, lda);
  }
  const bool few_samples = batch < kLeastTransposedDeltas;
  const bool few_weights = 5 * inputs * outputs <= 6 * batch * (inputs + outputs);
  if (few_samples || few_weights || outputs > kPanelRows) {
    backward_from_weights(batch, inputs, outputs, D, ldd, W, ldw, dA, lda, pack);
  } else {
    backward_from_deltas(batch, inputs, outputs, D, ldd, W, ldw, dA, lda, pack);
  }
  clear_padding(batch, padded_columns(inputs), dA, lda);
}

}  // namespace MOTE_NUMERIC
#endif
