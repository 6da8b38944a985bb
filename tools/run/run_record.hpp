// SPDX-License-Identifier: MIT
// All that is known of a training when it is over: what pictures are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pictures/chart.hpp"
#include "pictures/terminal_plot.hpp"
#include "run/inspection.hpp"
#include "run/report.hpp"

namespace tools {

struct RunRecord {
  std::string command;                             ///< as typed, quoted for a shell
  std::string settings;                            ///< lines of describe_run()
  std::vector<std::string> ending;                 ///< lines: "trained after 3.57 s", and how it came to that
  std::vector<std::vector<EpochReport>> networks;  ///< the epochs of one network, or of each member of an ensemble
  /// Of one network, before the first epoch and after each; empty: not looked at.
  std::vector<std::vector<mote::LayerDiagnostics>> diagnoses;
  std::size_t kept_epoch = 0;  ///< whose parameters were taken; 0: the last
  bool has_labels = true;
  std::uint32_t rows = 0;     ///< of an image, in pixels
  std::uint32_t columns = 0;  ///< likewise
  std::string responses;      ///< which samples the layers were looked at with: "validation"
  TestReport test;
  Inspection inspection;
};

/// Loss by epoch on the training and, where there are any, the validation images; of an ensemble, the members' mean.
LineChart loss_chart(const RunRecord& record);

/// Likewise the share that is correct.
LineChart accuracy_chart(const RunRecord& record);

/// How fast each layer learns by epoch, epoch 0 being the start: the norm of the gradient by its biases.
LineChart speed_chart(const RunRecord& record);

/// "layer 1, relu"
std::string layer_name(const Inspection& inspection, std::size_t layer);

/// Plots of a run for a terminal: loss, accuracy where there are labels, and how the layers respond.
std::string plot_run(const RunRecord& record, const TerminalStyle& style);

}  // namespace tools
