// SPDX-License-Identifier: MIT
// The libraries that mote is compared with, each behind one function.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace peers {

/// A row-major matrix as it lies in memory, to be used as it is or transposed.
struct Operand {
  const float* data;
  std::size_t stride;
  bool transposed;
};

/// C[m][n] = alpha A B + beta C with A [m][k] and B [k][n] (after transposition). C is not read when beta is 0.
using Gemm = void (*)(std::size_t m, std::size_t n, std::size_t k, float alpha, Operand a, Operand b, float beta,
                      float* c, std::size_t c_stride);

struct Library {
  std::string name;
  std::string version;  ///< what it says of itself; empty when it is not built in
  std::string package;  ///< the Debian package to install for it
  Gemm gemm = nullptr;
  Gemm vector_gemm = nullptr;  ///< the same where m or k is 1, by its routines for vectors; null: gemm knows best

  bool is_built_in() const { return gemm != nullptr; }
};

// Each is restricted to one thread.
Library openblas();
Library onednn();
Library eigen();

inline std::vector<Library> all_libraries() {
  return {openblas(), onednn(), eigen()};
}

}  // namespace peers
