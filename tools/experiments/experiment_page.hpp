// SPDX-License-Identifier: MIT
// Experiments as parts of a web page.
#pragma once

#include <string>

#include "experiments/experiments.hpp"

namespace tools {

/// What was found, as charts, then as tables.
std::string experiment_section(const Experiment& experiment, const Laboratory& laboratory);

}  // namespace tools
