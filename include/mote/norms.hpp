// SPDX-License-Identifier: MIT
// How large vectors and matrices are.
//
//   Euclidean     ||x||   = square root of the sum of x_i^2
//   Frobenius     ||W||_F = square root of the sum of w_ij^2
//   spectral      ||W||_2 = the most that W lengthens a vector, its largest singular value; ||W||_2 <= ||W||_F
//
// Squares are taken of numbers scaled by a power of two, so that norms are right for all finite numbers, those included
// whose squares would overflow or vanish. If any is infinite or NaN, so is the norm.
#pragma once

#include <cstddef>

#include "mote/detail/products.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

/// Frobenius norm of a matrix; Euclidean norm of a vector, which is a matrix of one row. origin: what is subtracted
/// from every element first.
float norm(const MatrixView& values, float origin = 0.0f);
/// The same of a - b, which have one shape.
float norm_of_difference(const MatrixView& a, const MatrixView& b);

namespace detail {
struct SpectralPlan {
  std::size_t left;   // [row_stride(inputs)]
  std::size_t right;  // [row_stride(outputs)]
  std::size_t pack;   // [pack_floats]
  std::size_t bytes;
};

constexpr SpectralPlan spectral_plan(std::size_t inputs, std::size_t outputs) {
  MemoryPlan memory;
  SpectralPlan plan{};
  plan.left = memory.take<float>(row_stride(inputs));
  plan.right = memory.take<float>(row_stride(outputs));
  plan.pack = memory.take<float>(mote::pack_floats(inputs, outputs));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for the spectral norm of a layer's weights.
constexpr std::size_t spectral_norm_bytes(std::size_t inputs, std::size_t outputs) {
  return detail::spectral_plan(inputs, outputs).bytes;
}

/// Most times that spectral_norm() multiplies by the matrix and its transpose.
inline constexpr int kPowerIterations = 1000;

/// Spectral norm of weights [inputs][outputs], laid out as topology.hpp says: rows padded, padding 0. By power
/// iteration (Golub & Van Loan, "Matrix Computations", 8.2.1) from a fixed random vector, until the norm grows by less
/// than 2^-22 of itself. But for rounding the result is never more than the norm; on random matrices it is less by at
/// most 1e-4 of it (tests/norms_test.cpp), the closer the largest singular values are to each other, the more. NaN if a
/// weight is not finite. scratch: spectral_norm_bytes(inputs, outputs).
Result spectral_norm(std::size_t inputs, std::size_t outputs, const float* weights, Memory scratch, float& norm);

}  // namespace mote
