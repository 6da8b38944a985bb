// SPDX-License-Identifier: MIT
// Accuracy by depth, without and with cures.
#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

/// A combination of activation, initialization, optimizer, batch normalization and clipping.
struct Recipe {
  const char* name;
  mote::Activation activation;
  mote::InitialWeights weights;
  mote::Optimizer optimizer = mote::Optimizer::momentum;
  bool batch_norm = false;
  float clip_norm = 0.0f;
};

constexpr mote::Optimizer kMomentum = mote::Optimizer::momentum, kAdam = mote::Optimizer::adam;
const Recipe kRecipes[] = {
    {"sigmoid, N(0, 1/m)", mote::Activation::sigmoid, mote::WeightInit::scaled_gaussian},
    {"sigmoid, Glorot", mote::Activation::sigmoid, mote::WeightInit::glorot_uniform},
    {"sigmoid, Glorot, Adam", mote::Activation::sigmoid, mote::WeightInit::glorot_uniform, kAdam},
    {"sigmoid, Glorot, batch norm", mote::Activation::sigmoid, mote::WeightInit::glorot_uniform, kMomentum, true},
    {"tanh, N(0, 0.01^2)", mote::Activation::tanh, {mote::WeightInit::gaussian, 0.01f}},
    {"tanh, Glorot", mote::Activation::tanh, mote::WeightInit::glorot_uniform},
    {"tanh, Glorot, Adam", mote::Activation::tanh, mote::WeightInit::glorot_uniform, kAdam},
    {"tanh, orthogonal", mote::Activation::tanh, mote::WeightInit::orthogonal},
    {"relu, N(0, 0.01^2)", mote::Activation::relu, {mote::WeightInit::gaussian, 0.01f}},
    {"relu, Glorot", mote::Activation::relu, mote::WeightInit::glorot_uniform},
    {"relu, He", mote::Activation::relu, mote::WeightInit::he_normal},
    {"relu, He, Adam", mote::Activation::relu, mote::WeightInit::he_normal, kAdam},
    {"relu, orthogonal x sqrt 2", mote::Activation::relu, {mote::WeightInit::orthogonal, 1.41421356f}},
    {"relu, He, batch norm", mote::Activation::relu, mote::WeightInit::he_normal, kMomentum, true},
    {"relu, He x 1.5", mote::Activation::relu, {mote::WeightInit::he_normal, 1.5f}},
    {"relu, He x 1.5, clipped to 1",
     mote::Activation::relu,
     {mote::WeightInit::he_normal, 1.5f},
     kMomentum,
     false,
     1.0f},
    {"selu, N(0, 1/m)", mote::Activation::selu, mote::WeightInit::scaled_gaussian},
};
constexpr std::size_t kDepths[] = {1, 5, 20, 100};
constexpr std::uint32_t kWidth = 50;
constexpr std::size_t kTrainingImages = 10000, kDiagnosed = 500;

/// Results of a recipe for one depth.
struct Outcome {
  double mean = 0.0, lowest = 0.0, highest = 0.0;  // accuracy in %, with the best learning rate; 0: diverged
  double size = 0.0;                               // norm of the first layer's deltas relative to the output layer's
};

class Kitchen {
 public:
  Kitchen(const Laboratory& laboratory)
      : laboratory_(laboratory),
        train_(laboratory.first_images(laboratory.quick ? 2000 : kTrainingImages)),
        validation_(laboratory.last_images(kValidationImages)) {}

  /// Chooses the learning rate by an epoch with the first seed, then trains with each seed.
  Outcome cook(const Recipe& recipe, std::size_t depth) const {
    const bool is_adam = recipe.optimizer == kAdam;
    std::vector<float> rates =
        is_adam ? std::vector<float>{0.01f, 0.001f} : std::vector<float>{0.1f, 0.03f, 0.01f, 0.003f};
    if (laboratory_.quick) rates = {is_adam ? 0.003f : 0.03f};
    float best_rate = rates.front();
    Outcome outcome;
    double best = 0.0;
    for (const float rate : rates) {
      if (rates.size() == 1) break;
      const double accuracy = accuracy_of(recipe, depth, rate, 1, 0, outcome.size);
      if (accuracy > best) best_rate = rate, best = accuracy;
    }
    std::vector<double> accuracies;
    for (std::size_t i = 0; i < laboratory_.seeds; ++i) {
      accuracies.push_back(accuracy_of(recipe, depth, best_rate, laboratory_.epochs, i, outcome.size));
    }
    outcome.mean = mean(accuracies);
    outcome.lowest = quantile(accuracies, 0.0);
    outcome.highest = quantile(accuracies, 1.0);
    return outcome;
  }

