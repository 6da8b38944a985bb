// SPDX-License-Identifier: MIT
// Saturation and update sizes by layer: the suspects of Glorot & Bengio 2010.
#include <algorithm>
#include <cmath>

#include "experiments/experiments.hpp"

namespace tools {
namespace {

/// Medians over seeds of a quantity, by hidden layer.
using ByLayer = std::vector<double>;

ByLayer medians(const std::vector<std::vector<double>>& values) {
  ByLayer middle;
  for (const std::vector<double>& of_layer : values) middle.push_back(median(of_layer));
  return middle;
}

/// Means of the activations of tanh, weights N(0, 1).
ByLayer tanh_means(const Laboratory& laboratory, const mote::Dataset& images, std::size_t hidden, std::uint32_t width) {
  std::vector<std::vector<double>> means(hidden);
  const mote::Topology topology =
      deep_network(images, hidden, width, mote::Activation::tanh, mote::Activation::softmax);
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    mote::TrainingOptions options;
    options.seed = laboratory.seed + i;
    Subject subject(laboratory, topology, options, images.count, {mote::WeightInit::gaussian, mote::BiasInit::zero});
    const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(images);
    for (std::size_t l = 0; l < hidden; ++l) means[l].push_back(static_cast<double>(layers[l].activations.mean));
  }
  return medians(means);
}

}  // namespace

void measure_saturation(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 6, kImages = 250;
  const mote::Dataset images = laboratory.first_images(kImages);
  Table spread{"z", "Logistic units, weights N(0, 1): standard deviation of z, by hidden layer", {}, {}};
  Table saturated{"saturated", "Saturated activations in % (slope below a tenth of 1/4), by hidden layer", {}, {}};
  Table means{"means", "Mean activation, by hidden layer", {}, {}};
  for (Table* table : {&spread, &saturated, &means}) table->columns = layer_columns(kHidden, 3);
  for (const std::uint32_t width : {10u, 30u, 100u, 300u, 1000u}) {
    if (width == 1000u && laboratory.quick) continue;
    const mote::Topology topology =
        deep_network(images, kHidden, width, mote::Activation::sigmoid, mote::Activation::softmax);
    std::vector<std::vector<double>> z(kHidden), flat(kHidden), mean_of(kHidden);
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      laboratory.progress(sizes_of(topology));
      mote::TrainingOptions options;
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, kImages, {mote::WeightInit::gaussian, mote::BiasInit::zero});
      const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(images);
      for (std::size_t l = 0; l < kHidden; ++l) {
        z[l].push_back(static_cast<double>(layers[l].pre_activations.deviation));
        flat[l].push_back(100.0 * static_cast<double>(layers[l].saturated));
        mean_of[l].push_back(static_cast<double>(layers[l].activations.mean));
      }
    }
    const std::string name = "width " + std::to_string(width);
    spread.rows.push_back({name, medians(z)});
    saturated.rows.push_back({name, medians(flat)});
    means.rows.push_back({name, medians(mean_of)});
  }
  const ByLayer of_tanh = tanh_means(laboratory, images, kHidden, 100);
  Table compared{"compared_means", "Mean activation at width 100, by hidden layer", means.columns, {}};
  compared.rows = {{"logistic", means.rows[2].values}, {"tanh", of_tanh}};
  means.rows.push_back({"tanh, width 100", of_tanh});
  for (const Table* table : {&spread, &saturated, &means}) laboratory.add(*table);
  laboratory.add(chart_of(spread, "layer", "standard deviation of z", true));
  laboratory.add(chart_of(saturated, "layer", "saturated, %", false));
  laboratory.add(chart_of(compared, "layer", "mean activation", false));
  double growth = 0.0, lowest_mean = 1.0, highest_mean = 0.0;
  for (std::size_t r = 0; r < spread.rows.size(); ++r) {
    growth = std::max(growth, spread.rows[r].values[kHidden - 1] / spread.rows[r].values[1]);
    lowest_mean = std::min(lowest_mean, quantile(means.rows[r].values, 0.0));
    highest_mean = std::max(highest_mean, quantile(means.rows[r].values, 1.0));
  }
  laboratory.say(growth < 1.25,
                 "from the second layer on, z grows at no width: its variance does not grow layer by layer "
                 "until the top saturates, as the text has it (slip). The width decides: the deviation of z "
                 "is about the root of the width times the mean square activation.");
  laboratory.say(growth >= 1.25,
                 format("from the second layer to the last, z grows by a factor of up to %.2f.", growth));
  laboratory.say(
      lowest_mean > 0.4 && highest_mean < 0.6,
      format("logistic units have means of %.2f to %.2f, near 0.5: every layer hands the next a positive bias.",
             lowest_mean, highest_mean));
  const double farthest = std::max(quantile(of_tanh, 1.0), -quantile(of_tanh, 0.0));
  laboratory.say(farthest < 0.1, format("tanh units have means within %.3f of 0: no bias is handed on.", farthest));
  const Row& wide = saturated.rows[2];
  laboratory.say(
      wide.values.front() > 50.0 && wide.values.back() > 50.0,
      format("at width 100, %.0f %% of the first layer are saturated and %.0f %% of the last: all layers saturate "
             "at once.",
             wide.values.front(), wide.values.back()));
}

