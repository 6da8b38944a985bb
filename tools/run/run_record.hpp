// SPDX-License-Identifier: MIT
// The record of a finished training: the data of its pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/table_set.hpp"
#include "pictures/chart.hpp"
#include "pictures/terminal_plot.hpp"
#include "run/inspection.hpp"
#include "run/report.hpp"

namespace tools {

struct RunRecord {
  std::string command;                             ///< as typed, quoted for a shell
  std::string settings;                            ///< lines of describe_run()
  std::vector<std::string> ending;                 ///< lines: "trained after 3.57 s", and how training ended
  std::vector<std::vector<EpochReport>> networks;  ///< the epochs of one network, or of each member of an ensemble
  /// Layers of a single network, before the first epoch and after each; empty: not measured.
  std::vector<std::vector<mote::LayerDiagnostics>> diagnoses;
  std::size_t kept_epoch = 0;  ///< epoch whose parameters were kept; 0: the last
  bool has_labels = true;
  std::uint32_t rows = 0;                  ///< height of an image in pixels; 0: no images, but rows of a table
  std::uint32_t columns = 0;               ///< width of an image in pixels
  std::string samples = "images";          ///< or "rows"
  std::vector<std::string> output_names;   ///< RunData::output_names(); empty: classes are numbers
  std::vector<std::string> feature_names;  ///< of a table
  ColumnScaling scaling;                   ///< of a table's inputs
  std::string responses;                   ///< samples behind the responses of the layers: "validation" or "training"
  TestReport test;
  Inspection inspection;

  bool has_images() const { return rows != 0; }
};

/// Loss by epoch on the training images and the validation images, if any; for an ensemble, the mean of the members.
LineChart loss_chart(const RunRecord& record);

/// Accuracy by epoch on the training images and the validation images, if any; for an ensemble, the mean of the
/// members.
LineChart accuracy_chart(const RunRecord& record);

/// Speed of learning of each layer by epoch, with epoch 0 before training: the norm of its bias gradient.
LineChart speed_chart(const RunRecord& record);

/// "layer 1, relu"
std::string layer_name(const Inspection& inspection, std::size_t layer);

/// Plots of a run for a terminal: loss, accuracy with labels, speed of learning, responses of the layers.
std::string plot_run(const RunRecord& record, const TerminalStyle& style);

}  // namespace tools
