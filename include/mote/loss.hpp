// SPDX-License-Identifier: MIT
// Losses: how far the outputs are from the targets. The activation of the output layer belongs to the loss, because the
// two together are simpler and more accurate than each alone.
//
// For one sample with one-hot target y (1 for its label, 0 elsewhere), pre-activations z and activations a = f(z):
//
//   quadratic              C = 1/2 sum (y_j - a_j)^2                                any output activation
//                          dC/dz_j = (a_j - y_j) f'(z_j)
//                          softmax: dC/dz_j = a_j (e_j - sum_i e_i a_i), e = a - y
//   sigmoid_cross_entropy  C = -sum (y_j ln a_j + (1 - y_j) ln(1 - a_j))            sigmoid
//                          dC/dz_j = a_j - y_j
//   cross_entropy          C = -sum y_j ln a_j                                      softmax
//                          dC/dz_j = a_j - y_j
//
// (Nielsen, "Neural Networks and Deep Learning", chapters 2 and 3.) The cross-entropies are computed from z: a perfect
// prediction costs 0, a hopeless one a finite amount, neither NaN.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/span.hpp"
#include "mote/topology.hpp"

namespace mote {

enum class Loss : std::uint8_t { quadratic, sigmoid_cross_entropy, cross_entropy };

/// ok, or loss_activation_mismatch.
constexpr Result check(Loss loss, Activation output_activation) {
  const bool fits = loss == Loss::quadratic ||
                    (loss == Loss::sigmoid_cross_entropy && output_activation == Activation::sigmoid) ||
                    (loss == Loss::cross_entropy && output_activation == Activation::softmax);
  return fits ? Status::ok : Status::loss_activation_mismatch;
}

/// Running totals over samples. Losses are added one by one with compensation (Neumaier 1974), so that the total does
/// not depend on how the samples came in batches, and sums of a million keep their digits.
struct LossTotals {
  float sum = 0.0f;
  float compensation = 0.0f;
  std::uint32_t samples = 0;
  std::uint32_t correct = 0;  ///< samples whose largest output (the first of equals) is that of their label

  /// Adds the losses of some samples, and how many of them are correct.
  void add(Span<const float> losses, std::uint32_t correct_samples) {
    for (const float loss : losses) {
      const float total = sum + loss;
      const bool loss_is_larger = (loss < 0 ? -loss : loss) > (sum < 0 ? -sum : sum);
      const float lost = loss_is_larger ? (loss - total) + sum : (sum - total) + loss;  // what rounding took
      if (total - total == 0.0f) compensation += lost;  // nothing sensible once the sum overflows
      sum = total;
    }
    samples += static_cast<std::uint32_t>(losses.size());
    correct += correct_samples;
  }
  /// 0 when there are no samples.
  float mean_loss() const { return samples == 0 ? 0.0f : (sum + compensation) / static_cast<float>(samples); }
  /// Share of samples that are correct, 0 to 1.
  float accuracy() const { return samples == 0 ? 0.0f : static_cast<float>(correct) / static_cast<float>(samples); }
};

/// losses[i] = C of row i; deltas = scale * dC/dz unless deltas is null, 0 where smaller in magnitude than 2^-100
/// (src/numeric.hpp says why). Returns how many rows are correct.
/// z, deltas [rows][columns], padded row stride `stride`; deltas may be z; labels [rows], each less than columns;
/// losses [rows]. scale is 1 / (samples in the whole mini-batch), so that gradients are means.
std::uint32_t loss_and_deltas(Loss loss, Activation output_activation, std::size_t rows, std::size_t columns,
                              std::size_t stride, const float* z, const std::uint8_t* labels, float scale,
                              float* deltas, float* losses);

}  // namespace mote