 private:
  double accuracy_of(const Recipe& recipe, std::size_t depth, float rate, std::size_t epochs, std::size_t seed,
                     double& size) const {
    laboratory_.progress(
        format("%s, %zu hidden layers, rate %g, seed %zu", recipe.name, depth, static_cast<double>(rate), seed + 1));
    const mote::Topology topology =
        deep_network(train_, depth, kWidth, recipe.activation, mote::Activation::softmax, recipe.batch_norm);
    mote::TrainingOptions options;
    options.batch_size = 32;
    options.memory_rows = 32;
    options.clip_norm = recipe.clip_norm;
    options.optimizer = {recipe.optimizer, rate};
    options.seed = laboratory_.seed + seed;
    Subject subject(laboratory_, topology, options, train_.count, {recipe.weights, mote::BiasInit::zero});
    const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(train_.subset(0, kDiagnosed));
    size = static_cast<double>(layers.front().delta_norm) / static_cast<double>(layers.back().delta_norm);
    if (!tools::train(subject, train_, epochs)) return 0.0;
    return percent_right(evaluate(subject, validation_));
  }

  const Laboratory& laboratory_;
  mote::Dataset train_, validation_;
};

/// A chart of the recipes with an activation; SELU is drawn beside ReLU.
void add_charts_of(Laboratory& laboratory, const Table& table, const char* quantity, bool logarithmic,
                   const std::string& activation) {
  Table some = table;
  const auto is_other = [&](const Row& row) {
    const bool is_selu = row.name.rfind("selu", 0) == 0;
    return row.name.rfind(activation, 0) != 0 && !(is_selu && activation == "relu");
  };
  some.rows.erase(std::remove_if(some.rows.begin(), some.rows.end(), is_other), some.rows.end());
  some.title = activation + ": " + table.title;
  for (Row& row : some.rows) {
    if (row.name.rfind(activation + ", ", 0) == 0) row.name.erase(0, activation.size() + 2);
  }
  LineChart chart = chart_of(some, "hidden layers", quantity, logarithmic);
  chart.x_scale = Scale::logarithmic;
  laboratory.add(chart);
}

}  // namespace

void measure_depth(Laboratory& laboratory) {
  constexpr std::size_t kTrain = 50000, kValidation = 10000, kMostHidden = 4;
  constexpr double kPublished[] = {96.48, 96.90, 96.57, 96.53};
  const std::size_t epochs = laboratory.epochs, seeds = laboratory.seeds;
  const mote::Dataset train = laboratory.first_images(kTrain + kValidation).subset(0, kTrain);
  const mote::Dataset validation = laboratory.images.subset(kTrain, kValidation);
  Table table{"depth",
              "Validation accuracy in % after " + counted(epochs, "epoch") + ", " + counted(seeds, "seed") +
                  "; best_epoch: mean of the best epoch of each seed",
              {{"mean", 2}, {"deviation", 2}, {"lowest", 2}, {"highest", 2}, {"published", 2}, {"best_epoch", 2}},
              {}};
  LineChart chart;
  chart.title = "Validation accuracy in %, by hidden layers";
  chart.x_name = "hidden layers";
  chart.y_name = "accuracy, %";
  chart.series = {{"mean", {}}, {"lowest", {}}, {"highest", {}}, {"published", {}, false}};
  for (std::size_t hidden = 1; hidden <= kMostHidden; ++hidden) {
    const mote::Topology topology =
        deep_network(train, hidden, 30, mote::Activation::sigmoid, mote::Activation::sigmoid);
    std::vector<double> last, best;
    for (std::size_t i = 0; i < seeds; ++i) {
      mote::TrainingOptions options;
      options.loss = mote::Loss::sigmoid_cross_entropy;
      options.optimizer = {mote::Optimizer::sgd, 0.1f};
      options.l2 = 5.0f / static_cast<float>(kTrain);
      options.batch_size = 10;
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, kTrain, kPublishedStart);
      std::vector<double> accuracies;
      for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        laboratory.progress(format("%s, seed %zu, epoch %zu", sizes_of(topology).c_str(), i + 1, epoch));
        require(subject.trainer.train_epoch(train));
        accuracies.push_back(percent_right(evaluate(subject, validation)));
      }
      last.push_back(accuracies.back());
      best.push_back(quantile(accuracies, 1.0));
    }
    const double lowest = quantile(last, 0.0), highest = quantile(last, 1.0);
    table.rows.push_back(
        {sizes_of(topology), {mean(last), deviation(last), lowest, highest, kPublished[hidden - 1], mean(best)}});
    const double values[] = {mean(last), lowest, highest, kPublished[hidden - 1]};
    for (std::size_t s = 0; s < 4; ++s) chart.series[s].points.push_back({static_cast<double>(hidden), values[s]});
  }
  laboratory.add(table);
  laboratory.add(chart);
  const double two = table.rows[1].values[0], four = table.rows[kMostHidden - 1].values[0];
  laboratory.say(four < two,
                 format("four hidden layers reach %.2f %%, two %.2f %%: deeper is not better here, although a "
                        "deep network can represent every function of a shallower one.",
                        four, two));
}

