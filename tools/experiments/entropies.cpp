// SPDX-License-Identifier: MIT
// Entropy and cross-entropy, worked.
#include <cmath>

#include "experiments/experiments.hpp"

namespace tools {
namespace {

using Distribution = std::vector<float>;

mote::Span<const float> span_of(const Distribution& distribution) {
  return {distribution.data(), distribution.size()};
}

double squared_error(const Distribution& y, const Distribution& predicted) {
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double difference = static_cast<double>(y[i]) - static_cast<double>(predicted[i]);
    sum += difference * difference;
  }
  return sum / static_cast<double>(y.size());
}

void add_sources(Laboratory& laboratory) {
  const double bit = std::log(2.0);
  const Distribution four = {0.25f, 0.25f, 0.25f, 0.25f}, skewed = {0.5f, 0.25f, 0.125f, 0.125f}, sure = {1, 0, 0, 0};
  Table table{
      "entropy",
      "Sources of four symbols: entropy, and cross-entropy with a uniform and with a skewed prediction, in bits",
      {{"entropy", 4}, {"uniform", 4}, {"skewed", 4}},
      {}};
  const struct {
    const char* name;
    const Distribution& source;
  } sources[] = {{"1/4 1/4 1/4 1/4", four}, {"1/2 1/4 1/8 1/8", skewed}, {"1 0 0 0", sure}};
  bool is_least = true;
  for (const auto& [name, source] : sources) {
    const double own = static_cast<double>(mote::entropy(span_of(source))) / bit;
    Row row{name, {own}};
    for (const Distribution* predicted : {&four, &skewed}) {
      row.values.push_back(static_cast<double>(mote::cross_entropy(span_of(source), span_of(*predicted))) / bit);
      is_least = is_least && row.values.back() >= own - 1e-6;
    }
    table.rows.push_back(row);
  }
  laboratory.add(table);
  laboratory.say(is_least,
                 "no cross-entropy is below the entropy of its source: the right distribution is the best "
                 "prediction, and the excess is the Kullback-Leibler divergence.");
  LineChart chart;
  chart.title = "Entropy in bits of a source of two symbols, and cross-entropy if 1/4 is predicted";
  chart.x_name = "probability";
  chart.y_name = "bits";
  chart.x_scale = Scale::linear;
  chart.series = {{"entropy", {}}, {"cross-entropy", {}}};
  for (int i = 0; i <= 50; ++i) {
    const float p = static_cast<float>(i) / 50.0f;
    const Distribution source = {p, 1.0f - p}, predicted = {0.25f, 0.75f};
    const double x = static_cast<double>(p);
    chart.series[0].points.push_back({x, static_cast<double>(mote::entropy(span_of(source))) / bit});
    chart.series[1].points.push_back(
        {x, static_cast<double>(mote::cross_entropy(span_of(source), span_of(predicted))) / bit});
  }
  laboratory.add(chart);
}

/// The worked example: two networks, each with outputs for a sample of the first and one of the second class or the
/// other way round.
void add_networks(Laboratory& laboratory) {
  const struct {
    const char* name;
    Distribution predicted[2], targets[2];
  } networks[] = {{"0.55 0.45, 0.44 0.56 for 1 0, 0 1", {{0.55f, 0.45f}, {0.44f, 0.56f}}, {{1, 0}, {0, 1}}},
                  {"0.51 0.49, 0.41 0.59 for 0 1, 1 0", {{0.51f, 0.49f}, {0.41f, 0.59f}}, {{0, 1}, {1, 0}}}};
  Table table{"networks",
              "Two networks, two samples each: mean cross-entropy in nats, mean squared error, accuracy",
              {{"cross-entropy", 4}, {"squared", 4}, {"accuracy", 1}},
              {}};
  for (const auto& network : networks) {
    Row row{network.name, {0.0, 0.0, 0.0}};
    for (std::size_t i = 0; i < 2; ++i) {
      const mote::Span<const float> predicted = span_of(network.predicted[i]), target = span_of(network.targets[i]);
      row.values[0] += 0.5 * static_cast<double>(mote::cross_entropy(target, predicted));
      row.values[1] += 0.5 * squared_error(network.targets[i], network.predicted[i]);
      row.values[2] += mote::argmax(predicted) == mote::argmax(target) ? 0.5 : 0.0;
    }
    table.rows.push_back(row);
  }
  laboratory.add(table);
  const double value = table.rows[1].values[0];
  laboratory.say(
      std::fabs(value - 0.62) > 0.01,
      format("the second network's cross-entropy is -(ln 0.49 + ln 0.41) / 2 = %.4f; a printed version of this "
             "example has 0.62, which is a slip.",
             value));
}

}  // namespace

void show_entropies(Laboratory& laboratory) {
  add_sources(laboratory);
  add_networks(laboratory);
}

}  // namespace tools