void measure_updates(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 5, kImages = 10000;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 2000 : kImages);
  const struct {
    const char* name;
    mote::Activation activation;
    Start start;
    float rate;
  } networks[] = {{"sigmoid, N(0, 1/m)", mote::Activation::sigmoid, kPublishedStart, 0.1f},
                  {"tanh, Glorot", mote::Activation::tanh, kGlorotStart, 0.1f},
                  {"relu, He", mote::Activation::relu, kHeStart, 0.1f}};
  Table table{"updates",
              format("||W - W at the start|| / ||W at the start|| after %zu epochs of gradient descent, by layer",
                     laboratory.epochs),
              layer_columns(kHidden + 1, 3),
              {}};
  Table accuracies{"updates_accuracy", "Training accuracy in %", {{"median", 1}}, {}};
  for (const auto& network : networks) {
    const mote::Topology topology = deep_network(images, kHidden, 50, network.activation, mote::Activation::softmax);
    std::vector<std::vector<double>> changes(kHidden + 1);
    std::vector<double> accuracy;
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      laboratory.progress(std::string(network.name) + ", seed " + std::to_string(i + 1));
      mote::TrainingOptions options;
      options.optimizer = {mote::Optimizer::sgd, network.rate};
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, images.count, network.start);
      const mote::Span<const float> parameters = subject.trainer.parameters();
      const std::vector<float> before(parameters.data(), parameters.data() + parameters.size());
      if (!train(subject, images, laboratory.epochs)) continue;
      std::vector<mote::LayerDiagnostics> layers(kHidden + 1);
      mote::measure_updates(topology, {before.data(), before.size()}, parameters, {layers.data(), layers.size()});
      for (std::size_t l = 0; l <= kHidden; ++l) {
        changes[l].push_back(static_cast<double>(layers[l].update_ratio));
      }
      accuracy.push_back(percent_right(evaluate(subject, images)));
    }
    table.rows.push_back({network.name, medians(changes)});
    accuracies.rows.push_back({network.name, {median(accuracy)}});
  }
  laboratory.add(table);
  laboratory.add(accuracies);
  laboratory.add(chart_of(table, "layer", "change of W, relative", true));
  const std::vector<double>& sigmoid = table.rows[0].values;
  laboratory.say(sigmoid.front() < 0.05 * sigmoid.back(),
                 format("sigmoid: the weights of the first layer have moved by %.2g of their size, the last layer's by "
                        "%.2g: the lower layers stay virtually unchanged.",
                        sigmoid.front(), sigmoid.back()));
  for (const std::size_t row : {1u, 2u}) {
    const std::vector<double>& changes = table.rows[row].values;
    laboratory.say(changes.front() > 0.1 * changes.back(),
                   format("%s: first and last layer move by %.2g and %.2g of their size: every layer learns.",
                          table.rows[row].name.c_str(), changes.front(), changes.back()));
  }
}

}  // namespace tools
