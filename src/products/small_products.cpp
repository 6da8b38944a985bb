// SPDX-License-Identifier: MIT
// The products of layers on processors without vectors: a few sums in registers (README.md: small processors). They
// find inputs that are 0 themselves, so they read no list of active inputs.
#include "mote/target.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/products.hpp"
#include "mote/detail/weight_update.hpp"
#include "mote/topology.hpp"
#include "unrolled.hpp"

#ifdef MOTE_MICROCONTROLLER

namespace MOTE_NUMERIC {
namespace {

using namespace mote::detail;
using mote::ActiveInputs;
using mote::Share;
using std::size_t;

// Rows of a tile, each with kRowAlignment sums, and sums of one row: few where calls take registers.
#ifdef MOTE_SOFT_FLOATS
constexpr size_t kTileRows = 1, kRowSums = 4;
#else
constexpr size_t kTileRows = 4, kRowSums = 16;
#endif
constexpr size_t kTileColumns = mote::kRowAlignment;

/// Calls f(j) for j below `columns`, a multiple of 4 up to kRowSums, each a Constant.
template <typename F>
[[gnu::always_inline]] inline void for_columns(size_t columns, F f) {
  const auto call = [&](auto from) __attribute__((always_inline)) {
    if constexpr (from < kRowSums) for_constants<4>(MOTE_EACH(j) { f(Constant<from + j>()); });
  };
  switch (columns / 4) {
    case 4: call(Constant<12>()); [[fallthrough]];
    case 3: call(Constant<8>()); [[fallthrough]];
    case 2: call(Constant<4>()); [[fallthrough]];
    default: call(Constant<0>());
  }
}

/// z = a W for one sample and up to kRowSums columns.
[[gnu::noinline]] void forward_row(size_t columns, size_t depth, const float* a, const float* W, size_t ldw, float* z) {
  float sum[kRowSums] = {};
  do {
    const float input = *a++;
    if (!is_zero(input)) {
      for_columns(
          columns, MOTE_EACH(j) { sum[j] = multiply_add(input, W[j], sum[j]); });
    }
    W += ldw;
  } while (--depth != 0);
  for_columns(
      columns, MOTE_EACH(j) { z[j] = sum[j]; });
}

/// A tile of C = X B, or with adds of C += X B, depth terms a sum. Factor k of row i is at x[i * row + k * step].
template <size_t Rows>
[[gnu::noinline]] void tile(bool adds, size_t depth, const float* x, size_t row, size_t step, const float* B,
                            size_t ldb, float* C, size_t ldc) {
  float sum[Rows][kTileColumns] = {};
  if (adds) {
    const float* c = C;
    for_constants<Rows>(MOTE_EACH(i) {
      for_constants<kTileColumns>(MOTE_EACH(j) { sum[i][j] = c[j]; });
      c += ldc;
    });
  }
  do {
    float b[kTileColumns];
    for_constants<kTileColumns>(MOTE_EACH(j) { b[j] = B[j]; });
    for_constants<Rows>(MOTE_EACH(i) {
      const float factor = x[i * row];
      for_constants<kTileColumns>(MOTE_EACH(j) { sum[i][j] = multiply_add(factor, b[j], sum[i][j]); });
    });
    x += step;
    B += ldb;
  } while (--depth != 0);
  for_constants<Rows>(MOTE_EACH(i) {
    for_constants<kTileColumns>(MOTE_EACH(j) { C[j] = sum[i][j]; });
    C += ldc;
  });
}

/// The step of stochastic gradient descent without penalty for all `columns`, a multiple of 4 up to kRowSums, of some
/// rows of weights, after one sample. a: the inputs of these rows.
[[gnu::noinline]] void sgd_columns(size_t columns, size_t rows, const float* a, const float* d, float learning_rate,
                                   float* W, size_t ldw) {
  float delta[kRowSums] = {};
  for_columns(
      columns, MOTE_EACH(j) { delta[j] = d[j]; });
  do {
    const float input = *a++;
    if (!is_zero(input)) {
      for_columns(
          columns, MOTE_EACH(j) { W[j] = multiply_add(-learning_rate, input * delta[j], W[j]); });
    }
    W += ldw;
  } while (--rows != 0);
}

/// sgd_columns() after a few samples, for kTileColumns columns.
template <size_t Samples>
[[gnu::noinline]] void sgd_columns(size_t rows, const float* A, size_t lda, const float* D, size_t ldd,
                                   float learning_rate, float* W, size_t ldw) {
  float d[Samples][kTileColumns];
  for_constants<Samples>(MOTE_EACH(i) {
    for_constants<kTileColumns>(MOTE_EACH(j) { d[i][j] = D[j]; });
    D += ldd;
  });
  do {
    float x[Samples];
    for_constants<Samples>(MOTE_EACH(i) { x[i] = A[i * lda]; });
    for_constants<kTileColumns>(MOTE_EACH(j) {
      float gradient = x[0] * d[0][j];
      for_constants<Samples - 1>(MOTE_EACH(i) { gradient = multiply_add(x[i + 1], d[i + 1][j], gradient); });
      W[j] = multiply_add(-learning_rate, gradient, W[j]);
    });
    ++A;
    W += ldw;
  } while (--rows != 0);
}

/// dA[k] = d W[k] for one sample and Rows rows k of W.
template <size_t Rows>
[[gnu::noinline]] void backward_rows(size_t outputs, const float* d, const float* W, size_t ldw, float* dA) {
  float sum[Rows] = {};
  do {
    const float delta = *d++;
    for_constants<Rows>(MOTE_EACH(k) { sum[k] = multiply_add(delta, W[k * ldw], sum[k]); });
    ++W;
  } while (--outputs != 0);
  for_constants<Rows>(MOTE_EACH(k) { dA[k] = sum[k]; });
}

/// Calls f(first, count) for neighboring inputs, leaving out those that are 0 in all Rows rows of A.
template <size_t Rows, typename F>
MOTE_INLINE void for_active(size_t inputs, const float* A, size_t lda, F f) {
  size_t begin = 0;
  for (size_t k = 0; k <= inputs; ++k, ++A) {
    std::uint32_t bits = 0;
    if (k != inputs) for_constants<Rows>(MOTE_EACH(i) { bits |= bits_of(A[i * lda]); });
    if (bits << 1 != 0) continue;
    if (begin != k) f(begin, k - begin);
    begin = k + 1;
  }
}

/// dW = A^T D, or with adds dW += A^T D, for `count` rows of dW. A: the inputs of these rows.
void gradients(bool adds, size_t batch, size_t count, size_t columns, const float* A, size_t lda, const float* D,
               float* dW, size_t stride) {
  const auto add_rows = [&](auto rows) {
    for (size_t j = 0; j < columns; j += kTileColumns) {
      tile<rows>(adds, batch, A, 1, lda, D + j, stride, dW + j, stride);
    }
    A += rows;
    dW += rows * stride;
    count -= rows;
  };
  while (count >= kTileRows) add_rows(Constant<kTileRows>());
  while (count != 0) add_rows(Constant<1>());
}

/// The step of stochastic gradient descent without penalty for `rows` of weights, after 1 or kTileRows samples.
void sgd_rows(size_t batch, size_t rows, size_t columns, const float* A, size_t lda, const float* D,
              float learning_rate, float* W) {
  if (batch == 1) {
    for (size_t j = 0, width; j < columns; j += width) {
      width = columns - j < kRowSums ? columns - j : kRowSums;
      sgd_columns(width, rows, A, D + j, learning_rate, W + j, columns);
    }
    return;
  }
  for_active<kTileRows>(rows, A, lda, [&](size_t first, size_t count) {
    float* w = W + first * columns;
    for (size_t j = 0; j < columns; j += kTileColumns) {
      sgd_columns<kTileRows>(count, A + first, lda, D + j, columns, learning_rate, w + j, columns);
    }
  });
}

}  // namespace

void forward_product(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* W,
                     size_t ldw, float* Z, size_t ldz, const ActiveInputs&) {
  const size_t columns = padded_columns(outputs);
  for (; kTileRows > 1 && batch >= kTileRows; batch -= kTileRows, A += kTileRows * lda, Z += kTileRows * ldz) {
    bool adds = false;
    for_active<kTileRows>(inputs, A, lda, [&](size_t first, size_t count) {
      for (size_t j = 0; j < columns; j += kTileColumns) {
        tile<kTileRows>(adds, count, A + first, lda, 1, W + first * ldw + j, ldw, Z + j, ldz);
      }
      adds = true;
    });
    if (!adds) __builtin_memset(Z, 0, kTileRows * ldz * sizeof(float));
  }
  for (; batch != 0; --batch, A += lda, Z += ldz) {
    for (size_t j = 0, width; j < columns; j += width) {
      width = columns - j < kRowSums ? columns - j : kRowSums;
      forward_row(width, inputs, A, W + j, ldw, Z + j);
    }
  }
}

void bias_gradient(size_t batch, size_t outputs, const float* D, size_t ldd, float* db, bool accumulate) {
  const size_t columns = padded_columns(outputs);
  if (!accumulate) __builtin_memset(db, 0, columns * sizeof(float));
  for (; batch != 0; --batch, D += ldd) {
    for (size_t j = 0; j < columns; ++j) db[j] += D[j];
  }
}

void backward_product(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W,
                      size_t ldw, float* dA, size_t lda, float*) {
  for (; batch != 0; --batch, D += ldd, dA += lda) {
    size_t k = 0;
    for (; k + 4 <= inputs; k += 4) backward_rows<4>(outputs, D, W + k * ldw, ldw, dA + k);
    for (; k < inputs; ++k) backward_rows<1>(outputs, D, W + k * ldw, ldw, dA + k);
    for (; k < lda; ++k) dA[k] = 0.0f;
  }
}

void weight_gradient(size_t batch, Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                     const ActiveInputs&, bool accumulate, float* dW) {
  const size_t stride = mote::row_stride(outputs);
  gradients(accumulate, batch, rows.size(), stride, A + rows.begin, lda, D, dW + rows.begin * stride, stride);
}

namespace {

/// Computes the gradients of a few rows at a time in `strip`, then steps these rows by apply().
void update_by_rows(size_t batch, Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                    const mote::OptimizerStep& step, StepFunction apply, float* weights, float* state, float* strip) {
  const size_t stride = mote::row_stride(outputs);
  for (size_t count; rows.size() != 0; rows.begin += count) {
    count = rows.size() < kUpdateRows ? rows.size() : kUpdateRows;
    gradients(false, batch, count, stride, A + rows.begin, lda, D, strip, stride);
    const size_t offset = rows.begin * stride;
    apply(step, strip, weights + offset, state == nullptr ? nullptr : state + offset, count * stride);
  }
}

}  // namespace

template <mote::Optimizer kMethod>
void update_weights_by(size_t batch, Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                       const ActiveInputs&, const mote::OptimizerStep& step, float* weights, float* state,
                       float* strip) {
  if constexpr (kMethod == mote::Optimizer::sgd) {  // without l2, a sum may start with its first product
    if (step.l2 == 0.0f && (batch == 1 || batch == kTileRows)) {
      const size_t stride = mote::row_stride(outputs);
      return sgd_rows(batch, rows.size(), stride, A + rows.begin, lda, D, step.options.learning_rate,
                      weights + rows.begin * stride);
    }
  }
  update_by_rows(batch, rows, outputs, A, lda, D, step, mote::optimizer_step_by<kMethod>, weights, state, strip);
}

#define MOTE_INSTANCE(name)                                                                                         \
  template void update_weights_by<mote::Optimizer::name>(size_t, Share, size_t, const float*, size_t, const float*, \
                                                         const ActiveInputs&, const mote::OptimizerStep&, float*,   \
                                                         float*, float*);
MOTE_FOR_OPTIMIZERS(MOTE_INSTANCE)
#undef MOTE_INSTANCE

void update_weights(size_t batch, Share rows, size_t outputs, const float* A, size_t lda, const float* D,
                    const ActiveInputs& active, const mote::OptimizerStep& step, float* weights, float* state,
                    float* strip) {
  if (step.l1 != 0.0f) {
    return update_by_rows(batch, rows, outputs, A, lda, D, step, mote::optimizer_step, weights, state, strip);
  }
  switch (step.options.method) {
#define MOTE_CASE(name)                                                                                            \
  case mote::Optimizer::name:                                                                                      \
    return update_weights_by<mote::Optimizer::name>(batch, rows, outputs, A, lda, D, active, step, weights, state, \
                                                    strip);
    MOTE_FOR_OPTIMIZERS(MOTE_CASE)
#undef MOTE_CASE
  }
}

}  // namespace MOTE_NUMERIC
#endif
