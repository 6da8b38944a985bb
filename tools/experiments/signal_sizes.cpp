// SPDX-License-Identifier: MIT
// Growth and decay of signals through deep networks, forward and backward.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/names.hpp"
#include "experiments/experiments.hpp"
#include "mote/detail/vector_math.hpp"

namespace tools {
namespace {

constexpr std::size_t kImages = 500;

mote::TrainingOptions options_for(std::uint64_t seed) {
  mote::TrainingOptions options;  // for initialization only
  options.seed = seed;
  return options;
}

/// An initializer. name: from its paper, or of the option.
struct NamedWeights {
  const char* name;
  mote::InitialWeights weights;
};
const NamedWeights kInits[] = {
    {"standard, U(+-1/sqrt m)",
     {mote::WeightInit::he_uniform, 0.40824829f}},  // he_uniform's bound is sqrt 6 times larger
    {"glorot (normalized)", mote::WeightInit::glorot_uniform},
    {"lecun-normal", mote::WeightInit::scaled_gaussian},
    {"he", mote::WeightInit::he_normal},
    {"orthogonal", mote::WeightInit::orthogonal},
    {"gaussian, N(0, 1)", mote::WeightInit::gaussian},
};
constexpr mote::Activation kActivationsShown[] = {mote::Activation::sigmoid, mote::Activation::tanh,
                                                  mote::Activation::relu};

struct Spread {
  std::vector<double> forward, backward;  // one per hidden layer
};

/// Medians over seeds, layer by layer.
Spread spread_of(const Laboratory& laboratory, const mote::Dataset& images, const mote::Topology& topology,
                 const Start& start) {
  const std::size_t hidden = topology.layer_count - 1;
  std::vector<std::vector<double>> forward(hidden), backward(hidden);
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    Subject subject(laboratory, topology, options_for(laboratory.seed + i), images.count, start);
    const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(images);
    for (std::size_t l = 0; l < hidden; ++l) {
      forward[l].push_back(static_cast<double>(layers[l].activations.deviation));
      backward[l].push_back(static_cast<double>(layers[l].deltas.deviation));
    }
  }
  Spread spread;
  for (std::size_t l = 0; l < hidden; ++l) {
    spread.forward.push_back(median(forward[l]));
    spread.backward.push_back(median(backward[l]));
  }
  return spread;
}

/// The chain of chapter 5: weights of 100, and biases such that every z is 0, where the slope is 1/4.
void add_chain(Laboratory& laboratory) {
  constexpr std::size_t kLength = 5;
  constexpr float kWeight = 100.0f;
  mote::Topology topology;
  topology.inputs = 1;
  for (std::size_t l = 0; l < kLength; ++l) require(topology.add({1, mote::Activation::sigmoid}));
  std::vector<float> parameters(topology.parameter_count());
  for (std::size_t l = 0; l < kLength; ++l) {
    parameters[topology.weights_offset(l)] = kWeight;
    parameters[topology.biases_offset(l)] = -kWeight * (l == 0 ? 1.0f : 0.5f);  // the input is 1, activations 1/2
  }
  const std::uint8_t input = 255, label = 0;
  const mote::Dataset one{&input, &label, 1, 1, 1};
  std::vector<float> norms(kLength);
  std::vector<mote::LayerBound> bounds(kLength);
  const mote::Span<const float> flat{parameters.data(), parameters.size()};
  require(mote::spectral_norms(topology, flat, laboratory.memory, {norms.data(), kLength}));
  require(mote::gradient_bounds(topology, flat, mote::Loss::quadratic, one, 0, {norms.data(), kLength},
                                laboratory.memory, {bounds.data(), kLength}));
  Table table{"chain",
              "A chain of 5 sigmoids, weights 100, biases such that z = 0: the gradient grows by 100 / 4 a layer",
              {{"factor", 4, true}, {"dC/db", 6, true}, {"(a-y)/4*25^n", 6, true}, {"bound", 6, true}},
              {}};
  for (std::size_t l = 0; l < kLength; ++l) {
    const double expected = 0.5 / 4.0 * std::pow(25.0, static_cast<double>(kLength - 1 - l));
    table.rows.push_back({"layer " + std::to_string(l + 1),
                          {static_cast<double>(bounds[l].factor), static_cast<double>(bounds[l].bias_gradient),
                           expected, static_cast<double>(bounds[l].bound)}});
  }
  laboratory.add(table);
  const double ratio = table.rows.front().values[1] / table.rows.back().values[1];
  laboratory.say(
      ratio > 1.0,
      format("with weights of 100 and z = 0 the first gradient is %.3g times the last: it explodes.", ratio));
}

/// Width of the activations a for which |w s'(w a + b)| >= 1: the exercise of chapter 5.
double width_by_formula(double w) {
  return w < 4.0 ? 0.0 : 2.0 / w * std::log(w * (1.0 + std::sqrt(1.0 - 4.0 / w)) / 2.0 - 1.0);
}

/// The width of width_by_formula(), counted with the library's sigmoid for b = -w / 2 and a from 0 to 1.
double width_by_counting(double w) {
  constexpr std::size_t kPoints = 1000000;
  std::vector<float> z(kPoints), s(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) {
    z[i] = static_cast<float>(w * ((static_cast<double>(i) + 0.5) / static_cast<double>(kPoints) - 0.5));
  }
  mote::sigmoid(z.data(), s.data(), kPoints);
  std::size_t inside = 0;
  for (const float a : s) inside += w * static_cast<double>(a * (1.0f - a)) >= 1.0 ? 1 : 0;
  return static_cast<double>(inside) / static_cast<double>(kPoints);
}

void add_widths(Laboratory& laboratory) {
  Table table{"width",
              "One sigmoid: width of the activations for which |w s'(wa + b)| >= 1, which needs |w| >= 4",
              {{"counted", 4}, {"formula", 4}},
              {}};
  for (const double w : {3.9, 4.1, 4.5, 5.0, 6.0, 6.9, 8.0, 10.0, 20.0, 50.0, 100.0}) {
    std::string name = "w = " + std::to_string(w);
    name.erase(name.find('.') + 2);
    table.rows.push_back({name, {width_by_counting(w), width_by_formula(w)}});
  }
  laboratory.add(table);
  LineChart chart;
  chart.title = "One sigmoid: width of the activations for which |w s'(wa + b)| >= 1, by weight";
  chart.x_name = "w";
  chart.y_name = "width of the range";
  chart.series = {{"formula", {}}};
  double best = 4.0;
  for (int i = 30; i <= 500; ++i) {
    const double w = 0.1 * i;
    chart.series[0].points.push_back({w, width_by_formula(w)});
    best = width_by_formula(w) > width_by_formula(best) ? w : best;
  }
  laboratory.add(chart);
  laboratory.say(
      width_by_counting(3.9) == 0.0,
      format("a factor of 1 or more needs |w| > 4, not |w| > 1, and even then only in a range of activations: at "
             "most %.2f wide, for w = %.1f.",
             width_by_formula(best), best));
}

/// Returns the growth by scale.
Series add_sweep(Laboratory& laboratory, mote::Activation activation) {
  constexpr std::size_t kHidden = 10;
  constexpr float kScales[] = {0.1f, 0.5f, 0.7f, 1.0f, 1.2f, 1.41421356f, 1.7f, 2.0f, 3.0f, 5.0f, 10.0f, 20.0f, 100.0f};
  const mote::Dataset images = laboratory.first_images(kImages);
  const mote::Topology topology = deep_network(images, kHidden, 50, activation, mote::Activation::softmax);
  const std::string name(name_of(kActivations, activation));
  Table table{
      "sweep_" + name,
      name + ", " + sizes_of(topology) + ", weights N(0, g^2/m): growth of the deltas per layer of the backward pass",
      {{"growth", 3, true}, {"lowest", 3, true}, {"highest", 3, true}, {"saturated_%", 0}, {"first/output", 2, true}},
      {}};
  Series points{name, {}};
  for (const float scale : kScales) {
    std::vector<double> growth, saturated, share;
    mote::Verdict verdict{};
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      Subject subject(laboratory, topology, options_for(laboratory.seed + i), images.count,
                      {{mote::WeightInit::scaled_gaussian, scale}, mote::BiasInit::zero});
      const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(images);
      const double first = static_cast<double>(layers.front().delta_norm);
      const double top = static_cast<double>(layers[kHidden - 1].delta_norm);
      growth.push_back(std::pow(first / top, 1.0 / static_cast<double>(kHidden - 1)));
      share.push_back(first / static_cast<double>(layers.back().delta_norm));
      saturated.push_back(100.0 * static_cast<double>(layers[kHidden / 2].saturated));
      if (i == 0) verdict = layers.front().verdict;
    }
    const std::string label =
        format("g = %g, %s", std::round(static_cast<double>(scale) * 1000.0) / 1000.0, mote::to_string(verdict));
    points.points.push_back({static_cast<double>(scale), median(growth)});
    table.rows.push_back(
        {label, {median(growth), quantile(growth, 0.0), quantile(growth, 1.0), median(saturated), median(share)}});
  }
  laboratory.add(table);
  return points;
}

}  // namespace

