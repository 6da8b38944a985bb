// SPDX-License-Identifier: MIT
// Speeds of learning by layer: the norms of Nielsen, "Neural Networks and Deep Learning", chapter 5, in its setting.
#include <algorithm>
#include <iterator>
#include <limits>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kImages = 1000;
constexpr std::uint32_t kWidth = 30;

std::string layer_name(std::size_t layer, std::size_t hidden) {
  return layer < hidden ? "hidden " + std::to_string(layer + 1) : "output";
}

/// One published random draw per network, by number of hidden layers.
const std::vector<std::vector<double>> kPublishedNorms = {
    {}, {}, {0.0657, 0.3092}, {0.0118, 0.0600, 0.2831}, {0.0030, 0.0171, 0.0695, 0.2851}};

mote::Topology published_network(const mote::Dataset& images, std::size_t hidden) {
  return deep_network(images, hidden, kWidth, mote::Activation::sigmoid, mote::Activation::sigmoid);
}

/// Full-batch gradient descent with learning rate 0.1 and lambda = 5.0.
mote::TrainingOptions published_options(std::uint64_t seed) {
  mote::TrainingOptions options;
  options.loss = mote::Loss::sigmoid_cross_entropy;
  options.optimizer = {mote::Optimizer::sgd, 0.1f};
  options.l2 = 5.0f / static_cast<float>(kImages);
  options.batch_size = kImages;
  options.shuffle = false;
  options.seed = seed;
  return options;
}

/// The norm of the bias gradient of every layer.
std::vector<double> speeds_of(Subject& subject, const mote::Dataset& images) {
  std::vector<double> speeds;
  for (const mote::LayerDiagnostics& layer : subject.diagnose(images)) {
    speeds.push_back(static_cast<double>(layer.bias_gradient));
  }
  return speeds;
}

/// Draws of one number, and its published value: NaN for none.
struct Draws {
  std::vector<double> values;
  double published = kNone;

  bool is_published() const { return published == published; }
  bool covers() const { return published >= quantile(values, 0.05) && published <= quantile(values, 0.95); }
};

/// Counts the published numbers between the 5 and 95 % quantiles.
struct Covered {
  std::size_t published = 0;
  std::size_t covered = 0;

  void add(const Draws& draws) {
    published += draws.is_published() ? 1 : 0;
    covered += draws.covers() ? 1 : 0;
  }
  std::string text() const { return std::to_string(covered) + " of " + std::to_string(published); }
};

/// Appends median, 5 and 95 % quantile, and the published value.
void append(const Draws& draws, std::vector<double>& row) {
  for (const double q : {0.5, 0.05, 0.95}) row.push_back(quantile(draws.values, q));
  row.push_back(draws.published);
}

/// Adds the table of one network; returns the medians by hidden layer.
Series measure_norms_of(Laboratory& laboratory, std::size_t hidden, Covered& of_norms, Covered& of_ratios) {
  const mote::Dataset images = laboratory.first_images(kImages);
  const mote::Topology topology = published_network(images, hidden);
  std::vector<Draws> norms(hidden + 1), ratios(hidden + 1);
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    laboratory.progress(sizes_of(topology) + ", seed " + std::to_string(laboratory.seed + i));
    Subject subject(laboratory, topology, published_options(laboratory.seed + i), kImages, kPublishedStart);
    const std::vector<double> speeds = speeds_of(subject, images);
    for (std::size_t l = 0; l <= hidden; ++l) {
      norms[l].values.push_back(speeds[l]);
      if (l != 0) ratios[l].values.push_back(speeds[l] / speeds[l - 1]);
    }
  }
  Table table{"norms_" + std::to_string(hidden),
              sizes_of(topology) + ": norm of the bias gradient, and its ratio to the norm of the layer before",
              {{"median", 3, true},
               {"5%", 3, true},
               {"95%", 3, true},
               {"published", 3, true},
               {"ratio", 3, true},
               {"5%", 3, true},
               {"95%", 3, true},
               {"published", 3, true}},
              {}};
  for (std::size_t l = 0; l <= hidden; ++l) {
    if (hidden < kPublishedNorms.size() && l < kPublishedNorms[hidden].size()) {
      norms[l].published = kPublishedNorms[hidden][l];
      if (l != 0) ratios[l].published = norms[l].published / norms[l - 1].published;
    }
    Row row{layer_name(l, hidden), {}};
    for (const Draws* draws : {&norms[l], &ratios[l]}) {
      append(*draws, row.values);
    }
    of_norms.add(norms[l]);
    of_ratios.add(ratios[l]);
    table.rows.push_back(row);
  }
  laboratory.add(table);
  Series medians{std::to_string(hidden) + " hidden", {}};
  for (std::size_t l = 0; l < hidden; ++l) {
    medians.points.push_back({static_cast<double>(l + 1), median(norms[l].values)});
  }
  return medians;
}

