// SPDX-License-Identifier: MIT
#include "experiments/experiments.hpp"

namespace tools {

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {
      {"norms", "speed of learning by layer at initialization, 1 to 10 hidden layers, beside published draws", 100, 0,
       measure_norms},
      {"training", "speed of learning during 500 steps of full-batch gradient descent, beside published curves", 20, 0,
       measure_training},
      {"depth", "validation accuracy with 1 to 4 hidden layers, beside published ones", 5, 30, measure_depth},
      {"variance", "spread of activations and gradients by layer, initialization and activation", 5, 0,
       measure_variances},
      {"explode", "growth of gradients by products of weights and slopes: a chain, a formula, a sweep of weight scales",
       5, 0, measure_explosions},
      {"bound", "gradients of single images against products of spectral norms and slopes", 5, 0, measure_bounds},
      {"cure", "accuracy with 1 to 50 hidden layers, by activation, initializer, batch normalization, clipping", 1, 3,
       measure_cures},
  };
  return all;
}

}  // namespace tools
