// SPDX-License-Identifier: MIT
// The backward product where nothing is rearranged in memory: for one sample, and on microcontrollers. Internal
// linkage.
#pragma once

#include "../core/arithmetic.hpp"
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

}  // namespace
}  // namespace mote::detail
