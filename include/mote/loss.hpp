// SPDX-License-Identifier: MIT
// Losses: the distance of outputs from targets, which are labels or vectors. A loss includes the activation of the
// output layer: together they are simpler and more accurate than apart.
//
// For one sample with targets y, pre-activations z, activations a = f(z) and errors e = a - y:
//
//   quadratic              C = 1/2 sum e_j^2                                        any output activation
//   mean_absolute_error    C = sum |e_j|                                            any output activation
//   huber                  C = sum h(e_j), h(e) = e^2 / 2 where |e| <= d,           any output activation
//                              else d (|e| - d / 2)
//                          dC/dz_j = g_j f'(z_j), g = e, sign e (sign 0 = 0), or e clipped to [-d, d]
//                          softmax: dC/dz_j = a_j (g_j - sum_i g_i a_i)
//   sigmoid_cross_entropy  C = -sum (y_j ln a_j + (1 - y_j) ln(1 - a_j))            sigmoid
//                          dC/dz_j = a_j - y_j
//   cross_entropy          C = -sum y_j ln a_j                                      softmax
//                          dC/dz_j = a_j sum_i y_i - y_j
//
// (Nielsen, "Neural Networks and Deep Learning", chapters 2 and 3; Huber 1964, eq. 2.12.) Sums run over outputs;
// training minimizes and reports the mean of C over samples. A label stands for the one-hot y: 1 at the label, 0
// elsewhere. Label smoothing s of the cross-entropies (Szegedy et al. 2016, section 7) replaces y by (1 - s) y + s / K:
// K is the number of outputs, or 2, the number of outcomes of an output, for sigmoid_cross_entropy.
//
// The cross-entropies are computed from z: a perfect prediction of a label costs 0, the worst a finite amount, and
// neither is NaN. For targets that are distributions the minimum is their entropy (information.hpp).
#ifndef MOTE_LOSS_HPP
#define MOTE_LOSS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/finite.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

enum class Loss : std::uint8_t { quadratic, sigmoid_cross_entropy, cross_entropy, mean_absolute_error, huber };

/// "cross-entropy", "mae", ...; null for a value that is not a Loss.
constexpr const char* name_of(Loss loss) {
  switch (loss) {
    case Loss::quadratic: return "quadratic";
    case Loss::sigmoid_cross_entropy: return "sigmoid-cross-entropy";
    case Loss::cross_entropy: return "cross-entropy";
    case Loss::mean_absolute_error: return "mae";
    case Loss::huber: return "huber";
  }
  return nullptr;
}

/// Whether the loss takes targets in [0, 1] and is computed from pre-activations.
constexpr bool is_cross_entropy(Loss loss) {
  return loss == Loss::sigmoid_cross_entropy || loss == Loss::cross_entropy;
}

/// A loss and its parameters. Converts from Loss, so `options.loss = Loss::quadratic` works.
struct LossOptions {
  Loss kind = Loss::cross_entropy;
  float huber_delta = 1.0f;      ///< d of huber, in units of the outputs; finite, > 0
  float label_smoothing = 0.0f;  ///< s of the cross-entropies, in [0, 1); 0 for other losses

  constexpr LossOptions(Loss loss = Loss::cross_entropy, float delta = 1.0f, float smoothing = 0.0f)
      : kind(loss), huber_delta(delta), label_smoothing(smoothing) {}

  constexpr LossOptions& set_huber_delta(float value) { return void(huber_delta = value), *this; }
  constexpr LossOptions& set_label_smoothing(float value) { return void(label_smoothing = value), *this; }
};

/// ok, bad_enumerator, loss_activation_mismatch, bad_huber_delta or bad_label_smoothing.
constexpr Result check(const LossOptions& loss, Activation output_activation) {
  if (loss.kind > Loss::huber) return detail::unknown(loss.kind);
  const bool fits = !is_cross_entropy(loss.kind) ||
                    (loss.kind == Loss::sigmoid_cross_entropy && output_activation == Activation::sigmoid) ||
                    (loss.kind == Loss::cross_entropy && output_activation == Activation::softmax);
  if (!fits) return Status::loss_activation_mismatch;
  const bool is_delta = loss.huber_delta > 0.0f && detail::is_finite(loss.huber_delta);
  if (loss.kind == Loss::huber && !is_delta) return Status::bad_huber_delta;
  const float most = is_cross_entropy(loss.kind) ? 1.0f : 0.0f, smoothing = loss.label_smoothing;
  return smoothing == 0.0f || (smoothing > 0.0f && smoothing < most) ? Status::ok : Status::bad_label_smoothing;
}

