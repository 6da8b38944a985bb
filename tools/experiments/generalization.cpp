// SPDX-License-Identifier: MIT
// Overfitting, and what helps: penalties and early stopping.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr std::size_t kObservations = 50, kFeatures = 100, kRelevant = 5, kNew = 500;

/// Result of a linear regression. Errors: mean squares in % of the variance of the targets.
struct Fit {
  double training, error, near_zero, norm;
};

/// Fits y = 2 times the sum of the first features + noise N(0, 1) with all features. The variance of y is 21.
Fit fit_sparse(const Laboratory& laboratory, float l2, float l1, std::uint64_t seed) {
  constexpr double kVariance = 4.0 * kRelevant + 1.0;
  mote::Random random(seed, mote::Stream::bootstrap);
  std::vector<float> inputs, targets;
  for (std::size_t i = 0; i < kObservations + kNew; ++i) {
    float y = random.gaussian();
    for (std::size_t f = 0; f < kFeatures; ++f) {
      inputs.push_back(random.gaussian());
      if (f < kRelevant) y += 2.0f * inputs.back();
    }
    targets.push_back(y);
  }
  const auto rows = [&](std::size_t first, std::size_t count) {
    return mote::Dataset(mote::Inputs(inputs.data() + first * kFeatures, count, kFeatures),
                         mote::MatrixView{targets.data() + first, count, 1, 1});
  };
  mote::Topology topology;
  topology.inputs = kFeatures;
  require(topology.add({1}));
  mote::TrainingOptions options;
  options.loss = mote::Loss::quadratic;
  options.optimizer = {mote::Optimizer::sgd, 0.02f};
  options.batch_size = kObservations;
  options.l2 = l2;
  options.l1 = l1;
  options.seed = seed;
  Subject subject(laboratory, topology, options, kObservations, kGlorotStart);
  const mote::Dataset observed = rows(0, kObservations);
  train_or_throw(subject, observed, laboratory.epochs);
  Fit fit{};
  const auto error = [&](const mote::Dataset& of) {  // the loss is half the mean square
    return 100.0 * 2.0 * static_cast<double>(evaluate(subject, of).mean_loss()) / kVariance;
  };
  fit.training = error(observed);
  fit.error = error(rows(kObservations, kNew));
  for (std::size_t f = 0; f < kFeatures; ++f) {
    const double w = static_cast<double>(subject.trainer.parameters()[f * topology.stride_of(0)]);
    fit.near_zero += std::fabs(w) < 0.02 ? 100.0 / kFeatures : 0.0;
    fit.norm += w * w;
  }
  fit.norm = std::sqrt(fit.norm);
  return fit;
}

}  // namespace

void measure_penalties(Laboratory& laboratory) {
  constexpr float kAmounts[] = {1e-3f, 1e-2f, 3e-2f, 1e-1f, 3e-1f, 1.0f};
  Table table{
      "penalties",
      format("Linear regression, %zu observations of %zu features, of which %zu count: error in %% of the variance "
             "after %zu epochs",
             kObservations, kFeatures, kRelevant, laboratory.epochs),
      {{"training", 2}, {"new", 2}, {"lowest", 2}, {"highest", 2}, {"near_0_%", 1}, {"|w|", 2}},
      {}};
  LineChart chart;
  chart.title = "Error on new observations in % of the variance, by amount of penalty";
  chart.x_name = "amount";
  chart.y_name = "error, % of the variance";
  chart.x_scale = Scale::logarithmic;
  chart.series = {{"L2", {}}, {"L1", {}}, {"none", {}}};
  const auto measure = [&](const std::string& name, float l2, float l1) {
    std::vector<double> training, errors, zeros, norms;
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      laboratory.progress(name);
      const Fit fit = fit_sparse(laboratory, l2, l1, laboratory.seed + i);
      training.push_back(fit.training);
      errors.push_back(fit.error);
      zeros.push_back(fit.near_zero);
      norms.push_back(fit.norm);
    }
    table.rows.push_back({name,
                          {median(training), median(errors), quantile(errors, 0.0), quantile(errors, 1.0),
                           median(zeros), median(norms)}});
    return median(errors);
  };
  const double none = measure("none", 0.0f, 0.0f);
  for (const std::size_t kind : {0u, 1u}) {
    for (const float amount : kAmounts) {
      const double x = static_cast<double>(amount);
      const std::string name = format("%s %g", kind == 0 ? "L2" : "L1", x);
      chart.series[kind].points.push_back({x, measure(name, kind == 0 ? amount : 0.0f, kind == 1 ? amount : 0.0f)});
      if (kind == 0) chart.series[2].points.push_back({x, none});
    }
  }
  laboratory.add(table);
  laboratory.note(
      "L2 adds amount / 2 times the sum of squares, L1 amount times the sum of absolute values; one text gives L1 "
      "a factor 1/2 too, which halves its amounts (slip). near_0: |w| < 0.02.");
  laboratory.add(chart);
  const auto best = [&](std::size_t first) {
    const auto begin = table.rows.begin() + static_cast<std::ptrdiff_t>(first);
    return *std::min_element(begin, begin + std::size(kAmounts),
                             [](const Row& a, const Row& b) { return a.values[1] < b.values[1]; });
  };
  const Row l2 = best(1), l1 = best(1 + std::size(kAmounts));
  laboratory.say(
      l2.values[1] < none,
      format("without a penalty the fit is exact (training error %.2f %%) and the error on new observations "
             "%.0f %%; %s shrinks the weights from %.2f to %.2f and the error to %.0f %%.",
             table.rows[0].values[0], none, l2.name.c_str(), table.rows[0].values[5], l2.values[5], l2.values[1]));
  laboratory.say(
      l1.values[1] < 0.5 * l2.values[1] && l1.values[4] > l2.values[4] + 20.0,
      format("%s finds the few features that count: %.0f %% of its weights are near 0 (%s: %.0f %%), and its error "
             "is %.1f %%.",
             l1.name.c_str(), l1.values[4], l2.name.c_str(), l2.values[4], l1.values[1]));
}

