// SPDX-License-Identifier: MIT
// What tools/train prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "run/settings.hpp"

namespace tools {

/// "784-256-10"
std::string describe_sizes(const mote::Topology& topology);

/// The lines that say what is about to be done.
std::string describe_run(const Settings& settings, const std::string& folder, const ImageSet& images,
                         const mote::Topology& topology, const mote::TrainingOptions& options,
                         std::size_t training_images, std::size_t validation_images, std::size_t network_memory,
                         std::size_t data_memory);

/// One epoch's outcome; `validation` has no samples when nothing was held out.
struct EpochReport {
  std::size_t epoch = 0;
  std::size_t epochs = 0;
  mote::LossTotals train;
  mote::LossTotals validation;
  double seconds = 0.0;
  float learning_rate = 0.0f;                       ///< 0: not worth saying
  bool has_labels = true;                           ///< or there is no accuracy
  bool complete = true;                             ///< false: interrupted
  std::vector<mote::LayerDiagnostics> layers = {};  ///< with --diagnose, after a complete epoch
};
std::string epoch_line(const EpochReport& report);

inline constexpr const char* kCsvHeader = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds";
inline constexpr const char* kEnsembleCsvHeader =
    "member,epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds";
/// Accuracies are empty where there are no labels. What diagnosis_csv() says of the layers, if anything, comes last.
std::string epoch_csv(const EpochReport& report);

/// "test loss ...", and with labels "test accuracy 0.9812 (9812/10000)"
std::string test_lines(const mote::LossTotals& totals, bool has_labels);

/// What was not finite, where and when, counted from 1, and what may help.
std::string divergence_text(const mote::Divergence& divergence, const mote::Topology& topology, bool clips);

/// Where early stopping ended and what it restored.
std::string stopping_line(const mote::EarlyStopping& stopping, std::size_t epochs);

/// A whole training in a line: the epoch whose parameters were taken, with the seconds of all.
std::string training_line(const std::vector<EpochReport>& epochs, const mote::EarlyStopping& stopping);

/// How a network or an ensemble does on the test images.
struct TestReport {
  mote::LossTotals totals;
  std::vector<std::uint32_t> confusion;  ///< [classes][classes]
  std::uint32_t fingerprint = 0;
  std::string divergence;  ///< not empty: training diverged, and this is of the last good parameters
};

/// "member 2/5  test accuracy 0.9812 (9812/10000)  fingerprint 0123abcd", without labels "test loss 0.0123"
std::string member_line(std::size_t member, std::size_t members, const mote::LossTotals& totals, bool has_labels,
                        std::uint32_t fingerprint);

/// The `most` pairs of classes that are most often taken for each other: "4 as 9 (12), 7 as 2 (8)"; "none" if there are
/// none.
std::string most_confused(const std::vector<std::uint32_t>& confusion, std::size_t classes, std::size_t most);

}  // namespace tools
