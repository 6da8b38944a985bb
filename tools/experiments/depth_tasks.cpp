// SPDX-License-Identifier: MIT
// Tasks for which depth beats width at equal numbers of parameters.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr std::size_t kDepths[] = {1, 2, 3, 4, 6};

/// Samples of a task; labels or targets.
struct Samples {
  std::size_t features = 1;
  std::vector<float> inputs, targets;
  std::vector<std::uint8_t> labels;

  mote::Dataset dataset() const {
    const mote::Inputs view(inputs.data(), inputs.size() / features, features);
    if (targets.empty()) return {view, labels.data(), 2};
    return {view, mote::MatrixView{targets.data(), targets.size(), 1, 1}};
  }
};

/// Two spirals of 2.5 turns, one for each class.
Samples spirals(std::size_t count, std::uint64_t seed) {
  const float turn = 2.0f * std::acos(-1.0f);
  mote::Random random(seed, mote::Stream::bootstrap);
  Samples samples;
  samples.features = 2;
  for (std::size_t i = 0; i < count; ++i) {
    const float radius = std::sqrt(random.uniform());
    const float angle = turn * (2.5f * radius + 0.5f * static_cast<float>(i % 2));
    samples.inputs.insert(samples.inputs.end(), {radius * std::cos(angle), radius * std::sin(angle)});
    samples.labels.push_back(static_cast<std::uint8_t>(i % 2));
  }
  return samples;
}

/// All patterns of 8 bits, and whether their number of ones is odd.
Samples parity() {
  constexpr unsigned kBits = 8;
  Samples samples;
  samples.features = kBits;
  for (unsigned pattern = 0; pattern < 1u << kBits; ++pattern) {
    unsigned ones = 0;
    for (unsigned bit = 0; bit < kBits; ++bit) {
      ones += pattern >> bit & 1u;
      samples.inputs.push_back((pattern >> bit & 1u) != 0 ? 1.0f : -1.0f);
    }
    samples.labels.push_back(static_cast<std::uint8_t>(ones % 2));
  }
  return samples;
}

/// The tent function, applied three times to itself: four teeth.
Samples nested_tents() {
  constexpr int kPoints = 256;
  Samples samples;
  for (int i = 0; i < kPoints; ++i) {
    const float x = (static_cast<float>(i) + 0.5f) / kPoints;
    float y = x;
    for (int times = 0; times < 3; ++times) y = y < 0.5f ? 2.0f * y : 2.0f - 2.0f * y;
    samples.inputs.push_back(2.0f * x - 1.0f);
    samples.targets.push_back(2.0f * y - 1.0f);
  }
  return samples;
}

struct Task {
  const char* name;
  Samples training, test;
  std::size_t parameters;  // at most
  mote::Activation activation;
};

/// Number of weights and biases of a network with `hidden` layers of `width` units.
std::size_t parameters_of(std::size_t inputs, std::size_t hidden, std::size_t width, std::size_t outputs) {
  return (inputs + 1) * width + (hidden - 1) * (width + 1) * width + (width + 1) * outputs;
}

/// The widest network with `hidden` equal layers and at most task.parameters weights and biases.
mote::Topology widest(const Task& task, std::size_t hidden) {
  const std::size_t inputs = task.training.features, outputs = task.training.targets.empty() ? 2 : 1;
  std::size_t width = 1;
  while (parameters_of(inputs, hidden, width + 1, outputs) <= task.parameters) ++width;
  mote::Topology topology;
  topology.inputs = static_cast<std::uint32_t>(inputs);
  for (std::size_t l = 0; l < hidden; ++l) require(topology.add({static_cast<std::uint32_t>(width), task.activation}));
  require(topology.add(
      {static_cast<std::uint32_t>(outputs), outputs == 2 ? mote::Activation::softmax : mote::Activation::identity}));
  return topology;
}

/// Error in %: of the classes, or of the variance of the targets.
double error_of(Subject& subject, const Samples& test) {
  const mote::LossTotals totals = evaluate(subject, test.dataset());
  if (test.targets.empty()) return percent_wrong(totals);
  const std::vector<double> targets(test.targets.begin(), test.targets.end());
  return 100.0 * 2.0 * static_cast<double>(totals.mean_loss()) / std::pow(deviation(targets), 2.0);
}

}  // namespace

