// SPDX-License-Identifier: MIT
// Optimizers: how a gradient g changes the parameters theta. One flat loop over all parameters.
//
//   sgd       theta <- theta - learning_rate g
//   momentum  v <- momentum v - learning_rate g,  theta <- theta + v        (Polyak 1964; Goodfellow et al.
//   2016, 8.3.2)
//
// Velocities smaller in magnitude than 2^-100 are 0 (src/numeric.hpp says why).
// Online, mini-batch and full-batch gradient descent differ only in how many samples g is the mean over.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/status.hpp"

namespace mote {

enum class Optimizer : std::uint8_t { sgd, momentum };

struct OptimizerOptions {
  Optimizer method = Optimizer::sgd;
  float learning_rate = 0.1f;  ///< finite, > 0
  float momentum = 0.9f;       ///< [0, 1); used by momentum only
};

/// Arrays of one float per parameter that the method keeps between steps; all zero before the first.
constexpr std::size_t state_arrays(Optimizer method) {
  return method == Optimizer::sgd ? 0 : 1;
}

/// ok, bad_learning_rate or bad_momentum.
constexpr Result check(const OptimizerOptions& options) {
  constexpr float kLargest = 3.4028235e38f;
  if (!(options.learning_rate > 0.0f && options.learning_rate <= kLargest)) return Status::bad_learning_rate;
  if (!(options.momentum >= 0.0f && options.momentum < 1.0f)) return Status::bad_momentum;
  return Status::ok;
}

/// One step for `count` parameters with gradients g + l2 * parameters (the gradient of l2/2 times their squared norm).
/// state: the same `count` elements of the method's array; not read where it has none.
void optimizer_step(const OptimizerOptions& options, float l2, const float* gradients, float* parameters, float* state,
                    std::size_t count);

}  // namespace mote
