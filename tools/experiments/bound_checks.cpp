// SPDX-License-Identifier: MIT
// Gradients of single images compared with their bounds.
#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.hpp"
#include "common/names.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr std::size_t kImages = 200;           // checked one by one
constexpr std::size_t kTrainingImages = 5000;  // one epoch, for the trained networks
constexpr float kRounding = 1e-5f;             // relative excess over the bound that rounding may cause

/// Counts and ratios for one kind of network.
struct Tally {
  std::size_t checks = 0, above_bound = 0, above_sample_bound = 0, above_weight_bound = 0;
  std::vector<double> looseness, sample_looseness;  // bound / gradient of the first layer, for gradients other than 0

  /// Adds one image. diagnostics: of that image, with its weight gradients.
  void add(const std::vector<mote::LayerBound>& bounds, const std::vector<mote::LayerDiagnostics>& diagnostics) {
    for (std::size_t l = 0; l < bounds.size(); ++l) {
      const mote::LayerBound& layer = bounds[l];
      ++checks;
      const float limit = 1.0f + kRounding;
      above_bound += layer.bias_gradient > layer.bound * limit ? 1 : 0;
      above_sample_bound += layer.bias_gradient > layer.sample_bound * limit ? 1 : 0;
      above_weight_bound += diagnostics[l].weight_gradient > layer.bound * layer.input_norm * limit ? 1 : 0;
    }
    const mote::LayerBound& first = bounds.front();
    if (first.bias_gradient == 0.0f) return;
    looseness.push_back(static_cast<double>(first.bound / first.bias_gradient));
    sample_looseness.push_back(static_cast<double>(first.sample_bound / first.bias_gradient));
  }
};

void check_images(Subject& subject, const mote::Dataset& images, Tally& tally) {
  const mote::Topology& topology = subject.trainer.topology();
  const mote::Span<const float> parameters = subject.trainer.parameters();
  const std::size_t layers = topology.layer_count;
  std::vector<float> norms(layers);
  std::vector<mote::LayerBound> bounds(layers);
  require(mote::spectral_norms(topology, parameters, subject.scratch(), {norms.data(), layers}));
  for (std::size_t image = 0; image < images.count; ++image) {
    require(mote::gradient_bounds(topology, parameters, mote::Loss::quadratic, images, image, {norms.data(), layers},
                                  subject.scratch(), {bounds.data(), layers}));
    tally.add(bounds, subject.diagnose(images.subset(image, 1)));
  }
}

Row row_of(const std::string& name, const Tally& tally) {
  return {name,
          {static_cast<double>(tally.checks), static_cast<double>(tally.above_bound),
           static_cast<double>(tally.above_sample_bound), static_cast<double>(tally.above_weight_bound),
           quantile(tally.looseness, 0.0), median(tally.looseness), quantile(tally.sample_looseness, 0.0),
           median(tally.sample_looseness)}};
}

/// Medians over images: the gradient of a layer, its bound, its estimate and their factors.
struct LayerFactors {
  std::vector<double> gradient, bound, estimate, steepest, rms_slope;
  double spectral = 0.0, frobenius = 0.0;
};

/// Root of the mean square of f'(z) over a layer's units.
double rms_slope(mote::Activation activation, const mote::MatrixView& activations) {
  double sum = 0.0;
  for (std::size_t j = 0; j < activations.columns; ++j) {
    const double a = static_cast<double>(activations.row(0)[j]);
    const double slope = activation == mote::Activation::sigmoid ? a * (1.0 - a) : 1.0 - a * a;
    sum += slope * slope;
  }
  return std::sqrt(sum / static_cast<double>(activations.columns));
}

void add_image(Subject& subject, const mote::Dataset& images, std::size_t image, std::vector<LayerFactors>& factors) {
  const mote::Topology& topology = subject.trainer.topology();
  const mote::Activation activation = topology.layers[0].activation;
  const float* parameters = subject.trainer.parameters().data();
  const std::size_t layers = topology.layer_count;
  std::vector<float> norms(layers), input(topology.inputs);
  std::vector<mote::LayerBound> bounds(layers);
  for (std::size_t l = 0; l < layers; ++l) norms[l] = static_cast<float>(factors[l].spectral);
  require(mote::gradient_bounds(topology, subject.trainer.parameters(), mote::Loss::quadratic, images, image,
                                {norms.data(), layers}, subject.scratch(), {bounds.data(), layers}));
  require(mote::gather(images, nullptr, image, 1, input.data()));
  mote::Backpropagation engine;
  require(engine.bind(topology, {1, true}, 1, subject.scratch()));
  engine.forward(parameters, input.data(), 1);
  double estimate = static_cast<double>(bounds.back().bias_gradient);
  for (std::size_t l = layers; l-- > 0;) {
    LayerFactors& factor = factors[l];
    if (l + 1 < layers) {
      const double slope = rms_slope(activation, engine.activations(l));
      factor.rms_slope.push_back(slope);
      estimate *= slope * factors[l + 1].frobenius / std::sqrt(static_cast<double>(topology.outputs_of(l + 1)));
    }
    factor.estimate.push_back(estimate);
    factor.gradient.push_back(static_cast<double>(bounds[l].bias_gradient));
    factor.bound.push_back(static_cast<double>(bounds[l].bound));
    factor.steepest.push_back(static_cast<double>(bounds[l].steepest));
  }
}

