// SPDX-License-Identifier: MIT
// What the experiments of tools/gradients have in common: data, seeds, memory, networks, quantiles, and where tables
// go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/table.hpp"
#include "mote/mote.hpp"
#include "pictures/chart.hpp"

namespace tools {

/// What came of an experiment.
struct Findings {
  std::vector<Table> tables;
  std::vector<LineChart> charts;
  std::vector<std::string> notes;
};

/// What an experiment works with.
struct Laboratory {
  mote::Dataset images;       ///< for training
  mote::Memory memory;        ///< for one Subject at a time
  std::uint64_t seed = 1;     ///< the first
  std::size_t seeds = 1;      ///< how many
  std::size_t epochs = 0;     ///< of trainings
  bool is_terminal = false;   ///< says on standard error what is being done
  bool has_pictures = false;  ///< whether charts are wanted
  bool plots = false;         ///< whether they are printed, too
  Findings found;             ///< by the experiment that runs

  /// The first `count` images. Throws an Error when there are fewer.
  mote::Dataset first_images(std::size_t count) const;
  /// Prints a table and keeps it.
  void add(const Table& table);
  /// Keeps a chart, where pictures are wanted.
  void add(const LineChart& chart);
  /// Prints a line below a table and keeps it.
  void note(const std::string& text);
  /// On a terminal, replaces the line that says what is being done; empty: removes it.
  void progress(const std::string& text) const;
};

/// How a network starts.
struct Start {
  mote::InitialWeights weights = mote::WeightInit::scaled_gaussian;
  mote::InitialBiases biases = mote::BiasInit::zero;
};
/// Weights N(0, 1/inputs), biases N(0, 1): that of the published figures.
inline constexpr Start kPublishedStart{mote::WeightInit::scaled_gaussian, mote::BiasInit::gaussian};

/// `hidden` layers of `width` units between the images and their classes.
mote::Topology deep_network(const mote::Dataset& images, std::size_t hidden, std::uint32_t width,
                            mote::Activation activation, mote::Activation output, bool batch_norm = false);

/// "784-30-30-10", and for more than four hidden layers "784-(10 x 30)-10".
std::string sizes_of(const mote::Topology& topology);

/// A network that can be trained and looked at, in a laboratory's memory: the one made last is the one that works.
class Subject {
 public:
  /// Throws an Error when the memory is too small. Starts with options.seed.
  Subject(const Laboratory& laboratory, const mote::Topology& topology, const mote::TrainingOptions& options,
          std::size_t samples, const Start& start);
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  mote::Trainer trainer;
  /// Of all layers, on these images.
  std::vector<mote::LayerDiagnostics> diagnose(const mote::Dataset& images);
  /// Memory that the trainer does not use, aligned.
  mote::Memory scratch() const { return scratch_; }

 private:
  mote::Memory scratch_;
};

/// A table whose columns are numbers as a chart: a series for each row.
LineChart chart_of(const Table& table, const std::string& x_name, bool logarithmic);

/// The value that a share q of the values does not exceed, between neighbours as a straight line; NaN of none.
double quantile(std::vector<double> values, double q);
inline double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}

}  // namespace tools
