// SPDX-License-Identifier: MIT
#include "dense_layer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace peers {
namespace {

constexpr std::size_t kVector = 16;
constexpr std::size_t kSliceFloats = 32 * 1024;  // with velocities and gradients 384 KiB: within any second-level cache
constexpr int kTrials = 5;

std::size_t whole_vectors(std::size_t n) {
  return (n + kVector - 1) / kVector * kVector;
}

/// w += v, when the product has already made v of it.
void add(const float* __restrict velocities, float* __restrict parameters, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) parameters[i] += velocities[i];
}

}  // namespace

void apply(const mote::OptimizerOptions& optimizer, int step, const float* __restrict gradients,
           float* __restrict parameters, float* __restrict velocities, float* __restrict squares, std::size_t count) {
  const float rate = optimizer.learning_rate, decay = optimizer.momentum;
  if (optimizer.method == mote::Optimizer::sgd) {
    for (std::size_t i = 0; i < count; ++i) parameters[i] -= rate * gradients[i];
  } else if (optimizer.method == mote::Optimizer::adam) {
    const float beta1 = optimizer.beta1, beta2 = optimizer.beta2;
    const float epsilon = optimizer.epsilon == 0.0f ? mote::default_epsilon(optimizer.method) : optimizer.epsilon;
    const float corrected_rate = rate / (1.0f - std::pow(beta1, static_cast<float>(step)));
    const float scale = 1.0f / (1.0f - std::pow(beta2, static_cast<float>(step)));
    for (std::size_t i = 0; i < count; ++i) {
      const float g = gradients[i];
      velocities[i] = beta1 * velocities[i] + (1.0f - beta1) * g;
      squares[i] = beta2 * squares[i] + (1.0f - beta2) * g * g;
      parameters[i] -= corrected_rate * velocities[i] / (__builtin_sqrtf(squares[i] * scale) + epsilon);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      velocities[i] = decay * velocities[i] - rate * gradients[i];
      parameters[i] += velocities[i];
    }
  }
}

std::string describe(const Method& method) {
  std::string text = method.outputs_first ? "[outputs][inputs]" : "[inputs][outputs]";
  if (method.padded) text += ", padded";
  if (method.folded) text += ", folded";
  if (method.sliced) text += ", sliced";
  if (method.vector_routine) text += ", vector routine";
  return text;
}

std::vector<Method> methods(const Library& library, std::size_t rows, bool training, bool can_fold) {
  std::vector<Method> all;
  for (unsigned bits = 0; bits < 32; ++bits) {
    const Method method{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0};
    if (method.folded && !can_fold) continue;
    if ((method.folded || method.sliced) && !training) continue;
    if (method.vector_routine && (rows != 1 || library.vector_gemm == nullptr)) continue;
    all.push_back(method);
  }
  return all;
}

Method fastest(const std::vector<Method>& candidates, const std::function<tools::Work(const Method&)>& work_of) {
  if (candidates.size() == 1) return candidates[0];
  std::vector<tools::Work> works;
  std::vector<std::size_t> calls;
  for (const Method& method : candidates) {
    works.push_back(work_of(method));
    calls.push_back(tools::calls_lasting(tools::kSampleSeconds / 2, works.back()));
  }
  std::vector<double> seconds(works.size(), std::numeric_limits<double>::infinity());
  for (int trial = 0; trial < kTrials; ++trial) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      const double sample = tools::seconds_of(works[i], calls[i]) / static_cast<double>(calls[i]);
      seconds[i] = std::min(seconds[i], sample);
    }
  }
  return candidates[static_cast<std::size_t>(std::min_element(seconds.begin(), seconds.end()) - seconds.begin())];
}

DenseLayer::DenseLayer(const Library& library, std::size_t inputs, std::size_t outputs, const Method& method)
    : gemm_(method.vector_routine ? library.vector_gemm : library.gemm),
      method_(method),
      inputs_(inputs),
      outputs_(outputs),
      columns_(method.padded ? whole_vectors(outputs) : outputs),
      weight_rows_(method.outputs_first ? columns_ : inputs) {
  const std::size_t length = method.outputs_first ? inputs : columns_;
  weight_stride_ = method.padded ? mote::row_stride(length) : length;
  weights_ = tools::FloatArray(weight_rows_ * weight_stride_);
  velocities_ = tools::FloatArray(weight_rows_ * weight_stride_);
  squares_ = tools::FloatArray(weight_rows_ * weight_stride_);
  gradients_ = tools::FloatArray(weight_rows_ * weight_stride_);
}

void DenseLayer::set_weights(const float* weights) {
  for (std::size_t i = 0; i < inputs_; ++i) {
    for (std::size_t j = 0; j < outputs_; ++j) weights_.data()[at(i, j)] = weights[i * stride() + j];
  }
  std::fill_n(velocities_.data(), velocities_.size(), 0.0f);
  std::fill_n(squares_.data(), squares_.size(), 0.0f);
  steps_ = 0;
}

void DenseLayer::forward(std::size_t rows, const float* a, std::size_t lda, float* z) const {
  gemm_(rows, columns_, inputs_, 1.0f, {a, lda, false}, {weights_.data(), weight_stride_, method_.outputs_first}, 0.0f,
        z, stride());
}

void DenseLayer::backward(std::size_t rows, const float* d, float* da, std::size_t ldda) const {
  gemm_(rows, inputs_, outputs_, 1.0f, {d, stride(), false}, {weights_.data(), weight_stride_, !method_.outputs_first},
        0.0f, da, ldda);
}

void DenseLayer::gradient_slice(std::size_t rows, const float* a, std::size_t lda, const float* d, std::size_t first,
                                std::size_t count, float alpha, float beta, float* target) const {
  if (method_.outputs_first) {
    gemm_(count, inputs_, rows, alpha, {d + first, stride(), true}, {a, lda, false}, beta, target, weight_stride_);
  } else {
    gemm_(count, columns_, rows, alpha, {a + first, lda, true}, {d, stride(), false}, beta, target, weight_stride_);
  }
}

void DenseLayer::keep_gradient(std::size_t rows, const float* a, std::size_t lda, const float* d) {
  gradient_slice(rows, a, lda, d, 0, weight_rows_, 1.0f, 0.0f, gradients_.data());
}

void DenseLayer::step(std::size_t rows, const float* a, std::size_t lda, const float* d,
                      const mote::OptimizerOptions& optimizer) {
  const std::size_t slice =
      method_.sliced ? std::max(kVector, kSliceFloats / weight_stride_ / kVector * kVector) : weight_rows_;
  const float rate = optimizer.learning_rate;
  ++steps_;
  for (std::size_t first = 0; first < weight_rows_; first += slice) {
    const std::size_t count = std::min(slice, weight_rows_ - first), floats = count * weight_stride_;
    float* weights = weights_.data() + first * weight_stride_;
    float* velocities = velocities_.data() + first * weight_stride_;
    if (!method_.folded) {
      gradient_slice(rows, a, lda, d, first, count, 1.0f, 0.0f, gradients_.data());
      apply(optimizer, steps_, gradients_.data(), weights, velocities, squares_.data() + first * weight_stride_,
            floats);
    } else if (optimizer.method == mote::Optimizer::sgd) {
      gradient_slice(rows, a, lda, d, first, count, -rate, 1.0f, weights);
    } else {
      gradient_slice(rows, a, lda, d, first, count, -rate, optimizer.momentum, velocities);
      add(velocities, weights, floats);
    }
  }
}

}  // namespace peers
