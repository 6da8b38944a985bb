// SPDX-License-Identifier: MIT
// The backward product where nothing is rearranged in memory: for one sample, and on microcontrollers. For kernels.cpp
// only; internal linkage.
#pragma once

#include "numeric.hpp"
#include "transpose.hpp"

namespace mote::detail {
namespace {

using std::size_t;

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

/// Rows' sums dA[k] = d W[k] for one sample d, a column of kWays sums from a quad of W at a time.
template <size_t Rows>
void backward_of_rows(size_t outputs, const float* d, const float* W, size_t ldw, float* dA) {
  float sum[Rows] = {};
  size_t n = 0;
  for (; n + kWays <= outputs; n += kWays) {
    MOTE_UNROLL
    for (size_t k = 0; k < Rows; k += kWays) {
      const float* row = W + k * ldw + n;
      float quad[kWays * kWays];
      transpose_quad(row, row + ldw, row + 2 * ldw, row + 3 * ldw, quad);
      MOTE_UNROLL
      for (size_t i = 0; i < kWays; ++i) {
        for (size_t j = 0; j < kWays; ++j) sum[k + j] = multiply_add(d[n + i], quad[i * kWays + j], sum[k + j]);
      }
    }
  }
  for (size_t k = 0; k < Rows; ++k) dA[k] = sum[k];
  for (; n < outputs; ++n) {
    for (size_t k = 0; k < Rows; ++k) dA[k] = multiply_add(d[n], W[k * ldw + n], dA[k]);
  }
}

/// dA = d W^T for one sample: W is read once, and transposed on its way to the sums.
void backward_alone(size_t inputs, size_t outputs, const float* d, const float* W, size_t ldw, float* dA) {
  size_t k = 0;
  for (; k + kSide <= inputs; k += kSide) backward_of_rows<kSide>(outputs, d, W + k * ldw, ldw, dA + k);
  for (; k + kWays <= inputs; k += kWays) backward_of_rows<kWays>(outputs, d, W + k * ldw, ldw, dA + k);
  backward_by_rows(1, inputs - k, outputs, d, 0, W + k * ldw, ldw, dA + k, 0);
}

}  // namespace
}  // namespace mote::detail