/// ||W|| and, through a transposed copy, ||W^T||.
std::pair<float, float> norms_of(const Subject& subject, std::size_t layer) {
  const mote::Topology& topology = subject.trainer.topology();
  const std::size_t inputs = topology.inputs_of(layer), outputs = topology.outputs_of(layer);
  const float* weights = subject.trainer.parameters().data() + topology.weights_offset(layer);
  std::vector<float> transposed(outputs * mote::row_stride(inputs));
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t j = 0; j < outputs; ++j) {
      transposed[j * mote::row_stride(inputs) + i] = weights[i * mote::row_stride(outputs) + j];
    }
  }
  std::pair<float, float> norms;
  require(mote::spectral_norm(inputs, outputs, weights, subject.scratch(), norms.first));
  require(mote::spectral_norm(outputs, inputs, transposed.data(), subject.scratch(), norms.second));
  return norms;
}

void measure_factors_of(Laboratory& laboratory, mote::Activation activation) {
  constexpr std::size_t kHidden = 5, kFew = 20;
  const mote::Dataset images = laboratory.first_images(kImages);
  const mote::Topology topology = deep_network(images, kHidden, 30, activation, activation);
  const std::string name(name_of(kActivations, activation));
  std::vector<LayerFactors> factors(kHidden + 1);
  double largest_difference = 0.0;
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    laboratory.progress(name + ", seed " + std::to_string(i + 1));
    mote::TrainingOptions options;
    options.loss = mote::Loss::quadratic;
    options.seed = laboratory.seed + i;
    Subject subject(laboratory, topology, options, images.count, kPublishedStart);
    const std::vector<mote::LayerDiagnostics> diagnosis = subject.diagnose(images.subset(0, kFew));
    for (std::size_t l = 0; l <= kHidden; ++l) {
      const auto [norm, transposed] = norms_of(subject, l);
      factors[l].spectral = static_cast<double>(norm);
      factors[l].frobenius = static_cast<double>(diagnosis[l].weight_norm);
      largest_difference = std::max(largest_difference, static_cast<double>(std::fabs(norm / transposed - 1.0f)));
    }
    for (std::size_t image = 0; image < kFew; ++image) add_image(subject, images, image, factors);
  }
  Table table{"factors_" + name,
              name + ", " + sizes_of(topology) + ", quadratic loss: medians over images; ||W||: of the last seed",
              {{"||W||", 3, true},
               {"steepest", 3, true},
               {"rms_slope", 3, true},
               {"|dC/db|", 3, true},
               {"estimate", 3, true},
               {"bound", 3, true}},
              {}};
  LineChart chart;
  chart.title = name + ": gradient |dC/db|, its bound and its estimate, by layer";
  chart.x_name = "layer";
  chart.y_name = "norm";
  chart.logarithmic = true;
  chart.series = {{"gradient", {}}, {"estimate", {}}, {"bound", {}}};
  double worst_estimate = 1.0;
  for (std::size_t l = 0; l <= kHidden; ++l) {
    const LayerFactors& of = factors[l];
    table.rows.push_back({"layer " + std::to_string(l + 1),
                          {of.spectral, median(of.steepest), median(of.rms_slope), median(of.gradient),
                           median(of.estimate), median(of.bound)}});
    for (std::size_t s = 0; s < 3; ++s) {
      chart.series[s].points.push_back({static_cast<double>(l + 1), table.rows[l].values[3 + s]});
    }
    const double ratio = table.rows[l].values[4] / table.rows[l].values[3];
    worst_estimate = std::max({worst_estimate, ratio, 1.0 / ratio});
  }
  laboratory.add(table);
  laboratory.add(chart);
  const double gamma = static_cast<double>(mote::largest_slope(activation));
  const double growth = std::pow(table.rows[0].values[5] / table.rows[kHidden].values[5], 1.0 / kHidden);
  const double fall = std::pow(table.rows[0].values[3] / table.rows[kHidden].values[3], 1.0 / kHidden);
  laboratory.say(growth < 1.0,
                 format("%s: gamma is %g, and the bound shrinks by a factor of %.2f a layer with the distance "
                        "from the output; the gradient itself shrinks by %.2f.",
                        name.c_str(), gamma, growth, fall));
  laboratory.say(
      growth > 1.0 && fall < 1.0,
      format("%s: gamma is %g, and the bound grows by %.2f a layer while the gradient shrinks by %.2f: the bound "
             "does not tell that the gradient vanishes.",
             name.c_str(), gamma, growth, fall));
  laboratory.say(
      growth > 1.0 && fall >= 1.0,
      format("%s: gamma is %g, and the bound grows by %.2f a layer; the gradient keeps its size (%.2f a layer).",
             name.c_str(), gamma, growth, fall));
  laboratory.say(
      worst_estimate < 3.0,
      format("%s: with the root of the mean squared slope instead of its maximum, and the mean stretch of W, "
             "|W|_F / sqrt(rows), instead of its norm, the product is within a factor of %.2f of the gradient.",
             name.c_str(), worst_estimate));
  laboratory.say(largest_difference < 1e-3, format("%s: ||W|| and the norm of its transpose differ by at most %.1g of "
                                                   "themselves, the accuracy of the iteration: they are equal.",
                                                   name.c_str(), largest_difference));
}

}  // namespace

