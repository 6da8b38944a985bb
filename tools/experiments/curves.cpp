// SPDX-License-Identifier: MIT
// Activations and their slopes, as the library computes them.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "common/names.hpp"
#include "experiments/experiments.hpp"
#include "mote/detail/activation.hpp"

namespace tools {
namespace {

constexpr double kEnd = 6.0;
constexpr int kSteps = 240;  // from -kEnd to kEnd

/// Activation and slope at the points z.
struct Curve {
  Series values, slopes;
};

Curve curve_of(mote::Activation activation) {
  constexpr std::size_t kPoints = kSteps + 1, kStride = mote::row_stride(kPoints);
  std::vector<float> z(kStride), values(kStride), kept(kStride), slopes(kStride, 1.0f), biases(kStride);
  for (std::size_t i = 0; i < kPoints; ++i) {
    z[i] = static_cast<float>(kEnd * (2.0 * static_cast<double>(i) / kSteps - 1.0));
  }
  values = z;
  mote::add_biases_and_activate(activation, 1, kPoints, kStride, biases.data(), values.data());
  kept = mote::needs_pre_activations(activation) ? z : values;
  mote::multiply_by_derivative(activation, 1, kPoints, kStride, kept.data(), slopes.data());
  const std::string name(name_of(kActivations, activation));
  Curve curve{{name, {}}, {name + ", slope", {}}};
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double x = static_cast<double>(z[i]);
    curve.values.points.push_back({x, static_cast<double>(values[i])});
    curve.slopes.points.push_back({x, static_cast<double>(slopes[i])});
  }
  return curve;
}

/// The point with the largest slope; among equals, the nearest to 0.
Point steepest(const Curve& curve) {
  return *std::max_element(curve.slopes.points.begin(), curve.slopes.points.end(), [](const Point& a, const Point& b) {
    return a.y < b.y || (a.y == b.y && std::fabs(a.x) > std::fabs(b.x));
  });
}

/// Share of the points from -6 to 6 whose slope is below a tenth of the largest.
double flat_share(const Curve& curve) {
  const double limit = 0.1 * steepest(curve).y;
  const auto is_flat = [&](const Point& point) { return std::fabs(point.y) < limit; };
  const auto flat = std::count_if(curve.slopes.points.begin(), curve.slopes.points.end(), is_flat);
  return static_cast<double>(flat) / static_cast<double>(curve.slopes.points.size());
}

void draw(Laboratory& laboratory, const std::string& title, const char* quantity, std::vector<Series> series) {
  LineChart chart;
  chart.title = title;
  chart.x_name = "z";
  chart.y_name = quantity;
  chart.series = std::move(series);
  laboratory.add(chart);
}

}  // namespace

void show_curves(Laboratory& laboratory) {
  Table table{
      "curves",
      "Activations between z = -6 and 6: largest slope and its place, share of the axis with less than a tenth of "
      "the largest slope",
      {{"f(-6)", 3}, {"f(0)", 3}, {"f(6)", 3}, {"slope", 3}, {"at_z", 2}, {"flat_%", 0}},
      {}};
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < kHiddenActivations; ++i) {
    const Curve curve = curve_of(kActivations[i].value);
    const Point top = steepest(curve);
    table.rows.push_back({curve.values.name,
                          {curve.values.points.front().y, curve.values.points[kSteps / 2].y,
                           curve.values.points.back().y, top.y, top.x, 100.0 * flat_share(curve)}});
    curves.push_back(curve);
  }
  laboratory.add(table);
  const auto of = [&](mote::Activation activation) {
    const auto named = std::find_if(std::begin(kActivations), std::end(kActivations),
                                    [&](const Named<mote::Activation>& n) { return n.value == activation; });
    return curves[static_cast<std::size_t>(named - std::begin(kActivations))];
  };
  const Curve sigmoid = of(mote::Activation::sigmoid), tanh = of(mote::Activation::tanh),
              relu = of(mote::Activation::relu);
  draw(laboratory, "The logistic function and its slope", "f(z), f'(z)", {sigmoid.values, sigmoid.slopes});
  draw(laboratory, "tanh and its slope", "f(z), f'(z)", {tanh.values, tanh.slopes});
  draw(laboratory, "Slopes of sigmoid and tanh together", "f'(z)", {sigmoid.slopes, tanh.slopes});
  draw(laboratory, "ReLU and its slope", "f(z), f'(z)", {relu.values, relu.slopes});
  std::vector<Series> values, slopes;
  for (const mote::Activation activation :
       {mote::Activation::leaky_relu, mote::Activation::elu, mote::Activation::selu, mote::Activation::gelu,
        mote::Activation::silu, mote::Activation::softplus}) {
    values.push_back(of(activation).values);
    slopes.push_back(of(activation).slopes);
    slopes.back().name = values.back().name;
  }
  draw(laboratory, "Relatives of ReLU", "f(z)", values);
  draw(laboratory, "Slopes of these relatives", "f'(z)", slopes);
  const double peak = steepest(sigmoid).y;
  laboratory.say(peak < 1.0,
                 format("the slope of the logistic function is at most %g: a product of n such slopes is at "
                        "most %g^n, 1/%.0f for five layers.",
                        peak, peak, std::pow(peak, -5.0)));
  laboratory.say(steepest(tanh).y >= 1.0,
                 format("tanh reaches a slope of %g, so its products need not shrink; but each curve "
                        "is flat at its ends: sigmoid on %.0f %%, tanh on %.0f %% of this axis.",
                        steepest(tanh).y, 100.0 * flat_share(sigmoid), 100.0 * flat_share(tanh)));
  const bool is_one = std::all_of(relu.slopes.points.begin() + kSteps / 2 + 1, relu.slopes.points.end(),
                                  [](const Point& point) { return point.y == 1.0; });
  laboratory.say(is_one, "the slope of ReLU is 1 for every z > 0, so it never saturates there, and 0 for z <= 0.");
}

}  // namespace tools
