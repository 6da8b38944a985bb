// SPDX-License-Identifier: MIT
// Experiments as sections of a web page.
#pragma once

#include <string>
#include <vector>

#include "experiments/experiments.hpp"

namespace tools {

/// The results of an experiment: sentences, charts, tables and notes.
std::string experiment_section(const Experiment& experiment, const Findings& findings);

/// The body of the page of some experiments: contents, then a section for each. findings: one for each experiment.
std::string lesson_body(const std::vector<Experiment>& experiments, const std::vector<Findings>& findings);

}  // namespace tools
