// SPDX-License-Identifier: MIT
// Learning rates, batch sizes and optimizers on MNIST.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>

#include "common/error.hpp"
#include "common/names.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Options of a training, and its results.
struct Training {
  std::string name;
  mote::TrainingOptions options;
  std::vector<std::vector<double>> losses = {};  // of each seed, by epoch from 0; NaN after a divergence
  std::vector<double> accuracies = {};           // on validation images, in %; 0: diverged
  std::vector<double> seconds = {};              // of the first seed, by epoch: processor time
};

double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

/// Trains with every seed; losses are on the first images.
void run(const Laboratory& laboratory, const mote::Topology& topology, const mote::Dataset& images, const Start& start,
         Training& training) {
  const mote::Dataset measured = images.subset(0, std::min<std::size_t>(images.count, 2000));
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    laboratory.progress(training.name + ", seed " + std::to_string(i + 1));
    training.options.seed = laboratory.seed + i;
    Subject subject(laboratory, topology, training.options, images.count, start);
    std::vector<double> losses = {static_cast<double>(evaluate(subject, measured).mean_loss())};
    bool is_sound = true;
    double seconds = 0.0;
    if (i == 0) training.seconds.push_back(0.0);
    for (std::size_t epoch = 0; epoch < laboratory.epochs; ++epoch) {
      const double before = processor_seconds();
      is_sound = is_sound && train(subject, images, 1);
      seconds += processor_seconds() - before;
      if (i == 0) training.seconds.push_back(seconds);
      losses.push_back(is_sound ? static_cast<double>(evaluate(subject, measured).mean_loss()) : kMissing);
      is_sound = is_sound && std::isfinite(losses.back());
    }
    training.losses.push_back(losses);
    const mote::Dataset validation = laboratory.last_images(kValidationImages);
    training.accuracies.push_back(is_sound ? percent_right(evaluate(subject, validation)) : 0.0);
  }
}

/// Median loss over seeds after an epoch; NaN if most diverged.
double loss_after(const Training& training, std::size_t epoch) {
  std::vector<double> losses;
  for (const std::vector<double>& of_seed : training.losses) {
    losses.push_back(std::isnan(of_seed[epoch]) ? std::numeric_limits<double>::infinity() : of_seed[epoch]);
  }
  const double middle = median(losses);
  return std::isfinite(middle) ? middle : kMissing;
}

void tabulate(Laboratory& laboratory, const std::string& key, const std::string& title,
              const std::vector<Training>& trainings) {
  Table table{key, title, {{"loss", 4}, {"accuracy", 2}, {"lowest", 2}, {"highest", 2}}, {}};
  for (const Training& training : trainings) {
    table.rows.push_back({training.name,
                          {loss_after(training, laboratory.epochs), median(training.accuracies),
                           quantile(training.accuracies, 0.0), quantile(training.accuracies, 1.0)}});
  }
  laboratory.add(table);
}

LineChart curves_of(const std::string& title, const std::vector<Training>& trainings) {
  LineChart chart;
  chart.title = title;
  chart.x_name = "epoch";
  chart.y_name = "training loss";
  chart.logarithmic = true;
  for (const Training& training : trainings) {
    chart.series.push_back({training.name, {}});
    for (std::size_t epoch = 0; epoch < training.losses[0].size(); ++epoch) {
      chart.series.back().points.push_back({static_cast<double>(epoch), loss_after(training, epoch)});
    }
  }
  return chart;
}

mote::TrainingOptions options_with(const mote::OptimizerOptions& optimizer, std::size_t batch) {
  mote::TrainingOptions options;
  options.optimizer = optimizer;
  options.batch_size = batch;
  return options;
}

double accuracy_of(const Training& training) {
  return median(training.accuracies);
}

}  // namespace

