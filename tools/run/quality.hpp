// SPDX-License-Identifier: MIT
// Quality of a network on the test rows of a table: of each class, or of each number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mote/mote.hpp"

namespace tools {

/// Balanced accuracy and macro F1; then, of at most 20 classes, precision, recall and F1 of each.
std::string class_lines(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names);

/// A warning that names the classes with at least 5 samples and none recognized, with their numbers of samples; or
/// empty.
std::string unrecognized_text(const std::vector<std::uint32_t>& confusion, const std::vector<std::string>& names,
                              const char* samples);

/// Errors of each output on samples with targets. scratch: at least ensemble_bytes(topology, 1).
std::vector<mote::RegressionTotals> measure_errors(const mote::Topology& topology, mote::Members members,
                                                   const mote::Dataset& samples, mote::Memory scratch);

/// A line with the errors of each of at most 20 outputs, and of several one with their means.
std::string error_lines(const std::vector<mote::RegressionTotals>& errors, const std::vector<std::string>& names);

}  // namespace tools
