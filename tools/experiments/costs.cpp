// SPDX-License-Identifier: MIT
// Time of activations, alone and in a layer.
#include "common/error.hpp"
#include "common/names.hpp"
#include "common/timing.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr mote::Activation kCompared[] = {mote::Activation::sigmoid, mote::Activation::tanh, mote::Activation::relu};

/// The shortest time per call in ns.
double shortest(std::size_t rounds, const Work& work) {
  return 1e9 * time_per_call(work, rounds * kSamples).min;
}

/// Time of biases and activation of one value.
double time_alone(mote::Activation activation, std::size_t rounds) {
  constexpr std::size_t kValues = 2048;
  std::vector<float> z(kValues), biases(kValues);
  for (std::size_t i = 0; i < kValues; ++i) z[i] = static_cast<float>(i % 11) - 5.0f;
  const auto work = [&] { mote::add_biases_and_activate(activation, 1, kValues, kValues, biases.data(), z.data()); };
  return shortest(rounds, work) / static_cast<double>(kValues);
}

/// Time of a layer of `width` inputs and units, for one unit and one sample.
double time_in_layer(const Laboratory& laboratory, mote::Activation activation, std::uint32_t width,
                     std::size_t rounds) {
  constexpr std::size_t kRows = 32;
  mote::Topology topology;
  topology.inputs = width;
  require(topology.add({width, activation}));
  mote::TrainingOptions options;
  options.loss = mote::Loss::quadratic;
  Subject subject(laboratory, topology, options, kRows, kGlorotStart);
  mote::Network network;
  require(network.bind(topology, subject.trainer.parameters(), kRows, subject.scratch()));
  std::vector<float> inputs(kRows * width);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<float>(i % 7) - 3.0f;
  return shortest(rounds, [&] { network.forward(inputs.data(), kRows); }) / static_cast<double>(kRows * width);
}

}  // namespace

void measure_costs(Laboratory& laboratory) {
  constexpr std::uint32_t kWidths[] = {16, 64, 256, 1024};
  Table table{"costs",
              "Time of a bias and an activation in ns: alone, and of a unit in a layer of equal inputs and units",
              {{"alone", 3}},
              {}};
  LineChart chart;
  chart.title = "Time of a unit for one sample, by number of inputs";
  chart.x_name = "inputs";
  chart.y_name = "time, ns";
  chart.x_scale = Scale::logarithmic;
  chart.logarithmic = true;
  for (const std::uint32_t width : kWidths) table.columns.push_back({format("inputs_%u", width), 2});
  for (const mote::Activation activation : kCompared) {
    const std::string name(name_of(kActivations, activation));
    laboratory.progress(name);
    Row row{name, {time_alone(activation, laboratory.seeds)}};
    chart.series.push_back({name, {}});
    for (const std::uint32_t width : kWidths) {
      row.values.push_back(time_in_layer(laboratory, activation, width, laboratory.seeds));
      chart.series.back().points.push_back({static_cast<double>(width), row.values.back()});
    }
    table.rows.push_back(row);
  }
  laboratory.add(table);
  laboratory.add(chart);
  laboratory.note(
      "Shortest of several measurements. ReLU compares; sigmoid and tanh need an exponential and a division.");
  const auto ratio = [&](std::size_t row, std::size_t column) {
    return table.rows[row].values[column] / table.rows[2].values[column];
  };
  laboratory.say(
      ratio(0, 0) > 1.0 && ratio(1, 0) > 1.0,
      format("ReLU is cheaper: alone, sigmoid takes %.1f and tanh %.1f times its time.", ratio(0, 0), ratio(1, 0)));
  laboratory.say(
      ratio(0, 1) > ratio(0, 4),
      format(
          "in a layer the sum over inputs hides the cost: with 16 inputs a sigmoid unit takes %.2f times the time of a "
          "ReLU unit, with 1024 inputs %.2f times.",
          ratio(0, 1), ratio(0, 4)));
}

}  // namespace tools