void measure_deeper(Laboratory& laboratory) {
  const Task tasks[] = {{"spirals", spirals(400, 1), spirals(1000, 2), 400, mote::Activation::relu},
                        {"parity of 8 bits", parity(), parity(), 120, mote::Activation::tanh},
                        {"nested tents", nested_tents(), nested_tents(), 200, mote::Activation::relu}};
  LineChart chart;
  chart.title = "Median error in % by hidden layers, at equal numbers of parameters";
  chart.x_name = "hidden layers";
  chart.y_name = "error, %";
  for (const Task& task : tasks) {
    Table table{task.name,
                format("%s, at most %zu parameters: error in %% by hidden layers", task.name, task.parameters),
                {{"median", 2}, {"lowest", 2}, {"highest", 2}, {"parameters", 0}},
                {}};
    chart.series.push_back({task.name, {}});
    const mote::Dataset samples = task.training.dataset();
    for (const std::size_t hidden : kDepths) {
      const mote::Topology topology = widest(task, hidden);
      std::vector<double> errors;
      for (std::size_t i = 0; i < laboratory.seeds; ++i) {
        laboratory.progress(format("%s, %zu hidden layers, seed %zu", task.name, hidden, i + 1));
        mote::TrainingOptions options;
        if (!task.training.targets.empty()) options.loss = mote::Loss::quadratic;
        options.optimizer = {mote::Optimizer::adam, 0.01f};
        options.batch_size = 20;
        options.seed = laboratory.seed + i;
        options.schedule.decay = mote::Decay::cosine;
        options.schedule.factor = 0.01f;
        options.schedule.decay_steps = static_cast<std::uint32_t>(laboratory.epochs * ((samples.count + 19) / 20));
        const bool is_tanh = task.activation == mote::Activation::tanh;
        Subject subject(laboratory, topology, options, samples.count, is_tanh ? kGlorotStart : kHeStart);
        errors.push_back(train(subject, samples, laboratory.epochs) ? error_of(subject, task.test) : 100.0);
      }
      table.rows.push_back(
          {sizes_of(topology),
           {median(errors), quantile(errors, 0.0), quantile(errors, 1.0),
            static_cast<double>(parameters_of(topology.inputs, hidden, topology.outputs_of(0), topology.outputs()))}});
      chart.series.back().points.push_back({static_cast<double>(hidden), table.rows.back().values[0]});
    }
    laboratory.add(table);
    const auto best = std::min_element(table.rows.begin() + 1, table.rows.end(),
                                       [](const Row& a, const Row& b) { return a.values[0] < b.values[0]; });
    const Row &wide = table.rows.front(), &deep = table.rows.back();
    laboratory.say(
        best->values[2] < wide.values[1],
        format("%s: every seed of %s has fewer errors (%.2f to %.2f %%) than every seed of the wide %s (%.2f to "
               "%.2f %%), with no more parameters: depth beats width by more than the spread of the seeds.",
               task.name, best->name.c_str(), best->values[1], best->values[2], wide.name.c_str(), wide.values[1],
               wide.values[2]));
    laboratory.say(
        best->values[2] >= wide.values[1] && best->values[0] < wide.values[0],
        format("%s: the median error falls from %.2f %% with one hidden layer to %.2f %% with %s, but the seeds "
               "overlap.",
               task.name, wide.values[0], best->values[0], best->name.c_str()));
    laboratory.say(
        deep.values[0] > 2.0 * best->values[0],
        format("%s: six layers have %.2f %%: too deep and too narrow is worse again.", task.name, deep.values[0]));
  }
  laboratory.note(
      "spirals: errors on 1000 new points; parity: on all 256 patterns, which are the training set; tents: mean "
      "squared error relative to the variance. Adam with cosine decay, batches of 20.");
  laboratory.add(chart);
}