constexpr std::size_t kSteps[] = {0, 1, 10, 100, 499};  // of the table

/// One published run per network: by hidden layer, then step.
const std::vector<std::vector<std::vector<double>>> kPublishedCurves = {
    {},
    {},
    {{0.0657, 0.0430, 0.0089, 0.0015, 0.0034}, {0.3092, 0.2170, 0.0404, 0.0019, 0.0096}},
    {{0.0118, 0.0112, 0.0020, 0.00008, 0.00009},
     {0.0600, 0.0572, 0.0104, 0.00028, 0.00022},
     {0.2831, 0.2782, 0.0596, 0.00138, 0.00126}},
    {}};

/// Medians of the first and last hidden layer's speeds, at the first and last step of the table.
struct Speeds {
  double first_at_start, last_at_start, first_at_end, last_at_end;
};

Speeds measure_training_of(Laboratory& laboratory, std::size_t hidden) {
  const mote::Dataset images = laboratory.first_images(kImages);
  const mote::Topology topology = published_network(images, hidden);
  std::vector<std::vector<std::vector<double>>> norms(hidden, std::vector<std::vector<double>>(std::size(kSteps)));
  LineChart chart;
  chart.title = sizes_of(topology) + ": speed of learning, |dC/db|, seed " + std::to_string(laboratory.seed);
  chart.x_name = "step";
  chart.y_name = "|dC/db|";
  chart.logarithmic = true;
  for (std::size_t l = 0; l < hidden; ++l) chart.series.push_back({layer_name(l, hidden), {}});
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    laboratory.progress(sizes_of(topology) + ", seed " + std::to_string(laboratory.seed + i));
    Subject subject(laboratory, topology, published_options(laboratory.seed + i), kImages, kPublishedStart);
    for (std::size_t step = 0; step <= kSteps[std::size(kSteps) - 1]; ++step) {
      if (step != 0) require(subject.trainer.train_epoch(images));
      const std::size_t s = static_cast<std::size_t>(std::find(std::begin(kSteps), std::end(kSteps), step) - kSteps);
      const bool is_drawn = i == 0 && (step < 20 || step % 20 == 0 || step == 499);
      if (s == std::size(kSteps) && !is_drawn) continue;
      const std::vector<double> speeds = speeds_of(subject, images);
      for (std::size_t l = 0; l < hidden; ++l) {
        if (s < std::size(kSteps)) norms[l][s].push_back(speeds[l]);
        if (is_drawn) chart.series[l].points.push_back({static_cast<double>(step), speeds[l]});
      }
    }
  }
  Table table{"training_" + std::to_string(hidden),
              sizes_of(topology) + ": norm of the bias gradient, by number of steps",
              {},
              {}};
  for (const std::size_t step : kSteps) table.columns.push_back({std::to_string(step), 3, true});
  for (std::size_t l = 0; l < hidden; ++l) {
    const std::string name = layer_name(l, hidden);
    Row middle{name + " median", {}}, low{name + " 5 %", {}}, high{name + " 95 %", {}};
    for (const std::vector<double>& values : norms[l]) {
      middle.values.push_back(median(values));
      low.values.push_back(quantile(values, 0.05));
      high.values.push_back(quantile(values, 0.95));
    }
    table.rows.insert(table.rows.end(), {middle, low, high});
    if (l >= kPublishedCurves[hidden].size()) continue;
    const Row published{name + " published", kPublishedCurves[hidden][l]};
    table.rows.push_back(published);
    chart.series.push_back({"published " + std::to_string(l + 1), {}, false});
    for (std::size_t s = 0; s < std::size(kSteps); ++s) {
      chart.series.back().points.push_back({static_cast<double>(kSteps[s]), published.values[s]});
    }
  }
  laboratory.add(table);
  laboratory.add(chart);
  const auto middle = [&](std::size_t layer, std::size_t step) { return median(norms[layer][step]); };
  const std::size_t last = std::size(kSteps) - 1;
  return {middle(0, 0), middle(hidden - 1, 0), middle(0, last), middle(hidden - 1, last)};
}

