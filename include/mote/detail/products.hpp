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
// from its old value), with one multiply-add a term. So batch size, tile, vector width and threads change no bit. The
// exception: terms with an activation of 0 may be left out. This may change the sign of a sum of zeros, and the result
// where a weight is infinite or NaN.
//
// Strides marked "padded" are row_stride(columns) of topology.hpp. Padding, the columns up to the next multiple of
// kRowAlignment, must be 0 where it is read, and is 0 where it is written as long as the operands are finite. No
// argument may overlap another. All sizes are at least 1.
#ifndef MOTE_DETAIL_PRODUCTS_HPP
#define MOTE_DETAIL_PRODUCTS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/topology.hpp"

namespace mote {

namespace detail {
inline constexpr bool kRearranges = kRowAlignment >= 16;  ///< whether products rearrange operands in scratch memory
inline constexpr std::size_t kPanelColumns = 64;          ///< width of the widest panel that is rearranged at a time
inline constexpr std::size_t kPanelRows = 1024;           ///< rows of the longest panel
inline constexpr std::size_t kStripRows = 48;             ///< rows of a transposed result that wait in scratch memory
inline constexpr std::size_t kBlockSide = 512;            ///< side of a block of a large matrix, rearranged at a time
inline constexpr std::size_t kBlockStrip = 48;            ///< rows of kBlockSide floats beside a block: other operand
inline constexpr std::size_t kPackWeightsFromRows = 160;  ///< fewer rows do not repay rearranging weights
/// Whether a matrix and its other factor are together too large for the caches.
constexpr bool is_large(std::size_t rows, std::size_t columns) {
  return rows * columns >= kBlockSide * kBlockSide;
}
/// Floats at the end of the scratch memory: rows of the other operand beside a block, or of a transposed result.
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

/// Inputs that are not 0 in at least one row of a mini-batch, in increasing order. The others contribute nothing to the
/// first layer and get no gradient from it. list null: all inputs.
struct ActiveInputs {
  const std::uint32_t* list = nullptr;
  std::size_t count = 0;

  constexpr bool are_all() const { return list == nullptr; }
};

/// Z = A W. ldw and ldz padded for `outputs`. active: columns of A; terms of other columns are left out.
void forward_product(std::size_t batch, std::size_t inputs, std::size_t outputs, const float* A, std::size_t lda,
                     const float* W, std::size_t ldw, float* Z, std::size_t ldz, const ActiveInputs& active = {});

/// db = sum of the rows of D, or db += it. ldd padded for `outputs`; db [ldd].
void bias_gradient(std::size_t batch, std::size_t outputs, const float* D, std::size_t ldd, float* db, bool accumulate);

/// dA = D W^T. ldd and ldw padded for `outputs`, lda for `inputs`. pack: pack_floats(inputs, outputs) floats, not used
/// (and may be null) for a batch of 1.
void backward_product(std::size_t batch, std::size_t inputs, std::size_t outputs, const float* D, std::size_t ldd,
                      const float* W, std::size_t ldw, float* dA, std::size_t lda, float* pack);

}  // namespace mote

#endif  // MOTE_DETAIL_PRODUCTS_HPP
