// SPDX-License-Identifier: MIT
#include "peers.hpp"

#ifdef HAVE_EIGEN
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#endif

namespace peers {

#ifdef HAVE_EIGEN

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowVector = Eigen::Matrix<float, 1, Eigen::Dynamic>;
using Stride = Eigen::OuterStride<>;
using Source = Eigen::Map<const Matrix, Eigen::Unaligned, Stride>;
using Target = Eigen::Map<Matrix, Eigen::Unaligned, Stride>;

Eigen::Index index(std::size_t n) {
  return static_cast<Eigen::Index>(n);
}

template <typename Left, typename Right, typename Result>
void multiply(float alpha, const Left& a, const Right& b, float beta, Result&& c) {
  if (beta == 0.0f) {
    if (alpha == 1.0f) {
      c.noalias() = a * b;
    } else {
      c.noalias() = (alpha * a) * b;
    }
  } else {
    if (beta != 1.0f) c *= beta;
    c.noalias() += (alpha * a) * b;
  }
}

Source source(std::size_t rows, std::size_t columns, const Operand& x) {
  if (x.transposed) return {x.data, index(columns), index(rows), Stride(index(x.stride))};
  return {x.data, index(rows), index(columns), Stride(index(x.stride))};
}

void gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Operand a, Operand b, float beta, float* c,
          std::size_t c_stride) {
  const Source left = source(m, k, a), right = source(k, n, b);
  Target result(c, index(m), index(n), Stride(index(c_stride)));
  if (a.transposed && b.transposed) return multiply(alpha, left.transpose(), right.transpose(), beta, result);
  if (a.transposed) return multiply(alpha, left.transpose(), right, beta, result);
  if (b.transposed) return multiply(alpha, left, right.transpose(), beta, result);
  return multiply(alpha, left, right, beta, result);
}

/// For operands whose vector lies in one piece: types that tell Eigen of it when it is compiled.
void vector_gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Operand a, Operand b, float beta, float* c,
                 std::size_t c_stride) {
  const Eigen::Map<const RowVector> left(a.data, index(m == 1 ? k : m));
  if (m == 1) {
    Eigen::Map<RowVector> result(c, index(n));
    const Source right = source(k, n, b);
    if (b.transposed) return multiply(alpha, left, right.transpose(), beta, result);
    return multiply(alpha, left, right, beta, result);
  }
  const Eigen::Map<const RowVector> right(b.data, index(n));
  Target result(c, index(m), index(n), Stride(index(c_stride)));
  multiply(alpha, left.transpose(), right, beta, result);
}

}  // namespace

Library eigen() {
  return {"Eigen",
          std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
              std::to_string(EIGEN_MINOR_VERSION) + ", " + Eigen::SimdInstructionSetsInUse(),
          "libeigen3-dev", gemm, vector_gemm};
}

#else

Library eigen() {
  return {"Eigen", "", "libeigen3-dev", nullptr, nullptr};
}

#endif

}  // namespace peers
