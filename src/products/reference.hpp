// SPDX-License-Identifier: MIT
// The products as a textbook writes them: the contract of mote/detail/products.hpp, and the oracle of tests/products.
// Every sum runs over its inner index in increasing order, one multiply-add a term. Fused: the arithmetic class
// (core/arithmetic.hpp). Padding is neither read nor written.
#pragma once

#include <cstddef>

#include "../core/arithmetic.hpp"
#include "mote/optimizer.hpp"

namespace mote::reference {

using std::size_t;

/// Z = A W, or Z[m][n] = sum over k of A[m][k] W[k][n].
template <bool Fused>
void forward(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* W, size_t ldw,
             float* Z, size_t ldz) {
  for (size_t m = 0; m < batch; ++m) {
    for (size_t n = 0; n < outputs; ++n) {
      float sum = 0.0f;
      for (size_t k = 0; k < inputs; ++k) sum = detail::multiply_add<Fused>(A[m * lda + k], W[k * ldw + n], sum);
      Z[m * ldz + n] = sum;
    }
  }
}

/// dW = A^T D, or dW += A^T D: dW[k][n] = start + sum over m of A[m][k] D[m][n].
template <bool Fused>
void weight_gradient(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* D,
                     size_t ldd, float* dW, size_t ldw, bool accumulate) {
  for (size_t k = 0; k < inputs; ++k) {
    for (size_t n = 0; n < outputs; ++n) {
      float sum = accumulate ? dW[k * ldw + n] : 0.0f;
      for (size_t m = 0; m < batch; ++m) sum = detail::multiply_add<Fused>(A[m * lda + k], D[m * ldd + n], sum);
      dW[k * ldw + n] = sum;
    }
  }
}

/// dA = D W^T, or dA[m][k] = sum over n of D[m][n] W[k][n].
template <bool Fused>
void backward(size_t batch, size_t inputs, size_t outputs, const float* D, size_t ldd, const float* W, size_t ldw,
              float* dA, size_t lda) {
  for (size_t m = 0; m < batch; ++m) {
    for (size_t k = 0; k < inputs; ++k) {
      float sum = 0.0f;
      for (size_t n = 0; n < outputs; ++n) sum = detail::multiply_add<Fused>(D[m * ldd + n], W[k * ldw + n], sum);
      dA[m * lda + k] = sum;
    }
  }
}

/// One optimizer step with the gradient A^T D, weight by weight. The row stride of weights and state is ldw.
template <bool Fused>
void update(size_t batch, size_t inputs, size_t outputs, const float* A, size_t lda, const float* D, size_t ldd,
            const OptimizerStep& step, float* weights, float* state, size_t ldw) {
  for (size_t k = 0; k < inputs; ++k) {
    for (size_t n = 0; n < outputs; ++n) {
      float gradient = 0.0f;
      weight_gradient<Fused>(batch, 1, 1, A + k, lda, D + n, ldd, &gradient, 1, false);
      const size_t i = k * ldw + n;
      optimizer_step(step, &gradient, weights + i, state == nullptr ? nullptr : state + i, 1);
    }
  }
}

}  // namespace mote::reference