void measure_opposite(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 5, kImages = 1000;
  const mote::Dataset images = laboratory.first_images(kImages);
  const mote::Topology topology = deep_network(images, kHidden, 30, mote::Activation::tanh, mote::Activation::softmax);
  const Start start{{mote::WeightInit::scaled_gaussian, 10.0f}, mote::BiasInit::zero};
  Table table{"opposite",
              format("%s, tanh, weights N(0, 100/m): |dC/db| by layer during %zu epochs, and change of the weights",
                     sizes_of(topology).c_str(), laboratory.epochs),
              {{"start", 3, true}, {"lowest", 3, true}, {"highest", 3, true}, {"end", 3, true}, {"|dW|/|W|", 3, true}},
              {}};
  LineChart chart;
  chart.title = format("Exploding gradients: speed of learning, |dC/db|, seed %llu",
                       static_cast<unsigned long long>(laboratory.seed));
  chart.x_name = "epoch";
  chart.y_name = "|dC/db|";
  chart.logarithmic = true;
  std::vector<std::vector<double>> starts(kHidden), ends(kHidden), changes(kHidden);
  double least = 1e30, before_loss = 0.0, after_loss = 0.0;
  for (std::size_t l = 0; l < kHidden; ++l) chart.series.push_back({"hidden " + std::to_string(l + 1), {}});
  for (std::size_t i = 0; i < laboratory.seeds; ++i) {
    mote::TrainingOptions options;
    options.optimizer = {mote::Optimizer::sgd, 0.0003f};
    options.batch_size = 10;
    options.seed = laboratory.seed + i;
    Subject subject(laboratory, topology, options, kImages, start);
    const mote::Span<const float> parameters = subject.trainer.parameters();
    const std::vector<float> before(parameters.begin(), parameters.end());
    for (std::size_t epoch = 0; epoch <= laboratory.epochs; ++epoch) {
      laboratory.progress(format("seed %zu, epoch %zu", i + 1, epoch));
      if (epoch != 0) require(subject.trainer.train_epoch(images));
      const std::vector<mote::LayerDiagnostics> layers = subject.diagnose(images);
      for (std::size_t l = 0; l < kHidden; ++l) {
        const double speed = static_cast<double>(layers[l].bias_gradient);
        if (epoch == 0) starts[l].push_back(speed);
        if (epoch == laboratory.epochs) ends[l].push_back(speed);
        if (i == 0) chart.series[l].points.push_back({static_cast<double>(epoch), speed});
      }
      least = std::min(least, static_cast<double>(layers[0].bias_gradient / layers[kHidden - 1].bias_gradient));
      const double loss = static_cast<double>(evaluate(subject, images).mean_loss());
      if (epoch == 0) before_loss += loss / static_cast<double>(laboratory.seeds);
      if (epoch == laboratory.epochs) after_loss += loss / static_cast<double>(laboratory.seeds);
    }
    std::vector<mote::LayerDiagnostics> layers(kHidden + 1);
    mote::measure_updates(topology, {before.data(), before.size()}, parameters, {layers.data(), layers.size()});
    for (std::size_t l = 0; l < kHidden; ++l) changes[l].push_back(static_cast<double>(layers[l].update_ratio));
  }
  for (std::size_t l = 0; l < kHidden; ++l) {
    table.rows.push_back(
        {"hidden " + std::to_string(l + 1),
         {median(starts[l]), quantile(starts[l], 0.0), quantile(starts[l], 1.0), median(ends[l]), median(changes[l])}});
  }
  laboratory.add(table);
  laboratory.note("lowest, highest: of the seeds at the start.");
  laboratory.add(chart);
  const double first = table.rows.front().values[4], last = table.rows.back().values[4];
  laboratory.say(
      least > 1.0 && first > 3.0 * last,
      format("the opposite of vanishing: at every epoch and with every seed the first layer learns at least %.1f "
             "times faster than the last hidden one. Its weights move by %.2g of their size, those of the last "
             "hidden layer by %.2g: early layers learn, late ones are stuck.",
             least, first, last));
  laboratory.say(after_loss < before_loss,
                 format("the training loss falls from %.2f to %.2f meanwhile.", before_loss, after_loss));
}

}  // namespace tools
