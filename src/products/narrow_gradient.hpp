// SPDX-License-Identifier: MIT
// The weight gradient of a layer of few outputs, whose rows would leave lanes of every vector empty: its transpose has
// long rows. Internal linkage.
#pragma once

#include "mote/detail/products.hpp"
#include "tiles.hpp"
#include "transpose.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t kNarrowOutputs = 12;  // most outputs: more fill the lanes well enough
constexpr std::size_t kNarrowInputs = 64;   // inputs at a time
constexpr std::size_t kNarrowBatch = 24;    // fewest samples: sums of fewer cost less than transposing them

/// Number of a layer's `inputs` that narrow_gradient() repays: two or more whole blocks of a transposition, else 0.
MOTE_INLINE std::size_t narrow_inputs(std::size_t batch, std::size_t inputs, std::size_t outputs) {
  const bool pays = kRearranges && outputs <= kNarrowOutputs && batch >= kNarrowBatch && inputs >= 2 * kSide;
  return pays ? inputs / kSide * kSide : 0;
}

/// dW = A^T D for `inputs` (a multiple of kSide, at most kNarrowInputs) and at most kNarrowOutputs outputs; rows of dW
/// have kSide columns.
MOTE_INLINE void narrow_gradient(std::size_t batch, std::size_t inputs, std::size_t outputs, const float* A,
                                 std::size_t lda, const float* D, std::size_t ldd, float* dW) {
  alignas(64) float transposed[kNarrowOutputs * kNarrowInputs];
  Operands operands{batch, D, ldd, nullptr, A, lda, transposed, inputs};
  product<Access::transposed, Store>(outputs, inputs, operands);
  transpose(outputs, inputs, transposed, inputs, dW, kSide);
}

}  // namespace
}  // namespace mote::detail
