// SPDX-License-Identifier: MIT
// Batch normalization over the rows of a mini-batch; the formulas are in mote/batch_norm.hpp.
//
// Every sum over a column runs from the first row to the last. Columns are padded as in mote/detail/products.hpp:
// padding that is 0 in z and scales is written with 0. Arguments do not overlap.
#ifndef MOTE_DETAIL_BATCH_NORM_HPP
#define MOTE_DETAIL_BATCH_NORM_HPP

#include <cstddef>

#include "mote/batch_norm.hpp"

namespace mote {

/// Statistics and gradients of a normalized layer, which one function passes to the next: [columns] each.
struct BatchNorm {
  float* means;
  float* variances;
  float* factors;               ///< 1 / sqrt(variance + epsilon)
  float* bias_gradients;        ///< dC/dbias
  float* scale_gradients;       ///< dC/dscale
  float* mean_bias_gradients;   ///< 1/m dC/dbias
  float* mean_scale_gradients;  ///< 1/m dC/dscale
};

/// Computes means, variances and factors of z [rows][columns], row stride `stride`, for any columns of the whole batch.
void batch_statistics(std::size_t rows, std::size_t columns, std::size_t stride, const float* z,
                      const BatchNorm& layer);

/// Computes z = n and y = scale n, without the bias, for any rows. Needs batch_statistics() of all rows.
void batch_normalize(std::size_t rows, std::size_t columns, std::size_t stride, const BatchNorm& layer,
                     const float* scales, float* z, float* y);

/// Computes the gradients in `layer` from deltas = dC/dy and normalized = n, for any columns of the whole batch.
void batch_norm_gradients(std::size_t rows, std::size_t columns, std::size_t stride, const float* deltas,
                          const float* normalized, const BatchNorm& layer);

/// Turns deltas dC/dy of any rows into dC/dz, 0 for magnitudes below 2^-100. Needs batch_norm_gradients() of all rows.
void batch_norm_deltas(std::size_t rows, std::size_t columns, std::size_t stride, const BatchNorm& layer,
                       const float* scales, const float* normalized, float* deltas);

/// Moves `count` running means and variances toward the statistics of a mini-batch of `batch` >= 2 samples.
void update_running_statistics(std::size_t batch, std::size_t count, const float* means, const float* variances,
                               float* running_means, float* running_variances);

/// Folds normalization with the given means and variances into weights [inputs][columns], row stride `stride`, and
/// biases. columns: a multiple of kRowAlignment.
void fold_batch_norm_layer(std::size_t inputs, std::size_t columns, std::size_t stride, const float* scales,
                           const float* means, const float* variances, float* weights, float* biases);

}  // namespace mote

#endif  // MOTE_DETAIL_BATCH_NORM_HPP
