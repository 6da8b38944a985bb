// SPDX-License-Identifier: MIT
#include "run/quality.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/error.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

constexpr std::size_t kMostLines = 20;

std::string error_line(const mote::RegressionMetrics& metrics, const std::string& name) {
  return format("test RMSE %.5g, MAE %.5g, R2 %.4f of ", static_cast<double>(metrics.rmse),
                static_cast<double>(metrics.mean_absolute_error), static_cast<double>(metrics.r2)) +
         name + "\n";
}

}  // namespace

std::string class_lines(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names) {
  const mote::Span<const std::uint32_t> counts(confusion.data(), confusion.size());
  const mote::ClassificationMetrics all = mote::classification_metrics(counts, names.size());
  std::string text = format("test balanced accuracy %.4f, macro F1 %.4f\n", static_cast<double>(all.balanced_accuracy),
                            static_cast<double>(all.macro_f1));
  if (names.size() > kMostLines) return text;
  std::size_t width = 5;  // of "class"
  for (const std::string& name : names) width = std::max(width, name.size());
  const auto padded = [&](const std::string& name) { return name + std::string(width - name.size(), ' '); };
  text += padded("class") + "   rows  precision  recall      F1\n";
  for (std::size_t k = 0; k < names.size(); ++k) {
    const mote::ClassMetrics metrics = mote::class_metrics(counts, names.size(), k);
    text += padded(names[k]) + format(" %6llu     %.4f  %.4f  %.4f\n", static_cast<unsigned long long>(metrics.support),
                                      static_cast<double>(metrics.precision), static_cast<double>(metrics.recall),
                                      static_cast<double>(metrics.f1));
  }
  return text;
}

std::string unrecognized_text(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names,
                              const char* samples) {
  constexpr std::uint32_t kFew = 5;  // samples of a class: fewer may all be missed by chance
  std::vector<std::string> missed;
  const auto classes = static_cast<std::size_t>(std::lround(std::sqrt(confusion.size())));
  for (std::size_t k = 0; k < classes; ++k) {
    const auto row = confusion.begin() + static_cast<std::ptrdiff_t>(k * classes);
    const std::uint32_t count = std::accumulate(row, row + static_cast<std::ptrdiff_t>(classes), std::uint32_t{0});
    if (count < kFew || confusion[k * classes + k] != 0) continue;
    missed.push_back((names.empty() ? std::to_string(k) : names[k]) + " (" + std::to_string(count) + ")");
  }
  if (missed.empty()) return "";
  return std::string("none of the test ") + samples + " are recognized of class" + (missed.size() == 1 ? " " : "es ") +
         shortened_list(missed, 10);
}

std::vector<mote::RegressionTotals> measure_errors(const mote::Topology& topology, mote::Members members,
                                                   const mote::Dataset& samples, mote::Memory scratch) {
  std::vector<mote::RegressionTotals> errors(topology.outputs());
  std::vector<float> inputs(samples.features);
  mote::Ensemble network;
  require(network.bind(topology, members, 1, scratch));
  for (std::size_t i = 0; i < samples.count; ++i) {
    require(mote::gather(samples, nullptr, i, 1, inputs.data()));
    mote::MatrixView targets = samples.targets;
    targets.data += i * targets.stride;
    targets.rows = 1;
    mote::add_batch(network.forward(inputs.data(), 1), targets, {errors.data(), errors.size()});
  }
  return errors;
}

std::string error_lines(const std::vector<mote::RegressionTotals>& errors, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < errors.size() && errors.size() <= kMostLines; ++i) {
    text += error_line(errors[i].metrics(), names[i]);
  }
  if (errors.size() == 1) return text;
  return text + error_line(mote::mean_metrics({errors.data(), errors.size()}),
                           std::to_string(errors.size()) + " outputs in the mean");
}

}  // namespace tools
