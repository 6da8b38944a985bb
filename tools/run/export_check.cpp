// SPDX-License-Identifier: MIT
#include "run/export_check.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/error.hpp"
#include "common/format.hpp"
#include "run/report.hpp"

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

/// A warning when the exported network is worse than the trained one; or empty.
std::string warning_of(const Export& what, const mote::LossTotals& exported) {
  if (what.test.labels != nullptr) {
    if (exported.correct + exported.samples / 200.0 >= what.trained.correct) return "";
    return format("test accuracy falls from %.4f to %.4f", static_cast<double>(what.trained.accuracy()),
                  static_cast<double>(exported.accuracy()));
  }
  const double before = static_cast<double>(what.trained.mean_loss()),
               after = static_cast<double>(exported.mean_loss());
  return after <= 1.02 * before ? "" : format("test loss grows from %.4g to %.4g", before, after);
}

}  // namespace

mote::LossTotals evaluate_exported(
    const std::function<mote::Span<const float>(std::size_t sample, const float* inputs)>& outputs,
    const mote::LossOptions& loss, const mote::Dataset& samples) {
  mote::LossTotals totals;
  std::vector<float> inputs(samples.features);
  for (std::size_t i = 0; i < samples.count; ++i) {
    require(mote::gather(samples, nullptr, i, 1, inputs.data()));
    const mote::Span<const float> y = outputs(i, inputs.data());
    const float value = loss_of(loss, y, samples, i, inputs.data());
    const bool is_correct = samples.labels != nullptr && mote::argmax(y) == samples.labels[i];
    totals.add({&value, 1}, is_correct ? 1 : 0);
  }
  return totals;
}

std::string result_text(const mote::LossTotals& totals, const Export& what) {
  const std::string loss = "test loss " + loss_text(totals.mean_loss());
  if (what.test.labels == nullptr) {
    const bool has_rmse = what.loss.kind == mote::Loss::quadratic && what.topology.outputs() == 1;
    return loss +
           (has_rmse ? format(", test RMSE %.5g", std::sqrt(2.0 * static_cast<double>(totals.mean_loss()))) : "");
  }
  return loss +
         format(", test accuracy %.4f (%u/%u)", static_cast<double>(totals.accuracy()), totals.correct, totals.samples);
}

Exported summarize(const std::string& path, const std::string& size, const Export& what,
                   const mote::LossTotals& exported, const std::string& advice) {
  Exported report;
  report.line = printable(path) + ": " + size + ", " + result_text(exported, what);
  const std::string warning = warning_of(what, exported);
  if (!warning.empty()) report.warning = path + ": " + warning + advice;
  return report;
}

}  // namespace tools
