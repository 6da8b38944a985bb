// SPDX-License-Identifier: MIT
#include "mote/batch_norm.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/batch_norm.hpp"
#include "mote/topology.hpp"

namespace MOTE_NUMERIC {

using mote::BatchNorm;
using mote::detail::multiply_add;
using mote::detail::square_root;
using mote::detail::without_negligible;
using std::size_t;

// Corrected two-pass algorithm (Chan, Golub & LeVeque 1983): the second pass also corrects the rounding of the means.
void batch_statistics(size_t rows, size_t columns, size_t stride, const float* z, const BatchNorm& layer) {
  float* __restrict means = layer.means;
  float* __restrict variances = layer.variances;
  float* __restrict drifts = layer.factors;
  const float count = static_cast<float>(rows);
  for (size_t j = 0; j < columns; ++j) means[j] = variances[j] = drifts[j] = 0.0f;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) means[j] += z[i * stride + j];
  }
  for (size_t j = 0; j < columns; ++j) means[j] /= count;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const float deviation = z[i * stride + j] - means[j];
      drifts[j] += deviation;
      variances[j] = multiply_add(deviation, deviation, variances[j]);
    }
  }
  for (size_t j = 0; j < columns; ++j) {
    const float drift = drifts[j] / count;
    means[j] += drift;
    const float variance = multiply_add(-drift, drift, variances[j] / count);
    variances[j] = variance < 0.0f ? 0.0f : variance;  // NaN stays NaN
    layer.factors[j] = 1.0f / square_root(variances[j] + mote::kBatchNormEpsilon);
  }
}

void batch_normalize(size_t rows, size_t columns, size_t stride, const BatchNorm& layer, const float* scales, float* z,
                     float* y) {
  const float* __restrict means = layer.means;
  const float* __restrict factors = layer.factors;
  for (size_t i = 0; i < rows; ++i) {
    float* __restrict from = z + i * stride;
    float* __restrict to = y + i * stride;
    for (size_t j = 0; j < columns; ++j) {
      const float normalized = (from[j] - means[j]) * factors[j];
      from[j] = normalized;
      to[j] = scales[j] * normalized;
    }
  }
}

void batch_norm_gradients(size_t rows, size_t columns, size_t stride, const float* deltas, const float* normalized,
                          const BatchNorm& layer) {
  float* __restrict biases = layer.bias_gradients;
  float* __restrict scales = layer.scale_gradients;
  for (size_t j = 0; j < columns; ++j) biases[j] = scales[j] = 0.0f;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const float delta = deltas[i * stride + j];
      biases[j] += delta;
      scales[j] = multiply_add(delta, normalized[i * stride + j], scales[j]);
    }
  }
  const float count = static_cast<float>(rows);
  for (size_t j = 0; j < columns; ++j) {
    layer.mean_bias_gradients[j] = biases[j] / count;
    layer.mean_scale_gradients[j] = scales[j] / count;
  }
}

void batch_norm_deltas(size_t rows, size_t columns, size_t stride, const BatchNorm& layer, const float* scales,
                       const float* normalized, float* deltas) {
  const float* __restrict factors = layer.factors;
  const float* __restrict biases = layer.mean_bias_gradients;
  const float* __restrict slopes = layer.mean_scale_gradients;
  for (size_t i = 0; i < rows; ++i) {
    float* __restrict row = deltas + i * stride;
    const float* __restrict n = normalized + i * stride;
    for (size_t j = 0; j < columns; ++j) {
      const float centered = multiply_add(-slopes[j], n[j], row[j] - biases[j]);
      row[j] = without_negligible(scales[j] * factors[j] * centered);
    }
  }
}

void update_running_statistics(size_t batch, size_t count, const float* means, const float* variances,
                               float* running_means, float* running_variances) {
  const float unbiased = static_cast<float>(batch) / static_cast<float>(batch - 1);
  const auto approach = [](float from, float to) {
    return without_negligible(multiply_add(mote::kBatchNormMomentum, to - from, from));
  };
  for (size_t j = 0; j < count; ++j) running_means[j] = approach(running_means[j], means[j]);
  for (size_t j = 0; j < count; ++j) running_variances[j] = approach(running_variances[j], unbiased * variances[j]);
}

void fold_batch_norm_layer(size_t inputs, size_t columns, size_t stride, const float* scales, const float* means,
                           const float* variances, float* weights, float* biases) {
  constexpr size_t kWidth = mote::kRowAlignment;  // columns at a time: their factors fit in a small array
  for (size_t j = 0; j < columns; j += kWidth) {
    float factors[kWidth];
    for (size_t k = 0; k < kWidth; ++k) {
      factors[k] = scales[j + k] / square_root(variances[j + k] + mote::kBatchNormEpsilon);
      biases[j + k] = multiply_add(-means[j + k], factors[k], biases[j + k]);
    }
    for (size_t i = 0; i < inputs; ++i) {
      for (size_t k = 0; k < kWidth; ++k) weights[i * stride + j + k] *= factors[k];
    }
  }
}

}  // namespace MOTE_NUMERIC
