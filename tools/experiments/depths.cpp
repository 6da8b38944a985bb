// SPDX-License-Identifier: MIT
// Accuracy by depth, without and with cures.
#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr double kPercent = 100.0;

double validation_accuracy(mote::Trainer& trainer, const mote::Dataset& validation) {
  mote::LossTotals totals;
  require(trainer.evaluate(validation, totals));
  return static_cast<double>(totals.accuracy());
}

/// A combination of activation, initialization, batch normalization and clipping.
struct Recipe {
  const char* name;
  mote::Activation activation;
  mote::InitialWeights weights;
  bool batch_norm = false;
  float clip_norm = 0.0f;
};

const Recipe kRecipes[] = {
    {"sigmoid, N(0, 1/m)", mote::Activation::sigmoid, mote::WeightInit::scaled_gaussian},
    {"sigmoid, Glorot", mote::Activation::sigmoid, mote::WeightInit::glorot_uniform},
    {"sigmoid, Glorot, batch norm", mote::Activation::sigmoid, mote::WeightInit::glorot_uniform, true},
    {"tanh, N(0, 0.01^2)", mote::Activation::tanh, {mote::WeightInit::gaussian, 0.01f}},
    {"tanh, Glorot", mote::Activation::tanh, mote::WeightInit::glorot_uniform},
    {"tanh, orthogonal", mote::Activation::tanh, mote::WeightInit::orthogonal},
    {"relu, Glorot", mote::Activation::relu, mote::WeightInit::glorot_uniform},
    {"relu, He", mote::Activation::relu, mote::WeightInit::he_normal},
    {"relu, orthogonal x sqrt 2", mote::Activation::relu, {mote::WeightInit::orthogonal, 1.41421356f}},
    {"relu, He, batch norm", mote::Activation::relu, mote::WeightInit::he_normal, true},
    {"relu, He x 1.5", mote::Activation::relu, {mote::WeightInit::he_normal, 1.5f}},
    {"relu, He x 1.5, clipped to 1", mote::Activation::relu, {mote::WeightInit::he_normal, 1.5f}, false, 1.0f},
    {"selu, N(0, 1/m)", mote::Activation::selu, mote::WeightInit::scaled_gaussian},
};
constexpr std::size_t kDepths[] = {1, 2, 5, 10, 20, 50};
constexpr float kRates[] = {0.1f, 0.03f, 0.01f, 0.003f};
constexpr std::uint32_t kWidth = 50;
constexpr std::size_t kTrainingImages = 10000, kValidationImages = 5000, kDiagnosed = 500;

/// One cell of both tables.
struct Outcome {
  double accuracy = 0.0;  // with the best learning rate; 0 where all diverge
  double size = 0.0;      // norm of the first layer's deltas at the start, relative to the output layer's
};

Outcome try_recipe(const Laboratory& laboratory, const Recipe& recipe, std::size_t depth) {
  const mote::Dataset train = laboratory.first_images(kTrainingImages);
  const mote::Dataset validation =
      laboratory.images.subset(laboratory.images.count - kValidationImages, kValidationImages);
  const mote::Topology topology =
      deep_network(train, depth, kWidth, recipe.activation, mote::Activation::softmax, recipe.batch_norm);
  mote::TrainingOptions options;
  options.batch_size = 32;
  options.memory_rows = 32;
  options.clip_norm = recipe.clip_norm;
  const std::size_t seeds = laboratory.seeds;
  Outcome outcome;
  for (const float rate : kRates) {
    options.optimizer = {mote::Optimizer::momentum, rate};
    double accuracy = 0.0;
    outcome.size = 0.0;
    for (std::size_t i = 0; i < seeds; ++i) {
      laboratory.progress(std::string(recipe.name) + ", " + std::to_string(depth) + " hidden layers, rate " +
                          std::to_string(rate));
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, train.count, {recipe.weights, mote::BiasInit::zero});
      const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(train.subset(0, kDiagnosed));
      const double share =
          static_cast<double>(layers.front().delta_norm) / static_cast<double>(layers.back().delta_norm);
      outcome.size += share / static_cast<double>(seeds);
      bool diverged = false;
      for (std::size_t epoch = 0; epoch < laboratory.epochs && !diverged; ++epoch) {
        diverged = !subject.trainer.train_epoch(train).ok();
      }
      if (!diverged) accuracy += validation_accuracy(subject.trainer, validation) / static_cast<double>(seeds);
    }
    outcome.accuracy = std::max(outcome.accuracy, accuracy);
  }
  return outcome;
}

}  // namespace

