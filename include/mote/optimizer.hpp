// SPDX-License-Identifier: MIT
// Optimizers: how a gradient g changes the parameters theta in step t = 1, 2, ... One flat loop over all parameters.
//
//   sgd       theta <- theta - learning_rate g
//   momentum  v <- momentum v - learning_rate g                       (Polyak 1964; Goodfellow et al. 2016, 8.3.2)
//             theta <- theta + v
//   adam      m <- beta1 m + (1 - beta1) g                            (Kingma & Ba 2015, algorithm 1)
//             s <- beta2 s + (1 - beta2) g^2
//             theta <- theta - learning_rate m' / (sqrt(s') + epsilon), m' = m / (1 - beta1^t), s' = s / (1 - beta2^t)
//
// What is kept between steps (v, m, s) is 0 where its magnitude is below 2^-100 (src/numeric.hpp says why).
// Online, mini-batch and full-batch gradient descent differ only in how many samples g is the mean over.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/status.hpp"

namespace mote {

enum class Optimizer : std::uint8_t { sgd, momentum, adam };

struct OptimizerOptions {
  Optimizer method = Optimizer::sgd;
  float learning_rate = 0.1f;  ///< finite, > 0
  float momentum = 0.9f;       ///< [0, 1)
  float beta1 = 0.9f;          ///< [0, 1)
  float beta2 = 0.999f;        ///< [0, 1)
  float epsilon = 1e-8f;       ///< finite, > 0
};

/// Arrays of one float per parameter that the method keeps between steps; all zero before the first.
constexpr std::size_t state_arrays(Optimizer method) {
  switch (method) {
    case Optimizer::sgd: return 0;
    case Optimizer::momentum: return 1;
    case Optimizer::adam: break;
  }
  return 2;
}

/// ok, bad_learning_rate, bad_momentum, bad_beta or bad_epsilon.
constexpr Result check(const OptimizerOptions& options) {
  constexpr float kLargest = 3.4028235e38f;
  if (!(options.learning_rate > 0.0f && options.learning_rate <= kLargest)) return Status::bad_learning_rate;
  if (!(options.momentum >= 0.0f && options.momentum < 1.0f)) return Status::bad_momentum;
  if (!(options.beta1 >= 0.0f && options.beta1 < 1.0f)) return Status::bad_beta;
  if (!(options.beta2 >= 0.0f && options.beta2 < 1.0f)) return Status::bad_beta;
  if (!(options.epsilon > 0.0f && options.epsilon <= kLargest)) return Status::bad_epsilon;
  return Status::ok;
}

/// What a step needs to know besides numbers that come per parameter.
struct OptimizerStep {
  OptimizerOptions options;
  float l2 = 0.0f;           ///< penalty l2/2 theta.theta: g + l2 theta takes the place of g
  std::uint32_t number = 1;  ///< t: 1 for the first step on these parameters, one more for each, whatever the layers
  std::size_t state_stride = 0;  ///< floats between the method's arrays
};

/// Whether parameters with gradient 0 stay as they are, so that a step may leave them out.
constexpr bool skips_zero_gradients(const OptimizerStep& step) {
  return step.options.method == Optimizer::sgd && step.l2 == 0.0f;
}

/// One step for `count` parameters. state: the same elements of the method's first array; not read where it has none.
void optimizer_step(const OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    std::size_t count);

}  // namespace mote