void measure_cures(Laboratory& laboratory) {
  const Kitchen kitchen(laboratory);
  const std::size_t depths = laboratory.quick ? 3 : std::size(kDepths);
  Table accuracy{
      "cure_accuracy",
      format("Validation accuracy in %% after %zu epochs, by hidden layers of %u units (10: chance; 0: diverged)",
             laboratory.epochs, kWidth),
      {},
      {}};
  Table spread{"cure_spread", "Highest less lowest accuracy of the seeds, in %", {}, {}};
  Table sizes{"cure_deltas",
              "Size of the first layer's deltas at the start, relative to the output layer's (1: nothing is lost)",
              {},
              {}};
  for (std::size_t d = 0; d < depths; ++d) {
    accuracy.columns.push_back({std::to_string(kDepths[d]), 1});
    sizes.columns.push_back({std::to_string(kDepths[d]), 2, true});
  }
  spread.columns = accuracy.columns;
  std::size_t small = 0, small_fail = 0, sound = 0, sound_train = 0;  // recipes of 5 layers by size of deltas
  for (const Recipe& recipe : kRecipes) {
    Row accuracies{recipe.name, {}}, spreads{recipe.name, {}}, shares{recipe.name, {}};
    for (std::size_t d = 0; d < depths; ++d) {
      const Outcome outcome = kitchen.cook(recipe, kDepths[d]);
      accuracies.values.push_back(outcome.mean);
      spreads.values.push_back(outcome.highest - outcome.lowest);
      shares.values.push_back(outcome.size);
      if (kDepths[d] == 1 || recipe.optimizer == kAdam) continue;
      const bool is_small = outcome.size<1e-3, is_sound = outcome.size> 0.1 && outcome.size < 10.0;
      small += is_small ? 1 : 0;
      small_fail += is_small && outcome.mean < 50.0 ? 1 : 0;
      sound += is_sound ? 1 : 0;
      sound_train += is_sound && outcome.mean >= 50.0 ? 1 : 0;
    }
    accuracy.rows.push_back(accuracies);
    spread.rows.push_back(spreads);
    sizes.rows.push_back(shares);
  }
  laboratory.add(accuracy);
  if (laboratory.seeds > 1) laboratory.add(spread);
  laboratory.add(sizes);
  laboratory.note(laboratory.quick
                      ? "Momentum 0.9 with learning rate 0.03, Adam with 0.003; mini-batches of 32, softmax."
                      : "Mini-batches of 32, softmax with cross-entropy, 10,000 images. Momentum 0.9 unless "
                        "Adam is named. Learning rate: of 0.1, 0.03, 0.01 and 0.003 (Adam: 0.01 and 0.001) the "
                        "best after an epoch with the first seed.");
  for (const char* activation : {"sigmoid", "tanh", "relu"}) {
    add_charts_of(laboratory, accuracy, "accuracy, %", false, activation);
    add_charts_of(laboratory, sizes, "first / output delta", true, activation);
  }
  laboratory.say(
      2 * small_fail > small,
      format("with momentum, %zu of %zu networks of 5 or more layers whose first deltas are below 1/1000 of the "
             "last stay below 50 %%.",
             small_fail, small));
  laboratory.say(2 * sound_train > sound,
                 format("%zu of %zu networks whose deltas keep their size to a factor of 10 reach 50 %% or more.",
                        sound_train, sound));
  const auto of = [&](const char* name, std::size_t depth) {
    const auto row =
        std::find_if(accuracy.rows.begin(), accuracy.rows.end(), [&](const Row& r) { return r.name == name; });
    return row->values[depth];
  };
  const double by_adam = of("sigmoid, Glorot, Adam", 1), by_momentum = of("sigmoid, Glorot", 1);
  laboratory.say(
      by_adam > by_momentum + 10.0,
      format("the optimizer is a cure as well: five sigmoid layers from Glorot's start reach %.1f %% with Adam, "
             "%.1f %% with momentum.",
             by_adam, by_momentum));
  const double alone = of("relu, Glorot", 2), with_he = of("relu, He", 2);
  laboratory.say(
      with_he > alone + 5.0,
      format("ReLU alone is no cure: 20 layers reach %.1f %% from Glorot's start, %.1f %% from He's.", alone, with_he));
}

}  // namespace tools
