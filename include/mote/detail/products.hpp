// SPDX-License-Identifier: MIT
// The three matrix products of a dense layer, on raw pointers.
//
// For a mini-batch of `batch` samples, a layer with `inputs` inputs and `outputs` units has
//   A  [batch][inputs]    activations of the layer before, row stride lda >= inputs
//   W  [inputs][outputs]  weights, row stride ldw
//   Z  [batch][outputs]   pre-activations, and their deltas D = dC/dZ, row stride ldz or ldd
//   forward         Z  = A W      (the biases are added with the activation: activation.hpp)
//   weight gradient dW = A^T D
//   backward        dA = D W^T
//
// Every element of a product is summed over its inner index in increasing order, starting from 0 (or, accumulating,
// from what stands there), with one multiply-add a step. So neither batch size, tile, vector width nor thread changes a
// bit as long as weights are finite, but the sign of a sum of zeros: terms with an activation of 0 may be left out,
// which an infinite weight would show.
//
// Strides marked "padded" are row_stride(columns) of topology.hpp. Padding, the columns up to the next multiple of
// kRowAlignment, must be 0 where it is read, and is 0 where it is written as long as the operands are finite. No
// argument may overlap another. All sizes are at least 1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/topology.hpp"

namespace mote {

namespace detail {
inline constexpr bool kRearranges = kRowAlignment >= 16;  ///< whether the following memory is worth having
inline constexpr std::size_t kPanelColumns = 64;          ///< widest panel of a matrix that is rearranged at a time
inline constexpr std::size_t kPanelRows = 1024;           ///< longest
inline constexpr std::size_t kStripRows = 48;             ///< rows of a transposed result that wait in scratch memory
inline constexpr std::size_t kBlockSide = 512;            ///< of a block of a large matrix that is rearranged at a time
inline constexpr std::size_t kBlockStrip = 48;            ///< rows of such a block that hold what is beside it
inline constexpr std::size_t kPackWeightsFromRows = 160;  ///< fewer do not repay rearranging blocks of weights
/// Whether a matrix is too large for the caches, together with what it is multiplied by.
constexpr bool is_large(std::size_t rows, std::size_t columns) {
  return rows * columns >= kBlockSide * kBlockSide;
}
/// Whether a forward product of this many rows uses its scratch memory.
constexpr bool forward_packs(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  return kRearranges && rows >= kPackWeightsFromRows && is_large(inputs, outputs);
}
/// Floats of scratch memory, the last, for what is beside a block.
constexpr std::size_t strip_floats(std::size_t rows, std::size_t columns) {
  return is_large(rows, columns) ? kBlockStrip * kBlockSide : kStripRows * kPanelColumns;
}
}  // namespace detail

/// Floats of scratch memory in which a product rearranges parts of a matrix of `rows` by `columns`; 0 on
/// microcontrollers.
constexpr std::size_t pack_floats(std::size_t rows, std::size_t columns) {
  if (!detail::kRearranges) return 0;
  const std::size_t longer = rows > columns ? rows : columns;
  const std::size_t panel_rows = (longer + 15) / 16 * 16;
  const std::size_t panel = panel_rows < detail::kPanelRows ? panel_rows : detail::kPanelRows;
  const std::size_t block =
      detail::is_large(rows, columns) ? detail::kBlockSide * detail::kBlockSide : panel * detail::kPanelColumns;
  return block + detail::strip_floats(rows, columns);
}

/// Inputs that are not 0 in all rows of a mini-batch, in increasing order. The others contribute nothing to the first
/// layer and get no gradient from it. list null: all inputs.
struct ActiveInputs {
  const std::uint32_t* list = nullptr;
  std::size_t count = 0;

  constexpr bool are_all() const { return list == nullptr; }
};

/// Z = A W. ldw and ldz padded for `outputs`. pack: pack_floats(inputs, outputs) floats, not used (and may be null)
/// unless detail::forward_packs(batch, inputs, outputs). active: columns
/// of A; the terms of the others are left out, which for finite weights changes no bit.
void forward_product(std::size_t batch, std::size_t inputs, std::size_t outputs, const float* A, std::size_t lda,
                     const float* W, std::size_t ldw, float* Z, std::size_t ldz, float* pack, ActiveInputs active = {});

/// db = sum of the rows of D, or db += it. ldd padded for `outputs`; db [ldd].
void bias_gradient(std::size_t batch, std::size_t outputs, const float* D, std::size_t ldd, float* db, bool accumulate);

/// dA = D W^T. ldd and ldw padded for `outputs`, lda for `inputs`. pack: pack_floats(inputs, outputs) floats.
void backward_product(std::size_t batch, std::size_t inputs, std::size_t outputs, const float* D, std::size_t ldd,
                      const float* W, std::size_t ldw, float* dA, std::size_t lda, float* pack);

}  // namespace mote