/// Answers the question of the chapter: how fast do 100 layers learn?
void imagine_a_hundred(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 100;
  const mote::Dataset images = laboratory.first_images(100);
  const mote::Topology topology = published_network(images, kHidden);
  Subject subject(laboratory, topology, published_options(laboratory.seed), kImages, kPublishedStart);
  const std::vector<double> speeds = speeds_of(subject, images);
  LineChart chart;
  chart.title = sizes_of(topology) + ": speed of learning at the start, |dC/db|";
  chart.x_name = "layer";
  chart.y_name = "|dC/db|";
  chart.logarithmic = true;
  chart.series = {{"100 hidden", {}}};
  std::size_t zeros = 0;
  for (std::size_t l = 0; l < kHidden; ++l) {
    chart.series[0].points.push_back({static_cast<double>(l + 1), speeds[l]});
    zeros += speeds[l] == 0.0 ? 1 : 0;
  }
  laboratory.add(chart);
  laboratory.say(zeros > 0, format("of 100 hidden layers the first %zu get no gradient at all: their deltas are below "
                                   "2^-100, which counts as 0 (speed of the last hidden layer: %.2g).",
                                   zeros, speeds[kHidden - 1]));
}

}  // namespace

void measure_norms(Laboratory& laboratory) {
  Covered norms, ratios;
  LineChart chart;
  chart.title = "Speed of learning at the start, |dC/db|, medians by hidden layer";
  chart.x_name = "layer";
  chart.y_name = "|dC/db|";
  chart.logarithmic = true;
  double least = kInfinity, most = 0.0;
  for (const std::size_t hidden : {1u, 2u, 3u, 4u, 6u, 8u, 10u}) {
    chart.series.push_back(measure_norms_of(laboratory, hidden, norms, ratios));
    const std::vector<Point>& points = chart.series.back().points;
    for (std::size_t l = 1; l < points.size(); ++l) {
      least = std::min(least, points[l].y / points[l - 1].y);
      most = std::max(most, points[l].y / points[l - 1].y);
    }
  }
  chart.series.push_back({"published", {}, false});
  for (std::size_t hidden = 2; hidden < kPublishedNorms.size(); ++hidden) {
    for (std::size_t l = 0; l < hidden; ++l) {
      chart.series.back().points.push_back({static_cast<double>(l + 1), kPublishedNorms[hidden][l]});
    }
  }
  laboratory.add(chart);
  laboratory.say(least > 1.0,
                 format("each hidden layer learns %.1f to %.1f times faster than the layer before it (ratio "
                        "of medians), at every depth: the speed falls exponentially with the distance "
                        "from the output.",
                        least, most));
  laboratory.say(norms.published != 0, "published numbers between the 5 and 95 % quantiles: " + norms.text() +
                                           " norms, " + ratios.text() + " ratios.");
  imagine_a_hundred(laboratory);
}

void measure_training(Laboratory& laboratory) {
  for (const std::size_t hidden : {2u, 3u, 4u}) {
    const Speeds speeds = measure_training_of(laboratory, hidden);
    const double at_start = speeds.last_at_start / speeds.first_at_start;
    const double at_end = speeds.last_at_end / speeds.first_at_end;
    laboratory.say(at_start > 1.0 && at_end > 1.0,
                   format("with %zu hidden layers the last learns %.1f times faster than the first at the start, and "
                          "%.1f times faster after 499 steps: the first layers stay behind in training too.",
                          hidden, at_start, at_end));
  }
}

}  // namespace tools
