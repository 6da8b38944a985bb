// SPDX-License-Identifier: MIT
// Charts of a network's outputs on test samples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "pictures/chart.hpp"

namespace tools {

/// Outputs on all test samples, beside the labels or the targets.
struct TestOutputs {
  std::size_t outputs = 0;           ///< of a sample; 0: not kept
  std::vector<float> values;         ///< [samples][outputs]
  std::vector<std::uint8_t> labels;  ///< [samples]; empty without labels
  std::vector<float> targets;        ///< [samples][outputs]; empty with labels
};

/// Outputs of an ensemble, unless they are more than a page can show. scratch: at least ensemble_bytes(topology, 1).
TestOutputs keep_outputs(const mote::Topology& topology, mote::Members members, const mote::Dataset& test,
                         mote::Memory scratch);

/// ROC curves and precision-recall curves of each class against the others; of two classes, those of the second. Each
/// name has the area: ROC AUC or average precision. Classes without samples, or with all of them, have no curve.
std::vector<LineChart> ranking_charts(const TestOutputs& test, const std::vector<std::string>& names);

/// Predicted against true values of each output, in increasing order of the true values.
LineChart prediction_chart(const TestOutputs& test, const std::vector<std::string>& names);
/// Predicted minus true values of an output.
Histogram residuals(const TestOutputs& test, std::size_t output);

}  // namespace tools
