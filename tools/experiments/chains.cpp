// SPDX-License-Identifier: MIT
// Chains of single sigmoids: the gradient as a product of weights and slopes (Nielsen, chapter 5, eq. 122).
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "experiments/experiments.hpp"
#include "pictures/page.hpp"
#include "pictures/svg.hpp"

namespace tools {
namespace {

constexpr std::size_t kLongest = 10, kShown = 5;

/// Weights, slopes and gradients of one chain; input 1, target 0, quadratic loss.
struct Chain {
  std::vector<double> weights, slopes, gradients;
  double error = 0.0;  // a - y

  std::size_t length() const { return weights.size(); }
  /// |w^(l+1) f'(z^(l+1))|: factor of the gradient from layer l + 1 to layer l, l from 0.
  double factor(std::size_t l) const { return std::fabs(weights[l + 1] * slopes[l]); }
};

Chain measure_chain(const Laboratory& laboratory, std::size_t length, std::uint64_t seed) {
  mote::Topology topology;
  topology.inputs = 1;
  for (std::size_t l = 0; l < length; ++l) require(topology.add({1, mote::Activation::sigmoid}));
  mote::TrainingOptions options;
  options.loss = mote::Loss::quadratic;
  options.batch_size = 1;
  options.seed = seed;
  Subject subject(laboratory, topology, options, 1, {mote::WeightInit::gaussian, mote::BiasInit::gaussian});
  const mote::Span<const float> parameters = subject.trainer.parameters();
  const float input = 1.0f, target = 0.0f;
  const mote::Dataset one{mote::Inputs{&input, 1, 1}, mote::MatrixView{&target, 1, 1, 1}};
  std::vector<float> norms(length);
  std::vector<mote::LayerBound> bounds(length);
  require(mote::spectral_norms(topology, parameters, subject.scratch(), {norms.data(), length}));
  require(mote::gradient_bounds(topology, parameters, mote::Loss::quadratic, one, 0, {norms.data(), length},
                                subject.scratch(), {bounds.data(), length}));
  Chain chain;
  for (std::size_t l = 0; l < length; ++l) {
    chain.weights.push_back(static_cast<double>(parameters[topology.weights_offset(l)]));
    chain.slopes.push_back(static_cast<double>(bounds[l].steepest));
    chain.gradients.push_back(static_cast<double>(bounds[l].bias_gradient));
  }
  chain.error = chain.gradients.back() / chain.slopes.back();
  return chain;
}

/// The chain as circles and arrows, with the weight above each arrow and the slope in each circle.
std::string drawing_of(const Chain& chain) {
  constexpr double kStep = 70.0, kRadius = 21.0, kMiddle = 60.0, kHeight = 125.0;
  const double count = static_cast<double>(chain.length());
  Svg svg(kStep * (count + 1.0), kHeight, "A chain of neurons with its weights, slopes and gradients");
  svg.text(4.0, kMiddle + 4.0, Svg::Anchor::start, "cell", "x=1");
  for (std::size_t l = 0; l < chain.length(); ++l) {
    const double x = kStep * (static_cast<double>(l) + 1.0), from = l == 0 ? 28.0 : x - kStep + kRadius;
    const std::string number = std::to_string(l + 1);
    svg.line(from, kMiddle, x - kRadius, kMiddle, "axis");
    svg.text((from + x - kRadius) / 2.0, kMiddle - 28.0, Svg::Anchor::middle, "cell", format("%.2f", chain.weights[l]));
    svg.text((from + x - kRadius) / 2.0, kMiddle - 42.0, Svg::Anchor::middle, "tick", "w" + number);
    svg.circle(x, kMiddle, kRadius, "unit");
    svg.text(x, kMiddle - 3.0, Svg::Anchor::middle, "tick", "slope");
    svg.text(x, kMiddle + 11.0, Svg::Anchor::middle, "cell", format("%.3f", chain.slopes[l]));
    svg.text(x, kMiddle + kRadius + 17.0, Svg::Anchor::middle, "tick", "|dC/db" + number + "|");
    svg.text(x, kMiddle + kRadius + 33.0, Svg::Anchor::middle, "name s0", format("%.2g", chain.gradients[l]));
  }
  svg.text(kStep * count + kRadius + 6.0, kMiddle - 3.0, Svg::Anchor::start, "tick", "a-y");
  svg.text(kStep * count + kRadius + 6.0, kMiddle + 11.0, Svg::Anchor::start, "cell", format("%.2f", chain.error));
  return figure(svg.element(),
                "The chain of the first seed: its gradients are products of the weights and slopes to their "
                "right");
}

/// Shows the terms of one chain; returns whether their product is the gradient of backpropagation, to rounding.
bool add_terms(Laboratory& laboratory, const Chain& chain) {
  Table table{"terms",
              "A chain of 5 sigmoids, weights and biases N(0, 1): terms of the product, from the output back",
              {{"w", 3}, {"slope", 4}, {"|w_slope|", 4}, {"product", 4, true}, {"|dC/db|", 4, true}},
              {}};
  double product = std::fabs(chain.error) * chain.slopes.back();
  bool agrees = true;
  for (std::size_t l = chain.length(); l-- > 0;) {
    const bool is_last = l + 1 == chain.length();
    if (!is_last) product *= chain.factor(l);
    table.rows.push_back(
        {"layer " + std::to_string(l + 1),
         {chain.weights[l], chain.slopes[l], is_last ? std::nan("") : chain.factor(l), product, chain.gradients[l]}});
    agrees = agrees && std::fabs(product - chain.gradients[l]) <= 1e-5 * product;
  }
  laboratory.add(table);
  laboratory.note(
      "|w_slope|: weight into the layer to the right times the slope of this one. product: that of the rows so "
      "far, times a - y and the slope of the last layer.");
  return agrees;
}

}  // namespace

void measure_chains(Laboratory& laboratory) {
  const Chain first = measure_chain(laboratory, kShown, laboratory.seed);
  const bool agrees = add_terms(laboratory, first);
  laboratory.found.drawings.push_back(drawing_of(first));
  std::vector<double> factors, shares[kLongest + 1];
  std::size_t above_one = 0, above_weight_one = 0;
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    for (std::size_t length = 1; length <= kLongest; ++length) {
      const Chain chain = measure_chain(laboratory, length, laboratory.seed + i);
      shares[length].push_back(chain.gradients.front() / chain.gradients.back());
      if (length != kLongest) continue;
      for (std::size_t l = 0; l + 1 < length; ++l) {
        factors.push_back(chain.factor(l));
        above_one += chain.factor(l) >= 1.0 ? 1 : 0;
        above_weight_one += std::fabs(chain.weights[l + 1]) >= 1.0 ? 1 : 0;
      }
    }
  }
  Table table{"chain_lengths",
              "|dC/db| of the first neuron over that of the last, by length, " + counted(laboratory.seeds, "seed"),
              {{"median", 3, true}, {"5%", 3, true}, {"95%", 3, true}, {"1/4^(n-1)", 3, true}},
              {}};
  LineChart chart;
  chart.title = "|dC/db| of the first neuron over that of the last, by length of the chain";
  chart.x_name = "neurons";
  chart.y_name = "|dC/db1| / |dC/dbn|";
  chart.logarithmic = true;
  chart.series = {{"median", {}}, {"5 %", {}}, {"95 %", {}}, {"1/4^(n-1)", {}}};
  for (std::size_t length = 1; length <= kLongest; ++length) {
    const std::vector<double>& of = shares[length];
    const double n = static_cast<double>(length);
    const Row row{counted(length, "neuron"),
                  {median(of), quantile(of, 0.05), quantile(of, 0.95), std::pow(0.25, n - 1.0)}};
    for (std::size_t s = 0; s < row.values.size(); ++s) chart.series[s].points.push_back({n, row.values[s]});
    table.rows.push_back(row);
  }
  laboratory.add(table);
  laboratory.add(chart);
  laboratory.say(agrees, "the product of weights and slopes is the gradient that backpropagation computes.");
  const double middle = median(factors), count = static_cast<double>(factors.size());
  laboratory.say(middle < 0.25,
                 format("with weights N(0, 1) the median factor |w slope| is %.3f: the gradient vanishes.", middle));
  laboratory.say(
      above_one < above_weight_one,
      format("%.1f %% of the weights are above 1 in size, but only %.1f %% of the factors |w slope|: a weight "
             "above 1 does not let the product grow. It must exceed 1/slope, which is 4 at best.",
             100.0 * static_cast<double>(above_weight_one) / count, 100.0 * static_cast<double>(above_one) / count));
}

}  // namespace tools
