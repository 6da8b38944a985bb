// SPDX-License-Identifier: MIT
// A network of two outputs decides between two classes.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

/// Images of two digits, labeled 0 and 1.
struct Pair {
  std::vector<std::uint8_t> bytes, labels;
  std::size_t features;

  mote::Dataset dataset() const { return {bytes.data(), labels.data(), labels.size(), features, 2}; }
};

Pair images_of(const mote::Dataset& images, std::uint8_t first, std::uint8_t second) {
  Pair pair{{}, {}, images.features};
  for (std::size_t i = 0; i < images.count; ++i) {
    if (images.labels[i] != first && images.labels[i] != second) continue;
    const std::uint8_t* row = static_cast<const std::uint8_t*>(images.row(i));
    pair.bytes.insert(pair.bytes.end(), row, row + images.features);
    pair.labels.push_back(images.labels[i] == first ? 0 : 1);
  }
  return pair;
}

}  // namespace

void measure_decisions(Laboratory& laboratory) {
  constexpr std::size_t kShown = 6;
  if (laboratory.images.type != mote::ElementType::uint8) throw Error("--data: this experiment needs images of bytes");
  const Pair training = images_of(laboratory.first_images(laboratory.quick ? 1000 : 5000), 3, 5);
  const Pair validation = images_of(laboratory.last_images(5000), 3, 5);
  const mote::Dataset train_images = training.dataset(), test_images = validation.dataset();
  LineChart chart;
  chart.title = "Digits 3 and 5: validation error in % by epoch and loss";
  chart.x_name = "epoch";
  chart.y_name = "error, %";
  Table rows{"decisions",
             "First validation images after training with the quadratic loss: outputs, target, error, decision",
             {{"output_3", 3}, {"output_5", 3}, {"target_3", 0}, {"target_5", 0}, {"mse", 4}, {"decides", 0}},
             {}};
  Table table{"two_classes",
              format("Digits 3 and 5, 784-10-2, %zu training images: validation error in %% after training",
                     train_images.count),
              {{"median", 2}, {"lowest", 2}, {"highest", 2}},
              {}};
  for (const bool quadratic : {true, false}) {
    const std::string name = quadratic ? "sigmoid, quadratic" : "softmax, cross-entropy";
    chart.series.push_back({name, {}});
    std::vector<std::vector<double>> errors(laboratory.epochs + 1);
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      mote::TrainingOptions options;
      options.loss = quadratic ? mote::Loss::quadratic : mote::Loss::cross_entropy;
      options.optimizer = {mote::Optimizer::sgd, 0.1f};
      options.batch_size = 10;
      options.seed = laboratory.seed + i;
      const mote::Topology topology = deep_network(train_images, 1, 10, mote::Activation::sigmoid,
                                                   quadratic ? mote::Activation::sigmoid : mote::Activation::softmax);
      Subject subject(laboratory, topology, options, train_images.count, kPublishedStart);
      for (std::size_t epoch = 0; epoch <= laboratory.epochs; ++epoch) {
        if (epoch != 0) require(subject.trainer.train_epoch(train_images));
        errors[epoch].push_back(percent_wrong(evaluate(subject, test_images)));
      }
      if (!quadratic || i != 0) continue;
      const std::vector<float> outputs = outputs_of(subject, test_images.subset(0, kShown));
      for (std::size_t image = 0; image < kShown; ++image) {
        const double target[] = {test_images.labels[image] == 0 ? 1.0 : 0.0,
                                 test_images.labels[image] == 0 ? 0.0 : 1.0};
        const double a = static_cast<double>(outputs[2 * image]), b = static_cast<double>(outputs[2 * image + 1]);
        const double error = 0.5 * ((a - target[0]) * (a - target[0]) + (b - target[1]) * (b - target[1]));
        rows.rows.push_back(
            {"image " + std::to_string(image + 1), {a, b, target[0], target[1], error, a >= b ? 3.0 : 5.0}});
      }
    }
    for (std::size_t epoch = 0; epoch <= laboratory.epochs; ++epoch) {
      chart.series.back().points.push_back({static_cast<double>(epoch), median(errors[epoch])});
    }
    const std::vector<double>& last = errors.back();
    table.rows.push_back({name, {median(last), quantile(last, 0.0), quantile(last, 1.0)}});
  }
  laboratory.add(rows);
  laboratory.add(table);
  laboratory.add(chart);
  const auto hits = std::count_if(rows.rows.begin(), rows.rows.end(),
                                  [](const Row& row) { return (row.values[2] == 1.0) == (row.values[5] == 3.0); });
  laboratory.say(hits > 0,
                 format("the larger of the two outputs decides: right for %td of these %zu images, whose targets "
                        "are one-hot.",
                        hits, kShown));
  const double after_one_quadratic = chart.series[0].points[1].y, after_one = chart.series[1].points[1].y;
  laboratory.say(
      after_one < after_one_quadratic,
      format("after one epoch the cross-entropy has %.2f %% errors, the quadratic loss %.2f %%, with one learning "
             "rate: the slope of the output no longer slows learning down.",
             after_one, after_one_quadratic));
}

}  // namespace tools
