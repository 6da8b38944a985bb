// SPDX-License-Identifier: MIT
// Cuts products into tiles (tiles.hpp) and chooses the road of each by its shape, never by machine (README.md: the
// table of roads). No road changes the order of a sum (reference.hpp).
#include "mote/detail/products.hpp"

#include "../core/arithmetic.hpp"
#include "backward_alone.hpp"
#include "blocks.hpp"
#include "forward_skipping.hpp"
#include "mote/topology.hpp"
#include "tiles.hpp"
#include "transpose.hpp"

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
// Floats of the smallest W that is copied in blocks: with wide tiles, 512 x 512 floats fit in these caches.
constexpr size_t kBlocksFrom = kBlockSide * kBlockSide + (kHasWideTiles ? 1 : 0);

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
void forward_dense(size_t rows, size_t outputs, Operands& operands, float* pack) {
  const size_t inputs = operands.depth, columns = padded_columns(outputs);
  const size_t floats = inputs * columns;
  if (!kRearranges || floats <= kCachedFloats || rows <= kPanelsFromBatch) {
    return product<Access::plain, Store>(rows, columns, operands);
  }
  if (rows < kPackWeightsFromRows) return forward_in_panels(rows, columns, operands);
  if (inputs * outputs < kBlocksFrom) return product<Access::plain, Far<Store>>(rows, columns, operands);
  const Operands all = operands;
  const auto copy_b = [&](size_t k, size_t depth, size_t n, size_t width, float* to) {
    copy_panels(depth, width, all.b + k * all.ldb + n, all.ldb, to);
  };
  product_in_blocks<!kHasWideTiles>(rows, columns, operands, pack, block_floats(inputs, outputs), copy_b);
}

}  // namespace

void forward_product(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* W,
                     size_t ldw, float* Z, size_t ldz, float* pack, mote::ActiveInputs active) {
  const size_t columns = padded_columns(outputs);
  Operands operands{inputs, A, lda, active.list, W, ldw, Z, ldz};
  size_t rows = batch;
  if (kRearranges && batch == 1 && columns > kWideColumns && inputs * columns >= kStreamedFloats) {
    forward_along_rows(columns, operands);
    rows = 0;
  }
  if (kRearranges && batch >= (active.are_all() ? kSkipFromRows : kSkipListedFromRows) && inputs <= kPanelRows &&
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
  if (rows != 0) forward_dense(rows, outputs, operands, pack);
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
  if constexpr (!kRearranges) {  // no vectors to fill: reads both matrices in place
    backward_by_rows(batch, inputs, outputs, D, ldd, W, ldw, dA, lda);
    clear_padding(batch, inputs, dA, lda);
    return;
  }
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