/// Desired outputs, row by row. Converts from labels.
struct Targets {
  const std::uint8_t* labels = nullptr;         ///< index of the desired output of row i; or null
  const float* values = nullptr;                ///< [][stride]: a value per output; null: one-hot labels
  std::size_t stride = 0;                       ///< floats between consecutive rows of values
  const std::uint32_t* order = nullptr;         ///< row i has row order[i] of values; null: row i
  const float* sample_weights = nullptr;        ///< factors of losses; null: 1
  const std::uint32_t* weight_order = nullptr;  ///< row i has sample_weights[weight_order[i]]; null: [i]
  const float* class_weights = nullptr;         ///< factor of the losses of each label; null: 1

  constexpr Targets() = default;
  constexpr Targets(const std::uint8_t* one_hot) : labels(one_hot) {}
  constexpr Targets(const float* matrix, std::size_t row_stride, const std::uint32_t* rows = nullptr)
      : values(matrix), stride(row_stride), order(rows) {}

  /// The targets of rows `first` and later.
  constexpr Targets from(std::size_t first) const {
    Targets part = *this;
    if (labels != nullptr) part.labels += first;
    if (order != nullptr) part.order += first;
    if (values != nullptr && order == nullptr) part.values += first * stride;
    if (weight_order != nullptr) part.weight_order += first;
    if (sample_weights != nullptr && weight_order == nullptr) part.sample_weights += first;
    return part;
  }
  /// The values of row i; null where only labels are given.
  constexpr const float* row(std::size_t i) const {
    return values == nullptr ? nullptr : values + (order == nullptr ? i : order[i]) * stride;
  }
};

/// Running totals over samples. Losses are added one by one with compensation (Neumaier 1974): the total does not
/// depend on the division into batches, and a sum over a million samples keeps its digits.
struct LossTotals {
  float sum = 0.0f;
  float compensation = 0.0f;
  std::uint32_t samples = 0;
  std::uint32_t correct = 0;  ///< samples whose largest output (the first of equals) is their label's

  /// Adds the losses of some samples, and the number of correct ones.
  void add(Span<const float> losses, std::uint32_t correct_samples) {
    for (const float loss : losses) {
      const float total = sum + loss;
      const bool loss_is_larger = (loss < 0 ? -loss : loss) > (sum < 0 ? -sum : sum);
      const float lost = loss_is_larger ? (loss - total) + sum : (sum - total) + loss;  // rounding error
      if (detail::is_finite(total)) compensation += lost;  // meaningless once the sum overflows
      sum = total;
    }
    samples += static_cast<std::uint32_t>(losses.size());
    correct += correct_samples;
  }
  /// 0 when there are no samples.
  float mean_loss() const { return samples == 0 ? 0.0f : (sum + compensation) / static_cast<float>(samples); }
  /// Fraction of correct samples, in [0, 1]; only meaningful with labels.
  float accuracy() const { return samples == 0 ? 0.0f : static_cast<float>(correct) / static_cast<float>(samples); }
};

/// Computes losses[i] = C of row i and deltas = scale * dC/dz, with 0 for magnitudes below 2^-100
/// (src/core/arithmetic.hpp has the reason). Returns the number of correct rows, 0 without labels. z, deltas:
/// [rows][columns], padded row stride `stride`; deltas may be z or null; losses: [rows]; none overlaps the targets.
/// scale: 1 / (samples in the whole mini-batch), so that gradients are means. Weights of the targets multiply
/// losses and deltas.
std::uint32_t loss_and_deltas(const LossOptions& loss, Activation output_activation, std::size_t rows,
                              std::size_t columns, std::size_t stride, const float* z, const Targets& targets,
                              float scale, float* deltas, float* losses);

}  // namespace mote

#endif  // MOTE_LOSS_HPP
