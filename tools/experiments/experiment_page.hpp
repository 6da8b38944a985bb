// SPDX-License-Identifier: MIT
// Experiments as sections of a web page.
#pragma once

#include <string>

#include "experiments/experiments.hpp"

namespace tools {

/// The results of an experiment: charts, then tables.
std::string experiment_section(const Experiment& experiment, const Laboratory& laboratory);

}  // namespace tools
