// SPDX-License-Identifier: MIT
// Overfitting and what helps: penalties, early stopping, bagging, dropout.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/names.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr double kPercent = 100.0;
constexpr std::size_t kValidationImages = 5000;
const Start kGlorotStart{mote::WeightInit::glorot_uniform, mote::BiasInit::zero};
const Start kHeStart{mote::WeightInit::he_normal, mote::BiasInit::zero};

double error_of(Subject& subject, const mote::Dataset& images) {
  return kPercent * (1.0 - static_cast<double>(evaluate(subject, images).accuracy()));
}

/// Error in % of summed outputs, [count][classes].
double error_of(const std::vector<double>& sums, const mote::Dataset& images) {
  std::size_t wrong = 0;
  const std::ptrdiff_t classes = static_cast<std::ptrdiff_t>(images.classes);
  for (std::size_t i = 0; i < images.count; ++i) {
    const auto row = sums.begin() + static_cast<std::ptrdiff_t>(i) * classes;
    wrong += std::max_element(row, row + classes) - row != images.labels[i] ? 1 : 0;
  }
  return kPercent * static_cast<double>(wrong) / static_cast<double>(images.count);
}

void add_to(std::vector<double>& sums, const std::vector<float>& outputs) {
  sums.resize(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) sums[i] += static_cast<double>(outputs[i]);
}

/// Trains; throws an Error where training diverges.
void train_or_throw(Subject& subject, const mote::Dataset& images, std::size_t epochs) {
  if (!train(subject, images, epochs)) throw Error("training diverged; choose another --seed or fewer --epochs");
}

/// Errors of the mean of 1 to 100 networks that dropout with rate 0.5 thins, and of the whole network.
void draw_thinned(Subject& subject, const mote::Dataset& images, LineChart& chart) {
  constexpr std::size_t kNetworks = 100;
  const mote::Topology& topology = subject.trainer.topology();
  std::vector<float> inputs(images.count * images.features), outputs(images.count * images.classes);
  require(mote::gather(images, nullptr, 0, images.count, inputs.data()));
  mote::Backpropagation engine;
  require(engine.bind(topology, images.count, subject.scratch()));
  std::vector<double> sums;
  const double whole = error_of(subject, images);
  for (std::size_t n = 1; n <= kNetworks; ++n) {
    engine.set_dropout({0.5f, mote::dropout_key(n)});
    engine.forward(subject.trainer.parameters().data(), inputs.data(), images.count);
    const mote::MatrixView z = engine.pre_activations(topology.layer_count - 1);
    for (std::size_t i = 0; i < images.count; ++i) {
      const mote::Span<const float> row = z.row(i);
      const float highest = *std::max_element(row.begin(), row.end());
      float sum = 0.0f;
      for (const float x : row) sum += std::exp(x - highest);
      for (std::size_t j = 0; j < row.size(); ++j) outputs[i * row.size() + j] = std::exp(row[j] - highest) / sum;
    }
    add_to(sums, outputs);
    const bool is_drawn = n <= 5 || n % 10 == 0;
    if (is_drawn) chart.series[0].points.push_back({static_cast<double>(n), error_of(sums, images)});
    if (is_drawn) chart.series[1].points.push_back({static_cast<double>(n), whole});
  }
}

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
    return kPercent * 2.0 * static_cast<double>(evaluate(subject, of).mean_loss()) / kVariance;
  };
  fit.training = error(observed);
  fit.error = error(rows(kObservations, kNew));
  for (std::size_t f = 0; f < kFeatures; ++f) {
    const double w = static_cast<double>(subject.trainer.parameters()[f * topology.stride_of(0)]);
    fit.near_zero += std::fabs(w) < 0.02 ? kPercent / kFeatures : 0.0;
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
      errors.push_back(kPercent * (1.0 - static_cast<double>(totals.accuracy())));
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

void measure_bagging(Laboratory& laboratory) {
  const std::size_t members = laboratory.quick ? 5 : 30;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 500 : 2000);
  const mote::Dataset validation = laboratory.last_images(kValidationImages);
  constexpr std::size_t kCounts[] = {1, 2, 3, 5, 10, 20, 30};
  Table table{"bagging", format("Validation error in %% of the mean of 1 to %zu members", members), {}, {}};
  for (const std::size_t count : kCounts) {
    if (count <= members) table.columns.push_back({std::to_string(count), 2});
  }
  table.columns.push_back({"one", 2});
  LineChart chart;
  chart.title = "Validation error in % by number of members";
  chart.x_name = "members";
  for (const char* kind : {"bootstrap samples", "all images", "all images, shapes"}) {
    const bool bootstraps = kind[0] == 'b', varies = std::string(kind) == "all images, shapes";
    std::vector<double> sums, errors, single;
    for (std::size_t member = 0; member < members; ++member) {
      laboratory.progress(format("%s, member %zu", kind, member + 1));
      constexpr std::uint32_t kWidths[] = {30, 50, 20};
      constexpr mote::Activation kShapes[] = {mote::Activation::tanh, mote::Activation::relu,
                                              mote::Activation::sigmoid};
      const std::size_t shape = varies ? member % 3 : 0;
      mote::TrainingOptions options;
      options.optimizer = {mote::Optimizer::momentum, 0.03f};
      options.batch_size = 20;
      options.bootstrap = bootstraps;
      options.seed = mote::derived_seed(laboratory.seed, member);
      const mote::Topology topology =
          deep_network(images, varies && shape == 1 ? 2 : 1, kWidths[shape], kShapes[shape], mote::Activation::softmax);
      Subject subject(laboratory, topology, options, images.count, kGlorotStart);
      train_or_throw(subject, images, laboratory.epochs);
      add_to(sums, outputs_of(subject, validation));
      errors.push_back(error_of(sums, validation));
      single.push_back(error_of(subject, validation));
    }
    Row row{kind, {}};
    for (const std::size_t count : kCounts) {
      if (count <= members) row.values.push_back(errors[count - 1]);
    }
    row.values.push_back(median(single));
    table.rows.push_back(row);
    chart.series.push_back({kind, {}});
    for (std::size_t m = 0; m < members; ++m)
      chart.series.back().points.push_back({static_cast<double>(m + 1), errors[m]});
  }
  laboratory.add(table);
  laboratory.note(
      "one: median error of single members. Members: 784-30-10 with tanh; shapes: in turn 784-30-10 with tanh, "
      "784-50-50-10 with relu, 784-20-10 with sigmoid.");
  laboratory.add(chart);
  for (const Row& row : table.rows) {
    const double one = row.values.back(), all = row.values[row.values.size() - 2];
    laboratory.say(all < one, format("%s: %zu members have %.2f %% errors, a single one %.2f %%.", row.name.c_str(),
                                     members, all, one));
  }
}

