// SPDX-License-Identifier: MIT
// Paths of the optimizers in a narrow valley.
#include <cmath>
#include <limits>

#include "common/names.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr double kSteep = 100.0;  // curvature across the valley; along it: 1
constexpr float kStart[] = {-10.0f, 1.0f};
constexpr std::size_t kSteps = 200;

double height(double x, double y) {
  return 0.5 * (x * x + kSteep * y * y);
}

struct Walk {
  Series path;
  std::vector<double> heights;
  std::size_t crossings = 0;  // of the valley's floor, y = 0, in the first 50 steps

  bool diverged() const { return !(heights.back() < heights.front()); }
};

/// Walks with the library's optimizer step.
Walk walk(const char* name, const mote::OptimizerOptions& options) {
  constexpr std::size_t kCrossingSteps = 50;
  mote::OptimizerStep step(options, 0.0f, 0, 2);
  float place[2] = {kStart[0], kStart[1]}, state[4] = {};
  mote::move_gradient_point(step, place, state, 2);
  Walk walk{{name, {}}, {}, 0};
  for (std::size_t i = 0; i <= kSteps; ++i) {
    const double x = static_cast<double>(place[0]), y = static_cast<double>(place[1]);
    walk.heights.push_back(height(x, y));
    if (std::fabs(x) < 12.0 && std::fabs(y) < 1.5 && (walk.path.points.size() == i)) walk.path.points.push_back({x, y});
    const float* point = mote::gradient_point(step, place, state);
    const float gradient[2] = {point[0], static_cast<float>(kSteep) * point[1]};
    const bool was_above = place[1] > 0.0f;
    step.number = static_cast<std::uint32_t>(i + 1);
    mote::optimizer_step(step, gradient, place, state, 2);
    walk.crossings += i < kCrossingSteps && (place[1] > 0.0f) != was_above ? 1 : 0;
  }
  return walk;
}

/// Ellipses of equal height as one series.
Series contours() {
  Series series{"equal loss", {}};
  for (const double loss : {2.0, 10.0, 25.0, 50.0}) {
    for (int i = 0; i <= 60; ++i) {
      const double angle = 2.0 * std::acos(-1.0) * i / 60.0, radius = std::sqrt(2.0 * loss);
      series.points.push_back({radius * std::cos(angle), radius * std::sin(angle) / std::sqrt(kSteep)});
    }
    series.points.push_back({0.0, std::numeric_limits<double>::quiet_NaN()});
  }
  return series;
}

void draw(Laboratory& laboratory, const std::string& title, const std::vector<Walk>& walks) {
  LineChart chart;
  chart.title = title;
  chart.x_name = "x, along";
  chart.y_name = "y, across";
  chart.x_scale = Scale::linear;
  for (const Walk& walk : walks) chart.series.push_back(walk.path);
  chart.series.push_back(contours());
  laboratory.add(chart);
}

void tabulate(Laboratory& laboratory, const char* key, const std::vector<Walk>& walks) {
  Table table{
      key,
      format("Loss (x^2 + %g y^2) / 2 from (%g, %g) by number of steps; crossings of the floor y = 0 in 50 steps",
             kSteep, static_cast<double>(kStart[0]), static_cast<double>(kStart[1])),
      {{"10", 3, true}, {"50", 3, true}, {"200", 3, true}, {"crossings", 0}},
      {}};
  for (const Walk& walk : walks) {
    table.rows.push_back(
        {walk.path.name, {walk.heights[10], walk.heights[50], walk.heights[200], static_cast<double>(walk.crossings)}});
  }
  laboratory.add(table);
}

}  // namespace

void walk_valleys(Laboratory& laboratory) {
  using mote::Optimizer;
  const std::vector<Walk> rates = {
      walk("sgd, 0.002", {Optimizer::sgd, 0.002f}), walk("sgd, 0.01", {Optimizer::sgd, 0.01f}),
      walk("sgd, 0.0195", {Optimizer::sgd, 0.0195f}), walk("sgd, 0.0205", {Optimizer::sgd, 0.0205f})};
  tabulate(laboratory, "valley_rates", rates);
  draw(laboratory, "Gradient descent in a valley, by learning rate", rates);
  const std::vector<Walk> methods = {
      walk("sgd, 0.0195", {Optimizer::sgd, 0.0195f}),       walk("momentum, 0.0205", {Optimizer::momentum, 0.0205f}),
      walk("nesterov, 0.01", {Optimizer::nesterov, 0.01f}), walk("adagrad, 1", {Optimizer::adagrad, 1.0f}),
      walk("rmsprop, 0.1", {Optimizer::rmsprop, 0.1f}),     walk("adam, 0.3", {Optimizer::adam, 0.3f})};
  tabulate(laboratory, "valley_methods", methods);
  draw(laboratory, "Optimizers in the valley", {methods[0], methods[1], methods[2]});
  draw(laboratory, "Optimizers with a rate for each parameter in the valley", {methods[3], methods[4], methods[5]});
  laboratory.say(
      rates[2].crossings > 40 && rates[3].diverged() && !rates[2].diverged(),
      format("a step across the valley multiplies y by 1 - %g rate: at 0.0195 gradient descent crosses the floor "
             "%zu times in 50 steps, at 0.0205 it diverges. The limit is 2/%g.",
             kSteep, rates[2].crossings, kSteep));
  laboratory.say(
      !methods[1].diverged() && methods[1].crossings < rates[2].crossings && rates[3].diverged(),
      format("momentum converges at the rate 0.0205, where gradient descent diverges, and crosses the floor %zu "
             "times: it dampens the oscillation.",
             methods[1].crossings));
  laboratory.say(
      methods[1].heights[50] < methods[0].heights[50],
      format("after 50 steps the loss is %.2g with momentum, %.2g with gradient descent (rate 0.0195), %.2g with "
             "Nesterov's momentum (rate 0.01).",
             methods[1].heights[50], methods[0].heights[50], methods[2].heights[50]));
  const auto straight = [](const Walk& walk) { return walk.crossings < 10; };
  laboratory.say(straight(methods[3]),
                 format("AdaGrad divides each parameter's step by its own gradients: it crosses the floor %s, and its "
                        "first step is as long along the valley as across.",
                        methods[3].crossings == 1 ? "once" : format("%zu times", methods[3].crossings).c_str()));
}

}  // namespace tools