void measure_rates(Laboratory& laboratory) {
  using mote::Optimizer;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 2000 : 10000);
  const mote::Topology topology = deep_network(images, 2, 30, mote::Activation::tanh, mote::Activation::softmax);
  std::vector<Training> rates = {{"low, 0.001", options_with({Optimizer::sgd, 0.001f}, 10)},
                                 {"good, 0.1", options_with({Optimizer::sgd, 0.1f}, 10)},
                                 {"high, 1", options_with({Optimizer::sgd, 1.0f}, 10)},
                                 {"very high, 10", options_with({Optimizer::sgd, 10.0f}, 10)}};
  std::vector<Training> methods = {{"sgd", options_with({Optimizer::sgd, 0.01f}, 10)},
                                   {"momentum", options_with({Optimizer::momentum, 0.01f}, 10)},
                                   {"nesterov", options_with({Optimizer::nesterov, 0.01f}, 10)},
                                   {"adagrad", options_with({Optimizer::adagrad, 0.01f}, 10)},
                                   {"rmsprop", options_with({Optimizer::rmsprop, 0.001f}, 10)},
                                   {"adam", options_with({Optimizer::adam, 0.001f}, 10)}};
  for (Training& training : rates) run(laboratory, topology, images, kGlorotStart, training);
  for (Training& training : methods) run(laboratory, topology, images, kGlorotStart, training);
  const std::string network = sizes_of(topology) + ", tanh, mini-batches of 10: ";
  tabulate(laboratory, "rates", network + "training loss and validation accuracy in % by learning rate of sgd", rates);
  laboratory.add(curves_of("Training loss by learning rate of gradient descent", rates));
  tabulate(laboratory, "methods", network + "sgd, momentum, nesterov and adagrad with rate 0.01, the others with 0.001",
           methods);
  laboratory.add(curves_of("Training loss by optimizer", methods));
  const double good = loss_after(rates[1], laboratory.epochs);
  laboratory.say(loss_after(rates[0], laboratory.epochs) > 1.5 * good,
                 format("low: after %zu epochs the loss is %.3f, with the good rate %.3f: it falls slowly.",
                        laboratory.epochs, loss_after(rates[0], laboratory.epochs), good));
  laboratory.say(loss_after(rates[2], laboratory.epochs) > 1.5 * good,
                 format("high: the loss stays at %.2f: steps overshoot and do not settle.",
                        loss_after(rates[2], laboratory.epochs)));
  const double very_high = loss_after(rates[3], laboratory.epochs), start = loss_after(rates[3], 0);
  laboratory.say(!(very_high < start),
                 std::isnan(very_high)
                     ? "very high: training diverges."
                     : format("very high: the loss rises from %.2f at the start to %.2f.", start, very_high));
  const double plain = loss_after(methods[0], 1), with_momentum = loss_after(methods[1], 1);
  laboratory.say(with_momentum < plain,
                 format("with equal rates, the first epoch ends at loss %.3f with momentum, %.3f "
                        "with Nesterov's, %.3f without.",
                        with_momentum, loss_after(methods[2], 1), plain));
}

void measure_batches(Laboratory& laboratory) {
  using mote::Optimizer;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 1000 : 10000);
  const mote::Topology topology = deep_network(images, 1, 30, mote::Activation::tanh, mote::Activation::softmax);
  std::vector<Training> trainings = {{"online, 1", options_with({Optimizer::sgd, 0.01f}, 1)},
                                     {"mini-batch, 10", options_with({Optimizer::sgd, 0.1f}, 10)},
                                     {"mini-batch, 100", options_with({Optimizer::sgd, 0.3f}, 100)},
                                     {"full batch", options_with({Optimizer::sgd, 0.5f}, images.count)}};
  for (Training& training : trainings) run(laboratory, topology, images, kGlorotStart, training);
  Table table{"batches",
              sizes_of(topology) + ": steps of an epoch, rate, training loss after 1 epoch and all, accuracy in %",
              {{"steps", 0}, {"rate", 2}, {"loss_1", 4}, {"loss", 4}, {"accuracy", 2}},
              {}};
  LineChart by_time;
  by_time.title = "Training loss by processor time";
  by_time.x_name = "seconds";
  by_time.y_name = "training loss";
  by_time.x_scale = Scale::linear;
  by_time.logarithmic = true;
  for (const Training& training : trainings) {
    const std::size_t batch = training.options.batch_size;
    table.rows.push_back({training.name,
                          {static_cast<double>((images.count + batch - 1) / batch),
                           static_cast<double>(training.options.optimizer.learning_rate), loss_after(training, 1),
                           loss_after(training, laboratory.epochs), accuracy_of(training)}});
    by_time.series.push_back({training.name, {}});
    for (std::size_t epoch = 0; epoch < training.seconds.size(); ++epoch) {
      by_time.series.back().points.push_back({training.seconds[epoch], loss_after(training, epoch)});
    }
  }
  laboratory.add(table);
  laboratory.add(curves_of("Training loss by epoch", trainings));
  laboratory.add(by_time);
  const double online = table.rows[0].values[2], full = table.rows[3].values[2];
  laboratory.say(online < full,
                 format("after one epoch, online learning has made %.0f steps and is at loss %.3f, full batch "
                        "has made one and is at %.3f.",
                        table.rows[0].values[0], online, full));
  const auto per_second = [&](const Training& training) {
    return static_cast<double>(laboratory.epochs * images.count) / training.seconds.back();
  };
  laboratory.say(
      per_second(trainings[2]) > 1.2 * per_second(trainings[0]),
      "an epoch in mini-batches of 100 takes less processor time than one online: the cost of a step is shared "
      "(chart by processor time).");
}

