// SPDX-License-Identifier: MIT
// Norms of vectors and matrices:
//
//   Euclidean     ||x||   = square root of the sum of x_i^2
//   Frobenius     ||W||_F = square root of the sum of w_ij^2
//   spectral      ||W||_2 = largest singular value of W, the most that W stretches a vector; ||W||_2 <= ||W||_F
//
// Elements are scaled by a power of two before they are squared: the norm is right for all finite elements, even where
// their squares overflow or underflow. An infinite element gives an infinite norm, NaN gives NaN.
#ifndef MOTE_NORMS_HPP
#define MOTE_NORMS_HPP

#include <cstddef>

#include "mote/detail/products.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

/// Frobenius norm of values - origin; for a matrix of one row, its Euclidean norm.
float norm(const MatrixView& values, float origin = 0.0f);
/// Frobenius norm of a - b. a and b have equal shapes.
float norm_of_difference(const MatrixView& a, const MatrixView& b);

namespace detail {
struct SpectralPlan {
  Part<float> left;   // [row_stride(inputs)]
  Part<float> right;  // [row_stride(outputs)]
  std::size_t bytes;
};

constexpr SpectralPlan spectral_plan(std::size_t inputs, std::size_t outputs) {
  MemoryPlan memory;
  SpectralPlan plan{};
  plan.left = memory.take<float>(row_stride(inputs));
  plan.right = memory.take<float>(row_stride(outputs));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for spectral_norm().
constexpr std::size_t spectral_norm_bytes(std::size_t inputs, std::size_t outputs) {
  return detail::spectral_plan(inputs, outputs).bytes;
}

/// Largest number of iterations of spectral_norm().
inline constexpr int kPowerIterations = 1000;

/// Computes the spectral norm of weights [inputs][outputs], row stride row_stride(outputs), padding 0, by power
/// iteration (Golub & Van Loan, "Matrix Computations", 8.2.1) from a fixed random vector, until the norm grows by less
/// than 2^-22 of itself. The result is a lower bound, up to rounding; on random matrices its relative error is at most
/// 1e-4 (tests/study/norms_test.cpp) and grows as the largest singular values get closer. NaN if a weight is not
/// finite. scratch: at least spectral_norm_bytes(inputs, outputs). Errors: all of check(scratch).
Result spectral_norm(std::size_t inputs, std::size_t outputs, const float* weights, Memory scratch, float& norm);

}  // namespace mote

#endif  // MOTE_NORMS_HPP
