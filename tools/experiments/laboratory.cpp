// SPDX-License-Identifier: MIT
#include "experiments/laboratory.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <sstream>

#include "common/error.hpp"
#include "pictures/terminal_plot.hpp"

namespace tools {
namespace {

/// The text in lines of at most kWidth characters.
std::string wrapped(const std::string& text) {
  constexpr std::size_t kWidth = 110;
  std::string lines;
  std::istringstream words(text);
  std::size_t length = 0;
  for (std::string word; words >> word;) {
    const bool fits = length + 1 + word.size() <= kWidth;
    if (length != 0) lines += fits ? " " : "\n";
    length = length != 0 && fits ? length + 1 + word.size() : word.size();
    lines += word;
  }
  return lines;
}

}  // namespace

mote::Dataset Laboratory::first_images(std::size_t count) const {
  if (count > images.count) {
    throw Error("--data: " + std::to_string(images.count) + " training images found, " + std::to_string(count) +
                " expected by this experiment");
  }
  return images.subset(0, count);
}

mote::Dataset Laboratory::last_images(std::size_t count) const {
  first_images(count);
  return images.subset(images.count - count, count);
}

void Laboratory::add(const Table& table) {
  progress("");
  found.tables.push_back(table);
  std::printf("%s", to_text(table).c_str());
  std::fflush(stdout);
}

void Laboratory::add(const LineChart& chart) {
  progress("");
  found.charts.push_back(chart);
  if (plots) std::printf("\n%s", to_text(chart, terminal_style()).c_str());
}

void Laboratory::note(const std::string& text) {
  progress("");
  found.notes.push_back(text);
  std::printf("%s\n", wrapped(text).c_str());
}

void Laboratory::say(bool holds, const std::string& sentence) {
  if (!holds) return;
  progress("");
  std::string capital = sentence;
  capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
  found.sentences.push_back(capital);
  std::printf("%s\n", wrapped("Seen: " + capital).c_str());
}

void Laboratory::progress(const std::string& text) const {
  if (is_terminal) std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

mote::Topology deep_network(const mote::Dataset& images, std::size_t hidden, std::uint32_t width,
                            mote::Activation activation, mote::Activation output, bool batch_norm) {
  mote::Topology topology;
  topology.inputs = static_cast<std::uint32_t>(images.features);
  for (std::size_t l = 0; l < hidden; ++l) require(topology.add({width, activation, batch_norm}));
  require(topology.add({static_cast<std::uint32_t>(images.classes), output}));
  require(mote::check(topology));
  return topology;
}

std::string sizes_of(const mote::Topology& topology) {
  const std::size_t hidden = topology.layer_count - 1;
  std::string text = std::to_string(topology.inputs);
  if (hidden > 4) {
    text += "-(" + std::to_string(hidden) + " x " + std::to_string(topology.outputs_of(0)) + ")";
  } else {
    for (std::size_t l = 0; l < hidden; ++l) text += "-" + std::to_string(topology.outputs_of(l));
  }
  return text + "-" + std::to_string(topology.outputs());
}

Subject::Subject(const Laboratory& laboratory, const mote::Topology& topology, const mote::TrainingOptions& options,
                 std::size_t samples, const Start& start) {
  mote::MemoryPlan plan;
  const mote::Memory memory = laboratory.memory;
  plan.take_bytes(mote::training_bytes(topology, options, samples));
  const std::size_t rest = plan.take_bytes(0);
  require(trainer.bind(topology, options, samples, memory));
  trainer.initialize(start.weights, start.biases);
  scratch_ = memory.subspan(std::min(rest, memory.size()), memory.size() - std::min(rest, memory.size()));
}

std::vector<mote::LayerDiagnostics> Subject::diagnose(const mote::Dataset& images) {
  constexpr std::size_t kRows = 250;
  const mote::Topology& topology = trainer.topology();
  const std::size_t rows = topology.all_scale_floats() != 0 ? images.count : std::min(kRows, images.count);
  std::vector<mote::LayerDiagnostics> layers(topology.layer_count);
  require(mote::diagnose(topology, trainer.parameters(), trainer.options().loss, images, rows, scratch_,
                         {layers.data(), layers.size()}));
  return layers;
}

bool train(Subject& subject, const mote::Dataset& images, std::size_t epochs) {
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    const mote::Result result = subject.trainer.train_epoch(images);
    if (result.status == mote::Status::not_finite) return false;
    require(result);
  }
  return true;
}

void train_or_throw(Subject& subject, const mote::Dataset& images, std::size_t epochs) {
  if (!train(subject, images, epochs)) throw Error("training diverged; choose another --seed or fewer --epochs");
}

mote::LossTotals evaluate(Subject& subject, const mote::Dataset& images) {
  mote::LossTotals totals;
  require(subject.trainer.evaluate(images, totals));
  return totals;
}

std::vector<float> outputs_of(Subject& subject, const mote::Dataset& images) {
  constexpr std::size_t kRows = 250;
  const mote::Topology& topology = subject.trainer.topology();
  mote::Network network;
  require(network.bind(topology, subject.trainer.parameters(), kRows, subject.scratch()));
  std::vector<float> outputs, inputs(kRows * images.features);
  for (std::size_t first = 0; first < images.count; first += kRows) {
    const std::size_t rows = std::min(kRows, images.count - first);
    require(mote::gather(images, nullptr, first, rows, inputs.data()));
    const mote::MatrixView view = network.forward(inputs.data(), rows);
    for (std::size_t i = 0; i < rows; ++i) outputs.insert(outputs.end(), view.row(i).begin(), view.row(i).end());
  }
  return outputs;
}

std::vector<Column> layer_columns(std::size_t layers, int digits) {
  std::vector<Column> columns;
  for (std::size_t l = 1; l <= layers; ++l) columns.push_back({std::to_string(l), digits, true});
  return columns;
}

LineChart chart_of(const Table& table, const std::string& x_name, const std::string& y_name, bool logarithmic) {
  LineChart chart;
  chart.title = table.title;
  chart.x_name = x_name;
  chart.y_name = y_name;
  chart.logarithmic = logarithmic;
  for (const Row& row : table.rows) {
    chart.series.push_back({row.name, {}});
    for (std::size_t c = 0; c < row.values.size(); ++c) {
      chart.series.back().points.push_back({std::strtod(table.columns[c].name.c_str(), nullptr), row.values[c]});
    }
  }
  return chart;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const std::size_t below = static_cast<std::size_t>(place), above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double middle = mean(values);
  double squares = 0.0;
  for (const double x : values) squares += (x - middle) * (x - middle);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace tools