void measure_depth(Laboratory& laboratory) {
  constexpr std::size_t kTrain = 50000, kValidation = 10000, kMostHidden = 4;
  constexpr double kPublished[] = {96.48, 96.90, 96.57, 96.53};
  const std::size_t epochs = laboratory.epochs, seeds = laboratory.seeds;
  const mote::Dataset train = laboratory.first_images(kTrain + kValidation).subset(0, kTrain);
  const mote::Dataset validation = laboratory.images.subset(kTrain, kValidation);
  Table table{"depth",
              "Validation accuracy in % after " + std::to_string(epochs) + " epochs, " + std::to_string(seeds) +
                  " seeds; best_epoch: mean of the best epoch of each seed",
              {{"mean", 2}, {"deviation", 2}, {"lowest", 2}, {"highest", 2}, {"published", 2}, {"best_epoch", 2}},
              {}};
  LineChart chart;
  chart.title = "Validation accuracy in %, by hidden layers";
  chart.x_name = "layers";
  chart.series = {{"mean", {}}, {"published", {}}};
  for (std::size_t hidden = 1; hidden <= kMostHidden; ++hidden) {
    const mote::Topology topology =
        deep_network(train, hidden, 30, mote::Activation::sigmoid, mote::Activation::sigmoid);
    std::vector<double> last;
    double best = 0.0;
    for (std::size_t i = 0; i < seeds; ++i) {
      mote::TrainingOptions options;
      options.loss = mote::Loss::sigmoid_cross_entropy;
      options.optimizer = {mote::Optimizer::sgd, 0.1f};
      options.l2 = 5.0f / static_cast<float>(kTrain);
      options.batch_size = 10;
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, kTrain, kPublishedStart);
      double highest = 0.0, accuracy = 0.0;
      for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        laboratory.progress(sizes_of(topology) + ", seed " + std::to_string(options.seed) + ", epoch " +
                            std::to_string(epoch));
        require(subject.trainer.train_epoch(train));
        accuracy = kPercent * validation_accuracy(subject.trainer, validation);
        highest = std::max(highest, accuracy);
      }
      last.push_back(accuracy);
      best += highest / static_cast<double>(seeds);
    }
    double mean = 0.0, squares = 0.0;
    for (const double x : last) mean += x / static_cast<double>(seeds);
    for (const double x : last) squares += (x - mean) * (x - mean);
    const double deviation =
        seeds < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares / static_cast<double>(seeds - 1));
    table.rows.push_back({sizes_of(topology),
                          {mean, deviation, quantile(last, 0.0), quantile(last, 1.0), kPublished[hidden - 1], best}});
    chart.series[0].points.push_back({static_cast<double>(hidden), mean});
    chart.series[1].points.push_back({static_cast<double>(hidden), kPublished[hidden - 1]});
  }
  laboratory.add(table);
  laboratory.add(chart);
}

void measure_cures(Laboratory& laboratory) {
  Table accuracy{"cure_accuracy",
                 "Validation accuracy in % after " + std::to_string(laboratory.epochs) + " epochs of " +
                     std::to_string(kTrainingImages) + " images, by hidden layers of " + std::to_string(kWidth) +
                     " units (10: chance; 0: diverged)",
                 {},
                 {}};
  Table sizes{"cure_deltas",
              "Size of the first layer's deltas at the start, relative to the output layer's (1: nothing is lost)",
              {},
              {}};
  for (const std::size_t depth : kDepths) {
    accuracy.columns.push_back({std::to_string(depth), 1});
    sizes.columns.push_back({std::to_string(depth), 2, true});
  }
  for (const Recipe& recipe : kRecipes) {
    Row accuracies{recipe.name, {}}, shares{recipe.name, {}};
    for (const std::size_t depth : kDepths) {
      const Outcome outcome = try_recipe(laboratory, recipe, depth);
      accuracies.values.push_back(kPercent * outcome.accuracy);
      shares.values.push_back(outcome.size);
    }
    accuracy.rows.push_back(accuracies);
    sizes.rows.push_back(shares);
  }
  laboratory.add(accuracy);
  laboratory.note(
      "Momentum 0.9, mini-batches of 32, softmax with cross-entropy; the best of the learning rates 0.1, 0.03, 0.01 "
      "and 0.003.");
  laboratory.add(sizes);
  laboratory.add(chart_of(accuracy, "layers", false));
  laboratory.add(chart_of(sizes, "layers", true));
}

}  // namespace tools
