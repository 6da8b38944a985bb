// SPDX-License-Identifier: MIT
// The experiments of tools/gradients. Each adds its tables to the laboratory.
#pragma once

#include <string>
#include <vector>

#include "experiments/laboratory.hpp"

namespace tools {

struct Experiment {
  std::string name;
  std::string summary;  ///< for --help, without a full stop
  std::size_t seeds;    ///< default number of seeds
  std::size_t epochs;   ///< default number of epochs; 0: the experiment does not train for epochs
  void (*run)(Laboratory& laboratory);
};

// learning_speeds.cpp
void measure_norms(Laboratory& laboratory);
void measure_training(Laboratory& laboratory);
// depths.cpp
void measure_depth(Laboratory& laboratory);
void measure_cures(Laboratory& laboratory);
// signal_sizes.cpp
void measure_variances(Laboratory& laboratory);
void measure_explosions(Laboratory& laboratory);
// bound_checks.cpp
void measure_bounds(Laboratory& laboratory);

const std::vector<Experiment>& experiments();

}  // namespace tools
