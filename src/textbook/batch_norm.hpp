// SPDX-License-Identifier: MIT
// Batch normalization over the rows of a mini-batch; the formulas are in mote/batch_norm.hpp.
//
// Sums over a column go from the first row to the last, whoever computes the column. Columns are padded as kernels.hpp
// says; where z and the scales are 0, everything that is written to rows is 0. No argument may overlap another.
#pragma once

#include <cstddef>

#include "mote/batch_norm.hpp"

namespace mote {

/// What is kept for each unit of a normalized layer from one function to the next: [columns] each.
struct BatchNorm {
  float* means;
  float* variances;
  float* factors;               ///< 1 / sqrt(variance + epsilon)
  float* bias_gradients;        ///< dC/dbias
  float* scale_gradients;       ///< dC/dscale
  float* mean_bias_gradients;   ///< 1/m dC/dbias
  float* mean_scale_gradients;  ///< 1/m dC/dscale

  BatchNorm from(std::size_t column) const {
    return {means + column,
            variances + column,
            factors + column,
            bias_gradients + column,
            scale_gradients + column,
            mean_bias_gradients + column,
            mean_scale_gradients + column};
  }
};

/// Means, variances and factors of z [rows][columns], row stride `stride`: the whole mini-batch, some of the columns.
void batch_statistics(std::size_t rows, std::size_t columns, std::size_t stride, const float* z,
                      const BatchNorm& layer);

/// z becomes n, and y = scale n, still without the bias: any rows, after batch_statistics() of all.
void batch_normalize(std::size_t rows, std::size_t columns, std::size_t stride, const BatchNorm& layer,
                     const float* scales, float* z, float* y);

/// The gradients in `layer` from deltas = dC/dy and normalized = n: the whole mini-batch, some of the columns.
void batch_norm_gradients(std::size_t rows, std::size_t columns, std::size_t stride, const float* deltas,
                          const float* normalized, const BatchNorm& layer);

/// deltas = dC/dy becomes dC/dz, or 0 where it is smaller in magnitude than 2^-100: any rows, after
/// batch_norm_gradients() of all.
void batch_norm_deltas(std::size_t rows, std::size_t columns, std::size_t stride, const BatchNorm& layer,
                       const float* scales, const float* normalized, float* deltas);

/// Moves `count` running means and variances towards those of a mini-batch of `batch` >= 2 samples.
void update_running_statistics(std::size_t batch, std::size_t count, const float* means, const float* variances,
                               float* running_means, float* running_variances);

/// Weights [inputs][columns], row stride `stride`, and biases of a normalized layer become those of a plain one that
/// does the same with these means and variances. columns: a multiple of kRowAlignment.
void fold_batch_norm_layer(std::size_t inputs, std::size_t columns, std::size_t stride, const float* scales,
                           const float* means, const float* variances, float* weights, float* biases);

}  // namespace mote
