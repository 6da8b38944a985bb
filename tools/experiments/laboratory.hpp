// SPDX-License-Identifier: MIT
// Data, seeds, memory, networks, quantiles and tables for all experiments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/format.hpp"
#include "common/table.hpp"
#include "mote/mote.hpp"
#include "pictures/chart.hpp"

namespace tools {

/// Results of an experiment.
struct Findings {
  std::size_t seeds = 1;
  std::vector<std::string> sentences;
  std::vector<LineChart> charts;
  std::vector<std::string> drawings;  ///< figures, as markup
  std::vector<Table> tables;
  std::vector<std::string> notes;
};

/// Inputs, memory and output of an experiment.
struct Laboratory {
  mote::Dataset images;      ///< training images
  mote::Memory memory;       ///< for one Subject at a time
  std::uint64_t seed = 1;    ///< first seed
  std::size_t seeds = 1;     ///< number of seeds
  std::size_t epochs = 0;    ///< of each training
  bool quick = false;        ///< use fewer images and cases
  bool is_terminal = false;  ///< standard error is a terminal, for progress()
  bool plots = false;        ///< print charts
  Findings found;            ///< results so far

  /// The first `count` images. Throws an Error when there are fewer.
  mote::Dataset first_images(std::size_t count) const;
  /// The last `count` images, to validate. Throws an Error when there are fewer.
  mote::Dataset last_images(std::size_t count) const;
  /// Prints a table and keeps it.
  void add(const Table& table);
  /// Keeps a chart, and prints it if plots.
  void add(const LineChart& chart);
  /// Prints a remark on definitions or settings and keeps it.
  void note(const std::string& text);
  /// If `holds`, which must compare the numbers measured, prints "Seen: " and the sentence, and keeps it.
  void say(bool holds, const std::string& sentence);
  /// On a terminal, replaces the progress line; an empty text removes it.
  void progress(const std::string& text) const;
};

/// Initial parameters of a network.
struct Start {
  mote::InitialWeights weights = mote::WeightInit::scaled_gaussian;
  mote::InitialBiases biases = mote::BiasInit::zero;
};
/// Weights N(0, 1/inputs), biases N(0, 1), as in the published figures.
inline constexpr Start kPublishedStart{mote::WeightInit::scaled_gaussian, mote::BiasInit::gaussian};
/// Weights of Glorot & Bengio (2010) or of He et al. (2015), biases 0.
inline constexpr Start kGlorotStart{mote::WeightInit::glorot_uniform, mote::BiasInit::zero};
inline constexpr Start kHeStart{mote::WeightInit::he_normal, mote::BiasInit::zero};

/// Size of the validation set, the last images.
inline constexpr std::size_t kValidationImages = 5000;

/// A network with `hidden` layers of `width` units between the images and their classes.
mote::Topology deep_network(const mote::Dataset& images, std::size_t hidden, std::uint32_t width,
                            mote::Activation activation, mote::Activation output, bool batch_norm = false);

/// "784-30-30-10"; for more than four hidden layers "784-(10 x 30)-10".
std::string sizes_of(const mote::Topology& topology);

/// A network to train and measure, in the memory of a laboratory: a new Subject invalidates the last.
class Subject {
 public:
  /// Initializes the network with options.seed. Throws an Error when the memory is too small.
  Subject(const Laboratory& laboratory, const mote::Topology& topology, const mote::TrainingOptions& options,
          std::size_t samples, const Start& start);
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  mote::Trainer trainer;
  /// Measures all layers on these images.
  std::vector<mote::LayerDiagnostics> diagnose(const mote::Dataset& images);
  /// The memory that the trainer does not use, aligned.
  mote::Memory scratch() const { return scratch_; }

 private:
  mote::Memory scratch_;
};

/// Trains for some epochs; false: diverged.
bool train(Subject& subject, const mote::Dataset& images, std::size_t epochs);
/// Trains for some epochs; throws an Error where training diverges.
void train_or_throw(Subject& subject, const mote::Dataset& images, std::size_t epochs);
/// Loss and accuracy on these images.
mote::LossTotals evaluate(Subject& subject, const mote::Dataset& images);
/// Samples classified rightly, in %.
inline double percent_right(const mote::LossTotals& totals) {
  return 100.0 * static_cast<double>(totals.accuracy());
}
/// Samples classified wrongly, in %.
inline double percent_wrong(const mote::LossTotals& totals) {
  return 100.0 * (1.0 - static_cast<double>(totals.accuracy()));
}
/// Outputs for these images, [images.count][outputs].
std::vector<float> outputs_of(Subject& subject, const mote::Dataset& images);

/// Columns named "1" to `layers`, whose numbers have `digits` significant digits.
std::vector<Column> layer_columns(std::size_t layers, int digits);

/// A chart of a table with numbers as column names: one series per row.
LineChart chart_of(const Table& table, const std::string& x_name, const std::string& y_name, bool logarithmic);

/// The q-quantile, with linear interpolation between neighbors; NaN for no values.
double quantile(std::vector<double> values, double q);
inline double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}
double mean(const std::vector<double>& values);
/// Standard deviation of a sample (divided by its number - 1); NaN for fewer than two values.
double deviation(const std::vector<double>& values);

}  // namespace tools
