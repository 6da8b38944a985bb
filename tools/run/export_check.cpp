// SPDX-License-Identifier: MIT
#include "run/export_check.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/error.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

/// The loss of outputs after their activation. inputs: of the sample, as floats.
float loss_of(const mote::LossOptions& loss, mote::Span<const float> outputs, const mote::Dataset& samples,
              std::size_t sample, const float* inputs) {
  constexpr float kLeast = 0x1p-149f, kLeastComplement = 0x1p-25f;  // as for the means of an ensemble
  const bool is_sigmoid = loss.kind == mote::Loss::sigmoid_cross_entropy;
  std::vector<float> z(mote::row_stride(outputs.size()));
  for (std::size_t j = 0; j < outputs.size(); ++j) {
    z[j] = outputs[j];
    if (!mote::is_cross_entropy(loss.kind)) continue;
    z[j] = std::log(std::max(z[j], kLeast));
    if (is_sigmoid) z[j] -= std::log(std::max(1.0f - outputs[j], kLeastComplement));
  }
  const mote::Activation activation = is_sigmoid                          ? mote::Activation::sigmoid
                                      : mote::is_cross_entropy(loss.kind) ? mote::Activation::softmax
                                                                          : mote::Activation::identity;
  float value = 0.0f;
  mote::loss_and_deltas(loss, activation, 1, outputs.size(), z.size(), z.data(),
                        mote::targets_of(samples, nullptr, sample, inputs, nullptr), 1.0f, nullptr, &value);
  return value;
}

/// Mean loss of a network that answers each sample with the mean of all targets.
double loss_of_means(const mote::LossOptions& loss, const mote::Dataset& samples) {
  const std::size_t outputs = samples.outputs();
  std::vector<float> targets(samples.count * outputs), means(outputs);
  for (std::size_t i = 0; i < samples.count; ++i) {
    for (std::size_t j = 0; j < outputs; ++j) {
      targets[i * outputs + j] = samples.inputs_are_targets ? mote::input_at(samples, i, j) : samples.targets.row(i)[j];
      means[j] += targets[i * outputs + j] / static_cast<float>(samples.count);
    }
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < samples.count; ++i) {
    sum += static_cast<double>(loss_of(loss, {means.data(), outputs}, samples, i,
                                       samples.inputs_are_targets ? &targets[i * outputs] : nullptr));
  }
  return sum / static_cast<double>(samples.count);
}

}  // namespace

mote::LossTotals evaluate_flash(const mote::FlashNetwork& network, const mote::LossOptions& loss,
                                const mote::Dataset& samples) {
  mote::LossTotals totals;
  std::vector<float> inputs(samples.features);
  for (std::size_t i = 0; i < samples.count; ++i) {
    require(mote::gather(samples, nullptr, i, 1, inputs.data()));
    const mote::Span<const float> outputs = network.forward(samples.subset(i, 1));
    const float value = loss_of(loss, outputs, samples, i, inputs.data());
    const bool is_correct = samples.labels != nullptr && mote::argmax(outputs) == samples.labels[i];
    totals.add({&value, 1}, is_correct ? 1 : 0);
  }
  return totals;
}

std::string export_warning(const mote::LossTotals& trained, const mote::LossTotals& exported,
                           const mote::LossOptions& loss, const mote::Dataset& samples) {
  if (samples.labels != nullptr) {
    if (exported.correct + exported.samples / 100.0 >= trained.correct) return "";
    return format("test accuracy falls from %.4f to %.4f", static_cast<double>(trained.accuracy()),
                  static_cast<double>(exported.accuracy()));
  }
  const double before = static_cast<double>(trained.mean_loss()), after = static_cast<double>(exported.mean_loss());
  if (after <= 2.0 * before || after - before <= 0.01 * loss_of_means(loss, samples)) return "";
  return format("test loss grows from %.4g to %.4g", before, after);
}

}  // namespace tools