void measure_optimizers(Laboratory& laboratory) {
  using mote::Optimizer;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 3000 : 10000);
  const mote::Topology topology = deep_network(images, 5, 50, mote::Activation::sigmoid, mote::Activation::softmax);
  const mote::OptimizerOptions outside{Optimizer::rmsprop, 0.001f};
  const mote::OptimizerOptions inside = mote::OptimizerOptions(outside).set_epsilon_inside(true);
  std::vector<Training> trainings = {{"sgd", options_with({Optimizer::sgd, 0.1f}, 32)},
                                     {"momentum", options_with({Optimizer::momentum, 0.03f}, 32)},
                                     {"nesterov", options_with({Optimizer::nesterov, 0.03f}, 32)},
                                     {"adagrad, outside", options_with({Optimizer::adagrad, 0.01f}, 32)},
                                     {"rmsprop, outside", options_with(outside, 32)},
                                     {"rmsprop, inside", options_with(inside, 32)},
                                     {"adam", options_with({Optimizer::adam, 0.001f}, 32)},
                                     {"nadam", options_with({Optimizer::nadam, 0.001f}, 32)}};
  for (Training& training : trainings) run(laboratory, topology, images, kGlorotStart, training);
  tabulate(
      laboratory, "optimizers",
      sizes_of(topology) + ", five sigmoid layers from Glorot's start: loss, and validation accuracy in % by optimizer",
      trainings);
  laboratory.note("outside, inside: place of epsilon beside the root of the squares; 1e-7 outside, 1e-6 inside.");
  laboratory.add(curves_of("Five sigmoid layers: training loss by optimizer", trainings));
  const double sgd = accuracy_of(trainings[0]), rmsprop = accuracy_of(trainings[4]), within = accuracy_of(trainings[5]);
  laboratory.say(rmsprop > sgd + 10.0,
                 format("the optimizer decides whether five sigmoid layers train: RMSProp reaches "
                        "%.1f %%, Adam %.1f %%, gradient descent %.1f %%.",
                        rmsprop, accuracy_of(trainings[6]), sgd));
  laboratory.say(
      rmsprop > within + 5.0,
      format("with epsilon inside the root RMSProp reaches %.1f %%: the gradients of the first layers are far "
             "below 1e-3, the root of 1e-6, so that their steps shrink with them. Outside it is the default.",
             within));
}

void measure_effective_rates(Laboratory& laboratory) {
  using mote::Optimizer;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 2000 : 10000);
  const mote::Topology topology = deep_network(images, 1, 30, mote::Activation::tanh, mote::Activation::softmax);
  const std::size_t steps_of_epoch = images.count / 10, last = steps_of_epoch * laboratory.epochs;
  std::vector<std::size_t> points;
  for (std::size_t step = 10; step <= last; step *= 10) {
    for (const std::size_t factor : {1u, 2u, 5u}) {
      if (step * factor <= last) points.push_back(step * factor);
    }
  }
  Table table{
      "effective",
      sizes_of(topology) + ": median over weights of the effective rate, by number of steps, in units of the first",
      {},
      {}};
  LineChart chart;
  chart.title = "Effective learning rate: median of rate / (epsilon + root of the squares), relative to the first";
  chart.x_name = "step";
  chart.y_name = "rate relative to the first";
  chart.x_scale = Scale::logarithmic;
  chart.logarithmic = true;
  for (const std::size_t point : points) table.columns.push_back({std::to_string(point), 3, true});
  for (const mote::OptimizerOptions& optimizer :
       {mote::OptimizerOptions{Optimizer::adagrad, 0.01f}, mote::OptimizerOptions{Optimizer::rmsprop, 0.001f}}) {
    const std::string name(name_of(kOptimizers, optimizer.method));
    laboratory.progress(name);
    mote::TrainingOptions options = options_with(optimizer, 10);
    options.seed = laboratory.seed;
    Subject subject(laboratory, topology, options, images.count, kGlorotStart);
    const double epsilon = static_cast<double>(mote::default_epsilon(optimizer.method));
    Row row{name, {}};
    chart.series.push_back({name, {}});
    double first = 0.0;
    for (std::size_t step = 1; step <= last; ++step) {
      if (subject.trainer.samples_left() == 0) require(subject.trainer.begin_epoch(images));
      require(subject.trainer.train_batch());
      if (std::find(points.begin(), points.end(), step) == points.end()) continue;
      std::vector<double> rates;
      for (const float squares : subject.trainer.optimizer_state()) {
        if (squares == 0.0f) continue;  // a pixel that is always 0, or padding
        rates.push_back(1.0 / (epsilon + std::sqrt(static_cast<double>(squares))));
      }
      if (first == 0.0) first = median(rates);
      row.values.push_back(median(rates) / first);
      chart.series.back().points.push_back({static_cast<double>(step), row.values.back()});
    }
    table.rows.push_back(row);
  }
  laboratory.add(table);
  laboratory.add(chart);
  const double adagrad = table.rows[0].values.back(), rmsprop = table.rows[1].values.back();
  const std::vector<double>& rates = table.rows[0].values;
  const bool only_falls = std::is_sorted(rates.begin(), rates.end(), [](double a, double b) { return a > b; });
  laboratory.say(
      only_falls && adagrad < rmsprop,
      format("after %zu steps AdaGrad's effective rate is %.3g of that after %zu steps, RMSProp's %.3g: AdaGrad sums "
             "all squares and its rate only falls; RMSProp forgets old ones.",
             points.back(), adagrad, points.front(), rmsprop));
}

}  // namespace tools
