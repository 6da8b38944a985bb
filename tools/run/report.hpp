// SPDX-License-Identifier: MIT
// The lines that tools/train prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "run/run_data.hpp"
#include "run/settings.hpp"

namespace tools {

/// Prints a warning of train to standard error, unless it is empty.
void warn(const std::string& text);

/// Four decimals, or four significant digits of numbers that these would hide or make long.
std::string loss_text(float loss);

/// "784-256-10"
std::string describe_sizes(const mote::Topology& topology);

/// The lines at the start of a run: data, network, options, memory.
std::string describe_run(const Settings& settings, const RunData& data, const mote::Topology& topology,
                         const mote::TrainingOptions& options, std::size_t training, std::size_t validation,
                         std::size_t network_memory, std::size_t data_memory);

/// Result of one epoch.
struct EpochReport {
  std::size_t epoch = 0;
  std::size_t epochs = 0;
  mote::LossTotals train;
  mote::LossTotals validation;  ///< no samples when no images were held out
  double seconds = 0.0;
  float learning_rate = 0.0f;                       ///< at the start of the epoch
  bool rate_changes = false;                        ///< print the learning rate
  bool has_labels = true;                           ///< false: there is no accuracy
  bool complete = true;                             ///< false: interrupted
  std::vector<mote::LayerDiagnostics> layers = {};  ///< with --diagnose, after a complete epoch
};
std::string epoch_line(const EpochReport& report);

inline constexpr const char* kCsvHeader =
    "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds,learning_rate";
inline constexpr const char* kEnsembleCsvHeader =
    "member,epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds,learning_rate";
/// A line of the log. Accuracies are empty without labels. The columns of diagnosis_csv(), if any, come last.
std::string epoch_csv(const EpochReport& report);

/// The error of a diverged training: quantity, layer, epoch and batch, counted from 1, and the remedy.
std::string divergence_text(const mote::Divergence& divergence, const mote::Topology& topology, bool clips);

/// The remedy for a loss that overflows because of targets in large units; empty for targets below 1000.
std::string large_targets_text(const mote::Dataset& samples);

/// The epoch at which early stopping ended, and the epoch it restored.
std::string stopping_line(const mote::EarlyStopping& stopping, std::size_t epochs);

/// A whole training in one line: the epoch whose parameters were kept, and the seconds of all epochs.
std::string training_line(const std::vector<EpochReport>& epochs, const mote::EarlyStopping& stopping);

/// Result of a network or an ensemble on the test images.
struct TestReport {
  mote::LossTotals totals;
  std::vector<std::uint32_t> confusion;        ///< [classes][classes]
  std::vector<mote::RegressionTotals> errors;  ///< of each output, in the units of a table; empty: not measured
  std::uint32_t fingerprint = 0;
  std::string divergence;  ///< not empty: training diverged, and the result is of the last good parameters
};

/// "member 2/5  test accuracy 0.9812 (9812/10000)  fingerprint 0123abcd", without labels "test loss 0.0123"
std::string member_line(std::size_t member, std::size_t members, const mote::LossTotals& totals, bool has_labels,
                        std::uint32_t fingerprint);

/// "test loss ...", and with labels "test accuracy 0.9812 (9812/10000)"; for numbers of a table their errors; with
/// details, the quality of each class of a table and the most frequent confusions. names: of the outputs of a table.
std::string test_lines(const TestReport& report, const std::vector<std::string>& names, bool details);

/// A warning when one class is the answer to all samples, or to 99 % of which it is at most half; else empty. names:
/// of the classes; empty: numbers. samples: their word.
std::string collapse_text(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names,
                          const char* samples);

/// The `most` most frequent confusions of classes: "4 as 9 (12), 7 as 2 (8)"; "none" without any. names: of the
/// classes; empty: numbers.
std::string most_confused(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names,
                          std::size_t most);

}  // namespace tools
