// SPDX-License-Identifier: MIT
#include "peers.hpp"

#ifdef HAVE_OPENBLAS
#include <cblas.h>

#include <algorithm>
#endif

namespace peers {

#ifdef HAVE_OPENBLAS

namespace {

blasint to_int(std::size_t n) {
  return static_cast<blasint>(n);
}

CBLAS_TRANSPOSE to_transpose(bool transposed) {
  return transposed ? CblasTrans : CblasNoTrans;
}

void gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Operand a, Operand b, float beta, float* c,
          std::size_t c_stride) {
  cblas_sgemm(CblasRowMajor, to_transpose(a.transposed), to_transpose(b.transposed), to_int(m), to_int(n), to_int(k),
              alpha, a.data, to_int(a.stride), b.data, to_int(b.stride), beta, c, to_int(c_stride));
}

/// m = 1: c^T = B^T a^T, a matrix times a vector. k = 1: C += a b, an outer product.
void vector_gemm(std::size_t m, std::size_t n, std::size_t k, float alpha, Operand a, Operand b, float beta, float* c,
                 std::size_t c_stride) {
  const auto step = [](const Operand& x, bool along_row) { return to_int(along_row != x.transposed ? 1 : x.stride); };
  if (m == 1) {
    const std::size_t b_rows = b.transposed ? n : k, b_columns = b.transposed ? k : n;
    cblas_sgemv(CblasRowMajor, to_transpose(!b.transposed), to_int(b_rows), to_int(b_columns), alpha, b.data,
                to_int(b.stride), a.data, step(a, true), beta, c, 1);
    return;
  }
  for (std::size_t i = 0; i < m && beta != 1.0f; ++i) {
    float* row = c + i * c_stride;
    std::transform(row, row + n, row, [beta](float x) { return beta == 0.0f ? 0.0f : beta * x; });
  }
  cblas_sger(CblasRowMajor, to_int(m), to_int(n), alpha, a.data, step(a, false), b.data, step(b, true), c,
             to_int(c_stride));
}

}  // namespace

Library openblas() {
  openblas_set_num_threads(1);
  return {"OpenBLAS", std::string(openblas_get_config()) + ", running " + openblas_get_corename(), "libopenblas-dev",
          gemm, vector_gemm};
}

#else

Library openblas() {
  return {"OpenBLAS", "", "libopenblas-dev", nullptr, nullptr};
}

#endif

}  // namespace peers