void measure_dropout(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 2;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 300 : 1000);
  const mote::Dataset validation = laboratory.last_images(laboratory.quick ? 1000 : kValidationImages);
  const mote::Topology topology = deep_network(images, kHidden, 100, mote::Activation::relu, mote::Activation::softmax);
  constexpr float kRates[] = {0.0f, 0.1f, 0.3f, 0.5f, 0.7f, 0.9f};
  struct Case {
    std::string name;
    float rates[kHidden];
  };
  std::vector<Case> cases;
  for (const float rate : kRates) cases.push_back({format("%g", static_cast<double>(rate)), {rate, rate}});
  cases.push_back({"0.5, 0", {0.5f, 0.0f}});
  cases.push_back({"0, 0.5", {0.0f, 0.5f}});
  Table table{
      "dropout",
      format("%s, %zu images, %zu epochs: losses, and validation error in %%, by dropout rate (of layer 1, layer 2)",
             sizes_of(topology).c_str(), images.count, laboratory.epochs),
      {{"training", 4}, {"validation", 4}, {"error", 2}, {"lowest", 2}, {"highest", 2}},
      {}};
  LineChart chart, ensemble;
  chart.title = "Losses by dropout rate of the hidden layers";
  chart.x_name = "rate";
  chart.x_scale = Scale::linear;
  chart.series = {{"training", {}}, {"validation", {}}};
  ensemble.title = "Rate 0.5: validation error in % of the mean of thinned networks, and of the whole network";
  ensemble.x_name = "networks";
  ensemble.x_scale = Scale::logarithmic;
  ensemble.series = {{"mean of thinned", {}}, {"whole", {}}};
  for (const Case& c : cases) {
    std::vector<double> training, losses, errors;
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      laboratory.progress("rate " + c.name + format(", seed %zu", i + 1));
      mote::TrainingOptions options;
      options.optimizer = {mote::Optimizer::adam, 0.001f};
      options.batch_size = 20;
      options.layer_dropout = c.rates;
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, images.count, kHeStart);
      train_or_throw(subject, images, laboratory.epochs);
      training.push_back(static_cast<double>(evaluate(subject, images).mean_loss()));
      losses.push_back(static_cast<double>(evaluate(subject, validation).mean_loss()));
      errors.push_back(error_of(subject, validation));
      if (c.name == "0.5" && i == 0) draw_thinned(subject, validation.subset(0, 1000), ensemble);
    }
    table.rows.push_back(
        {"rate " + c.name,
         {median(training), median(losses), median(errors), quantile(errors, 0.0), quantile(errors, 1.0)}});
    if (c.rates[0] != c.rates[1]) continue;
    for (std::size_t s = 0; s < 2; ++s) {
      chart.series[s].points.push_back({static_cast<double>(c.rates[0]), table.rows.back().values[s]});
    }
  }
  laboratory.add(table);
  laboratory.add(chart);
  laboratory.add(ensemble);
  const auto of = [&](std::size_t row) { return table.rows[row].values; };
  const auto best = std::min_element(table.rows.begin(), table.rows.begin() + 6,
                                     [](const Row& a, const Row& b) { return a.values[1] < b.values[1]; });
  laboratory.say(
      best->values[1] < of(0)[1] && best->name != "rate 0.1",
      format("%s has the lowest validation loss, %.3f (without dropout %.3f, with 0.1 %.3f): a low rate changes "
             "little. Its errors are %.2f %%, without dropout %.2f %%.",
             best->name.c_str(), best->values[1], of(0)[1], of(1)[1], best->values[2], of(0)[2]));
  laboratory.say(
      of(5)[2] > best->values[2] && of(5)[0] > of(3)[0],
      format("too high a rate underfits: at 0.9 the training loss is %.3f, at 0.5 %.3f, and errors are %.2f %%.",
             of(5)[0], of(3)[0], of(5)[2]));
  const std::vector<Point>& thinned = ensemble.series[0].points;
  const double whole = ensemble.series[1].points[0].y;
  laboratory.say(
      thinned.front().y > whole && std::fabs(thinned.back().y - whole) < 0.5 * (thinned.front().y - whole),
      format("an ensemble in disguise: one thinned network has %.1f %% errors, the mean of %.0f has %.1f %%, and "
             "the whole network at once %.1f %%.",
             thinned.front().y, thinned.back().x, thinned.back().y, whole));
}

}  // namespace tools
