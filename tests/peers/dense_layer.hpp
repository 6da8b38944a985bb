// SPDX-License-Identifier: MIT
// One layer of a network on top of somebody else's matrix product, in the way that suits that library best.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/workloads.hpp"
#include "common/timing.hpp"
#include "peers.hpp"

namespace peers {

/// Ways to do the same work; which is fastest depends on the library and the shape, and is found by trying.
struct Method {
  bool outputs_first = false;   ///< weights as [outputs][inputs], else [inputs][outputs]
  bool padded = false;          ///< rows of weights start on cache lines and outputs are whole vectors, else all tight
  bool folded = false;          ///< the optimizer's scaling and decay are left to alpha and beta of the product
  bool sliced = false;          ///< weight gradients come in slices that stay in the cache until the step used them
  bool vector_routine = false;  ///< Library::vector_gemm
};

/// "[inputs][outputs], padded, folded"
std::string describe(const Method& method);

/// All that make a difference for this many rows; `training`: including sliced and, if the optimizer can be, folded.
std::vector<Method> methods(const Library& library, std::size_t rows, bool training, bool can_fold);

/// The method whose work takes least time.
Method fastest(const std::vector<Method>& candidates, const std::function<tools::Work(const Method&)>& work_of);

class DenseLayer {
 public:
  DenseLayer(const Library& library, std::size_t inputs, std::size_t outputs, const Method& method);

  /// Row stride of z and its deltas, and how many columns of them are used; the others and those up to a multiple of 16
  /// must be 0 in deltas.
  std::size_t stride() const { return mote::row_stride(outputs_); }

  /// weights: [inputs][stride()], as mote keeps them. Velocities become 0.
  void set_weights(const float* weights);
  /// Steps since set_weights.
  int steps() const { return steps_; }
  /// One element of what keep_gradient computed.
  float gradient(std::size_t input, std::size_t output) const { return gradients_.data()[at(input, output)]; }

  void forward(std::size_t rows, const float* a, std::size_t lda, float* z) const;        // Z = A W
  void backward(std::size_t rows, const float* d, float* da, std::size_t ldda) const;     // dA = D W^T
  void keep_gradient(std::size_t rows, const float* a, std::size_t lda, const float* d);  // dW = A^T D
  /// Weight gradient and optimizer step. d: deltas of the mean loss.
  void step(std::size_t rows, const float* a, std::size_t lda, const float* d, const mote::OptimizerOptions& optimizer);

 private:
  std::size_t at(std::size_t input, std::size_t output) const {
    return method_.outputs_first ? output * weight_stride_ + input : input * weight_stride_ + output;
  }
  /// target = alpha A^T D + beta target, for `count` rows of the weights as they lie, from `first` on.
  void gradient_slice(std::size_t rows, const float* a, std::size_t lda, const float* d, std::size_t first,
                      std::size_t count, float alpha, float beta, float* target) const;

  Gemm gemm_;
  Method method_;
  std::size_t inputs_, outputs_;
  std::size_t columns_;  // outputs that are computed
  std::size_t weight_rows_, weight_stride_;
  tools::FloatArray weights_, velocities_, squares_, gradients_;
  int steps_ = 0;
};

/// The optimizer's step number `step` for `count` parameters given their gradients: the place to add another method.
void apply(const mote::OptimizerOptions& optimizer, int step, const float* gradients, float* parameters,
           float* velocities, float* squares, std::size_t count);

}  // namespace peers
