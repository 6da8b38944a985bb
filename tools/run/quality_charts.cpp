// SPDX-License-Identifier: MIT
#include "run/quality_charts.hpp"

#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/float_array.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

constexpr std::size_t kMostOutputs = 10;      // curves in a chart
constexpr std::size_t kMostSamples = 100000;  // outputs in memory
constexpr std::size_t kMostPoints = 200;      // of a curve

/// At most about kMostPoints of the points, evenly, with the last.
std::vector<Point> thinned(const std::vector<Point>& points) {
  const std::size_t step = points.size() / kMostPoints + 1;
  std::vector<Point> some;
  for (std::size_t i = 0; i < points.size(); i += step) some.push_back(points[i]);
  if (!points.empty() && (points.size() - 1) % step != 0) some.push_back(points.back());
  return some;
}

std::string name_of_output(const std::vector<std::string>& names, std::size_t output) {
  return output < names.size() ? names[output] : std::to_string(output);
}

}  // namespace

TestOutputs keep_outputs(const mote::Topology& topology, mote::Members members, const mote::Dataset& test,
                         mote::Memory scratch) {
  TestOutputs kept;
  if (topology.outputs() > kMostOutputs || test.count > kMostSamples) return kept;
  kept.outputs = topology.outputs();
  std::vector<float> inputs(test.features);
  mote::Ensemble network;
  require(network.bind(topology, members, 1, scratch));
  for (std::size_t i = 0; i < test.count; ++i) {
    require(mote::gather(test, nullptr, i, 1, inputs.data()));
    const mote::Span<const float> outputs = network.forward(inputs.data(), 1).row(0);
    kept.values.insert(kept.values.end(), outputs.begin(), outputs.end());
    if (test.labels != nullptr) kept.labels.push_back(test.labels[i]);
    if (test.targets.data == nullptr) continue;
    const mote::Span<const float> targets = test.targets.row(i);
    kept.targets.insert(kept.targets.end(), targets.begin(), targets.end());
  }
  return kept;
}

std::vector<LineChart> ranking_charts(const TestOutputs& test, const std::vector<std::string>& names) {
  LineChart roc, precision;
  roc.title = "ROC: true positive rate by false positive rate";
  roc.x_name = "false positive rate";
  roc.y_name = "true positive rate";
  precision.title = "Precision by recall";
  precision.x_name = "recall";
  precision.y_name = "precision";
  roc.x_scale = precision.x_scale = Scale::linear;
  roc.lowest = precision.lowest = 0.0;
  roc.highest = precision.highest = 1.0;
  FloatArray memory(test.labels.size());
  for (std::size_t k = test.outputs == 2 ? 1 : 0; k < test.outputs; ++k) {
    mote::Ranking ranking;
    require(ranking.bind(test.labels.size(), memory.memory()));
    bool is_finite = true;
    for (std::size_t i = 0; i < test.labels.size(); ++i) {
      is_finite = is_finite && ranking.add(test.values[i * test.outputs + k], test.labels[i] == k).ok();
    }
    if (!is_finite || !ranking.sort().ok()) continue;
    std::vector<Point> rates = {{0.0, 0.0}}, precisions = {{0.0, 1.0}};
    for (mote::OperatingPoint point; ranking.next(point);) {
      const auto recall = static_cast<double>(ranking.recall(point));
      rates.push_back({static_cast<double>(ranking.false_positive_rate(point)), recall});
      precisions.push_back({recall, static_cast<double>(mote::Ranking::precision(point))});
    }
    const std::string name = name_of_output(names, k);
    roc.series.push_back({name + format(", AUC %.4f", static_cast<double>(ranking.roc_auc())), thinned(rates)});
    precision.series.push_back(
        {name + format(", AP %.4f", static_cast<double>(ranking.average_precision())), thinned(precisions)});
  }
  if (roc.series.empty()) return {};
  return {roc, precision};
}

LineChart prediction_chart(const TestOutputs& test, const std::vector<std::string>& names) {
  LineChart chart;
  chart.title = "Predicted by true value";
  chart.x_name = "true value";
  chart.y_name = "predicted value";
  chart.x_scale = Scale::linear;
  for (std::size_t j = 0; j < test.outputs; ++j) {
    std::vector<Point> points;
    for (std::size_t i = j; i < test.targets.size(); i += test.outputs) {
      points.push_back({static_cast<double>(test.targets[i]), static_cast<double>(test.values[i])});
    }
    std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
    chart.series.push_back({name_of_output(names, j), thinned(points), false});
    if (j == 0 && !points.empty()) {
      chart.series.push_back({"equal", {{points.front().x, points.front().x}, {points.back().x, points.back().x}}});
    }
  }
  return chart;
}

Histogram residuals(const TestOutputs& test, std::size_t output) {
  std::vector<double> errors;
  for (std::size_t i = output; i < test.targets.size(); i += test.outputs) {
    const double error = static_cast<double>(test.values[i]) - static_cast<double>(test.targets[i]);
    if (std::isfinite(error)) errors.push_back(error);
  }
  if (errors.empty()) return histogram_of_range(0.0, 0.0);
  const auto [least, greatest] = std::minmax_element(errors.begin(), errors.end());
  Histogram histogram = histogram_of_range(*least, *greatest);
  for (const double error : errors) count(histogram, error);
  return histogram;
}

}  // namespace tools