void measure_variances(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 10;
  const mote::Dataset images = laboratory.first_images(kImages);
  for (const mote::Activation activation : kActivationsShown) {
    const mote::Topology topology = deep_network(images, kHidden, 100, activation, mote::Activation::softmax);
    const std::string name(name_of(kActivations, activation));
    Table forward{"activations_" + name,
                  name + ", " + sizes_of(topology) + ": standard deviation of the activations, by hidden layer",
                  {},
                  {}};
    Table backward{"deltas_" + name, name + ": standard deviation of the deltas dC/dz, by hidden layer", {}, {}};
    forward.columns = backward.columns = layer_columns(kHidden, 2);
    for (const NamedWeights& init : kInits) {
      laboratory.progress(name + ", " + init.name);
      const Spread spread = spread_of(laboratory, images, topology, {init.weights, mote::BiasInit::zero});
      forward.rows.push_back({init.name, spread.forward});
      backward.rows.push_back({init.name, spread.backward});
    }
    laboratory.add(forward);
    laboratory.add(backward);
    laboratory.add(chart_of(forward, "layer", "standard deviation", true));
    laboratory.add(chart_of(backward, "layer", "standard deviation", true));
    std::string steady;
    for (std::size_t i = 0; i < std::size(kInits); ++i) {
      const auto keeps = [](const std::vector<double>& sizes) {
        const double ratio = sizes.back() / sizes.front();
        return ratio > 0.4 && ratio < 2.5;
      };
      if (!keeps(forward.rows[i].values) || !keeps(backward.rows[i].values)) continue;
      steady += (steady.empty() ? "" : "; ") + forward.rows[i].name;
    }
    laboratory.say(!steady.empty(), name +
                                        ": signals keep their size to a factor of 2.5 through ten layers, forward and "
                                        "backward, with: " +
                                        steady + ".");
    laboratory.say(steady.empty(), name +
                                       ": no initializer keeps the size of signals to a factor of 2.5 through ten "
                                       "layers, forward and backward.");
  }
}

void measure_explosions(Laboratory& laboratory) {
  add_chain(laboratory);
  add_widths(laboratory);
  LineChart chart;
  chart.title = "Growth of the deltas per layer of the backward pass, by scale g of the weights";
  chart.x_name = "g";
  chart.y_name = "growth per layer";
  chart.x_scale = Scale::logarithmic;
  chart.logarithmic = true;
  for (const mote::Activation activation : kActivationsShown) {
    laboratory.progress(std::string(name_of(kActivations, activation)));
    chart.series.push_back(add_sweep(laboratory, activation));
  }
  laboratory.note("Verdicts are of the first layer, with the first seed; saturated_% is of the sixth layer.");
  laboratory.add(chart);
  for (const Series& series : chart.series) {
    const auto grows =
        std::find_if(series.points.begin(), series.points.end(), [](const Point& point) { return point.y >= 1.0; });
    if (grows == series.points.end()) continue;
    laboratory.say(true,
                   format("%s: from g = %.3g on, deltas grow on their way back; at g = 1 each layer multiplies them by "
                          "%.2f.",
                          series.name.c_str(), grows->x, series.points[3].y));
  }
}

}  // namespace tools
