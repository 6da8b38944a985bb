// SPDX-License-Identifier: MIT
// A saddle of the loss: one linear neuron a layer, whose product of weights shall be 1.
#include <algorithm>
#include <cmath>
#include <utility>

#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr float kRate = 0.05f;

double loss_of(const std::vector<float>& weights) {
  double product = 1.0;
  for (const float w : weights) product *= static_cast<double>(w);
  return 0.5 * (product - 1.0) * (product - 1.0);
}

/// Weights of gradient descent, one chain after another.
class Descent {
 public:
  explicit Descent(std::vector<float> start)
      : weights_(std::move(start)),
        step_({mote::Optimizer::sgd, kRate}, 0.0f, 0, weights_.size()),
        gradient_(weights_.size()) {}

  const std::vector<float>& weights() const { return weights_; }
  double loss() const { return loss_of(weights_); }

  void step() {
    double product = 1.0;
    for (const float w : weights_) product *= static_cast<double>(w);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      double others = 1.0;
      for (std::size_t j = 0; j < weights_.size(); ++j) others *= j == i ? 1.0 : static_cast<double>(weights_[j]);
      gradient_[i] = static_cast<float>((product - 1.0) * others);
    }
    ++step_.number;
    mote::optimizer_step(step_, gradient_.data(), weights_.data(), nullptr, weights_.size());
  }

 private:
  std::vector<float> weights_;
  mote::OptimizerStep step_;
  std::vector<float> gradient_;
};

/// Second derivative of the loss of two weights at the origin, along the direction (x, y) of length 1.
double curvature(float x, float y) {
  constexpr float kStep = 0.01f;
  const double middle = loss_of({0.0f, 0.0f});
  const double sides = loss_of({kStep * x, kStep * y}) + loss_of({-kStep * x, -kStep * y});
  return (sides - 2.0 * middle) / static_cast<double>(kStep * kStep);
}

/// The hyperbolas w1 w2 = 1 - d and 1 + d, on which the loss is d^2 / 2.
Series equal_loss(double loss) {
  constexpr double kEnd = 2.0;
  Series series{format("loss %g", loss), {}};
  const double d = std::sqrt(2.0 * loss);
  for (const double product : {1.0 - d, 1.0 + d}) {
    for (const double side : {-1.0, 1.0}) {
      const double nearest = std::fabs(product) / kEnd;  // where |y| is kEnd
      for (int i = 0; i <= 80; ++i) {
        const double x = side * nearest * std::pow(kEnd / nearest, i / 80.0);
        series.points.push_back({x, product / x});
      }
      series.points.push_back({0.0, std::nan("")});
    }
  }
  return series;
}

void draw_paths(Laboratory& laboratory) {
  constexpr std::size_t kSteps = 400;
  LineChart chart;
  chart.title = "Loss (w1 w2 - 1)^2 / 2: lines of equal loss, and gradient descent past the saddle at (0, 0)";
  chart.x_name = "w1";
  chart.y_name = "w2";
  chart.x_scale = Scale::linear;
  chart.series = {equal_loss(0.1), equal_loss(0.4), equal_loss(0.9), {"saddle", {{0.0, 0.0}}, false}};
  double nearest = 1e9, highest_end = 0.0, loss_there = 0.0;
  for (const float side : {1.0f, -1.0f}) {
    Descent descent({side * 1.5f, side * -1.495f});
    Series path{side > 0.0f ? "path from the right" : "path from the left", {}};
    for (std::size_t i = 0; i <= kSteps; ++i) {
      const double x = static_cast<double>(descent.weights()[0]), y = static_cast<double>(descent.weights()[1]);
      path.points.push_back({x, y});
      const double distance = std::hypot(x, y);
      if (distance < nearest) nearest = distance, loss_there = descent.loss();
      descent.step();
    }
    highest_end = std::max(highest_end, descent.loss());
    chart.series.push_back(path);
  }
  laboratory.add(chart);
  const double along = curvature(std::sqrt(0.5f), std::sqrt(0.5f)),
               across = curvature(std::sqrt(0.5f), -std::sqrt(0.5f));
  laboratory.say(
      along < 0.0 && across > 0.0,
      format("at w1 = w2 = 0 the gradient is 0, and the loss %.2g is no minimum: its curvature is %.2f along "
             "w1 = w2 and %.2f across, as on a saddle.",
             loss_of({0.0f, 0.0f}), along, across));
  laboratory.say(nearest < 0.2 && highest_end < 0.01,
                 format("gradient descent passes the saddle at a distance of %.2f (loss %.2f), turns, and ends at a "
                        "loss below %.1g: a saddle delays, it does not hold.",
                        nearest, loss_there, std::max(highest_end, 1e-6)));
}

}  // namespace

void walk_past_saddles(Laboratory& laboratory) {
  constexpr float kStart = 0.1f;
  constexpr std::size_t kMostSteps = 20000;
  draw_paths(laboratory);
  Table table{"saddle",
              format("One linear neuron a layer, every weight %g, rate %g: gradient of a weight at the start, steps "
                     "until the loss is halved",
                     static_cast<double>(kStart), static_cast<double>(kRate)),
              {{"gradient", 2, true}, {"steps", 0}},
              {}};
  LineChart chart;
  chart.title = "The plateau around the saddle: loss by number of steps and layers";
  chart.x_name = "step";
  chart.y_name = "loss";
  chart.x_scale = Scale::logarithmic;
  for (const std::size_t layers : {1u, 2u, 3u, 5u}) {
    const std::string name = counted(layers, "layer");
    Descent descent(std::vector<float>(layers, kStart));
    const double start = descent.loss(), s = static_cast<double>(kStart), n = static_cast<double>(layers);
    double half = std::nan("");
    Series series{name, {}};
    std::size_t next = 1;
    for (std::size_t i = 1; i <= kMostSteps; ++i) {
      descent.step();
      if (half != half && descent.loss() < 0.5 * start) half = static_cast<double>(i);
      if (i != next && i != kMostSteps) continue;
      series.points.push_back({static_cast<double>(i), descent.loss()});
      next = std::max(i + 1, i * 11 / 10);
    }
    table.rows.push_back({name, {(1.0 - std::pow(s, n)) * std::pow(s, n - 1.0), half}});
    chart.series.push_back(series);
  }
  laboratory.add(table);
  laboratory.add(chart);
  const double one = table.rows.front().values[1], five = table.rows.back().values[1];
  laboratory.say(five > 10.0 * one,
                 format("the more layers, the flatter the surroundings of the saddle: a weight's gradient is %.2g with "
                        "one layer and %.2g with five, and halving the loss takes %.0f and %.0f steps.",
                        table.rows.front().values[0], table.rows.back().values[0], one, five));
}

}  // namespace tools