void measure_overfitting(Laboratory& laboratory) {
  const mote::Dataset images = laboratory.first_images(1000), validation = laboratory.last_images(kValidationImages);
  const mote::Topology topology = deep_network(images, 1, 100, mote::Activation::relu, mote::Activation::softmax);
  Table table{
      "overfitting",
      format("%s, %zu images: epoch of the lowest validation loss, losses and validation errors in %% there and "
             "after %zu epochs",
             sizes_of(topology).c_str(), images.count, laboratory.epochs),
      {{"epoch", 0},
       {"training", 4},
       {"validation", 4},
       {"error", 2},
       {"training_end", 4},
       {"validation_end", 4},
       {"error_end", 2}},
      {}};
  LineChart chart;
  chart.title = format("Training and validation loss, seed %llu", static_cast<unsigned long long>(laboratory.seed));
  chart.x_name = "epoch";
  chart.y_name = "loss";
  chart.series = {{"training", {}}, {"validation", {}}};
  chart.mark_name = "lowest";
  std::size_t turned = 0;
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    laboratory.progress(format("seed %zu", i + 1));
    mote::TrainingOptions options;
    options.optimizer = {mote::Optimizer::momentum, 0.02f};
    options.batch_size = 20;
    options.seed = laboratory.seed + i;
    Subject subject(laboratory, topology, options, images.count, kHeStart);
    std::vector<double> losses[2], errors;
    for (std::size_t epoch = 1; epoch <= laboratory.epochs; ++epoch) {
      require(subject.trainer.train_epoch(images));
      losses[0].push_back(static_cast<double>(evaluate(subject, images).mean_loss()));
      const mote::LossTotals totals = evaluate(subject, validation);
      losses[1].push_back(static_cast<double>(totals.mean_loss()));
      errors.push_back(percent_wrong(totals));
    }
    const std::size_t best =
        static_cast<std::size_t>(std::min_element(losses[1].begin(), losses[1].end()) - losses[1].begin());
    table.rows.push_back({"seed " + std::to_string(options.seed),
                          {static_cast<double>(best + 1), losses[0][best], losses[1][best], errors[best],
                           losses[0].back(), losses[1].back(), errors.back()}});
    turned += losses[1].back() > losses[1][best] && losses[0].back() < losses[0][best] ? 1 : 0;
    if (i != 0) continue;
    chart.mark = static_cast<double>(best + 1);
    for (std::size_t s = 0; s < 2; ++s) {
      for (std::size_t e = 0; e < losses[s].size(); ++e) {
        chart.series[s].points.push_back({static_cast<double>(e + 1), losses[s][e]});
      }
    }
  }
  laboratory.add(table);
  laboratory.add(chart);
  laboratory.say(
      turned == laboratory.seeds,
      format("with every seed the validation loss turns (at epoch %.0f with the first) and rises while the training "
             "loss still falls: early stopping keeps the parameters of the turn.",
             table.rows[0].values[0]));
}

}  // namespace tools