void measure_bounds(Laboratory& laboratory) {
  LineChart chart;
  chart.title = "Bound / gradient of the first layer, median over images, at the start";
  chart.x_name = "hidden layers";
  chart.y_name = "bound / gradient";
  chart.logarithmic = true;
  std::size_t checks = 0, above = 0;
  const mote::Dataset images = laboratory.first_images(kImages), train = laboratory.first_images(kTrainingImages);
  for (const mote::Activation activation :
       {mote::Activation::sigmoid, mote::Activation::tanh, mote::Activation::relu}) {
    const std::string name(name_of(kActivations, activation));
    Table table{"bound_" + name,
                name + ": gradients above their bounds, and bound / gradient of the first layer",
                {{"checks", 0},
                 {"above", 0},
                 {"above_own", 0},
                 {"above_dW", 0},
                 {"least", 3, true},
                 {"median", 3, true},
                 {"least_own", 3, true},
                 {"median_own", 3, true}},
                {}};
    chart.series.push_back({name, {}});
    for (const std::size_t hidden : {1u, 2u, 3u, 4u, 6u, 10u}) {
      Tally fresh, trained;
      for (std::size_t i = 0; i < laboratory.seeds; ++i) {
        laboratory.progress(name + ", " + std::to_string(hidden) + " hidden layers");
        const mote::Topology topology = deep_network(images, hidden, 30, activation, activation);
        mote::TrainingOptions options;
        options.loss = mote::Loss::quadratic;
        options.optimizer = {mote::Optimizer::sgd, 0.01f};
        options.seed = laboratory.seed + i;
        options.batch_size = 10;
        Subject subject(laboratory, topology, options, train.count, kPublishedStart);
        check_images(subject, images, fresh);
        require(subject.trainer.train_epoch(train));
        check_images(subject, images, trained);
      }
      const std::string depth = std::to_string(hidden) + " hidden";
      table.rows.push_back(row_of(depth + ", start", fresh));
      table.rows.push_back(row_of(depth + ", trained", trained));
      chart.series.back().points.push_back({static_cast<double>(hidden), median(fresh.looseness)});
      checks += 3 * (fresh.checks + trained.checks);
      for (const Tally* tally : {&fresh, &trained}) {
        above += tally->above_bound + tally->above_sample_bound + tally->above_weight_bound;
      }
    }
    laboratory.add(table);
  }
  laboratory.add(chart);
  laboratory.note(
      "above: gradients above the bound with gamma; own: above the bound with the image's own largest slopes; "
      "dW: |dC/dW| above the bound times |a|. Widths 30, quadratic loss; trained: one epoch of 5000 images, "
      "learning rate 0.01. Rounding may lift a gradient by 1e-5 of its bound.");
  laboratory.say(above == 0, format("none of %zu comparisons is above its bound.", checks));
  const auto ends = [](const Series& series) { return series.points.back().y / series.points.front().y; };
  laboratory.say(
      std::all_of(chart.series.begin(), chart.series.end(), [&](const Series& s) { return ends(s) > 10.0; }),
      "the bound gets looser with depth, by orders of magnitude for every activation: it proves that sigmoid "
      "gradients may vanish, not how small they are.");
}

void measure_factors(Laboratory& laboratory) {
  for (const mote::Activation activation : {mote::Activation::sigmoid, mote::Activation::tanh}) {
    measure_factors_of(laboratory, activation);
  }
}

}  // namespace tools
