// SPDX-License-Identifier: MIT
// Optimizers: how a gradient g changes the parameters theta in step t = 1, 2, ... One flat loop over all parameters.
// (In the formulas rate is learning_rate; all operations are element by element.)
//
//   sgd       theta <- theta - rate g
//   momentum  v <- momentum v - rate g                                (Polyak 1964; Goodfellow et al. 2016, 8.3.2)
//             theta <- theta + v
//   nesterov  the same, but g is taken at theta + momentum v          (Nesterov 1983; Sutskever et al. 2013;
//                                                                      Goodfellow et al. 8.3.3)
//   adagrad   r <- r + g^2                                            (Duchi et al. 2011; Goodfellow et al. algorithm
//             theta <- theta - rate g / (epsilon + sqrt(r))            8.4)
//   rmsprop   r <- rho r + (1 - rho) g^2                              (Hinton 2012; Goodfellow et al. algorithm 8.5,
//             theta <- theta - rate g / sqrt(epsilon + r)              epsilon inside the root)
//   adam      m <- beta1 m + (1 - beta1) g                            (Kingma & Ba 2015, algorithm 1)
//             s <- beta2 s + (1 - beta2) g^2
//             theta <- theta - rate m' / (sqrt(s') + epsilon), m' = m / (1 - beta1^t), s' = s / (1 - beta2^t)
//   adamw     adam, and theta <- theta - rate weight_decay theta      (Loshchilov & Hutter 2019, algorithm 2; rate is
//             in the same step, weights only                           their eta alpha, weight_decay their lambda /
//             alpha)
//   nadam     adam with m' = beta1 m / (1 - beta1^(t+1)) + (1 - beta1) g / (1 - beta1^t)      (Dozat 2016, with a
//                                                                                              constant beta1)
//
// What is kept between steps (v, r, m, s) is 0 where its magnitude is below 2^-100 (src/core/arithmetic.hpp says why).
// Sums of squares that small are nothing beside any useful epsilon: one of 2^-50 or more (rmsprop: 2^-100). Online,
// mini-batch and full-batch gradient descent differ only in how many samples g is the mean over. v is made of steps,
// each at the rate it was taken with. (PyTorch's is made of gradients, all at the rate of the moment: the same as long
// as the rate is.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/finite.hpp"
#include "mote/status.hpp"

namespace mote {

enum class Optimizer : std::uint8_t { sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, nadam };

/// The epsilon that each method's source proposes. (Always inline: numeric files share no code.)
[[gnu::always_inline]] constexpr float default_epsilon(Optimizer method) {
  return method == Optimizer::adagrad ? 1e-7f : method == Optimizer::rmsprop ? 1e-6f : 1e-8f;
}

/// A method reads its own and leaves the rest alone.
struct OptimizerOptions {
  Optimizer method = Optimizer::sgd;
  float learning_rate = 0.1f;  ///< finite, > 0
  float momentum = 0.9f;       ///< momentum, nesterov: [0, 1)
  float beta1 = 0.9f;          ///< adam and its like: [0, 1)
  float beta2 = 0.999f;        ///< adam and its like: [0, 1)
  float epsilon = 0.0f;        ///< adagrad, rmsprop, adam and its like: finite, > 0; or 0: default_epsilon(method)
  float rho = 0.9f;            ///< rmsprop: [0, 1)
  float weight_decay = 0.01f;  ///< adamw: finite, >= 0
};

/// Arrays of one float per parameter that the method keeps between steps; all zero before the first.
constexpr std::size_t state_arrays(Optimizer method) {
  switch (method) {
    case Optimizer::sgd: return 0;
    case Optimizer::momentum:
    case Optimizer::adagrad:
    case Optimizer::rmsprop: return 1;
    case Optimizer::nesterov:  // v, and the point where the next gradient is taken
    case Optimizer::adam:
    case Optimizer::adamw:
    case Optimizer::nadam: break;
  }
  return 2;
}

/// ok, bad_learning_rate, bad_momentum, bad_beta (rho too), bad_epsilon or bad_penalty (weight_decay).
constexpr Result check(const OptimizerOptions& options) {
  if (!(options.learning_rate > 0.0f && detail::is_finite(options.learning_rate))) return Status::bad_learning_rate;
  if (!(options.momentum >= 0.0f && options.momentum < 1.0f)) return Status::bad_momentum;
  if (!(options.beta1 >= 0.0f && options.beta1 < 1.0f)) return Status::bad_beta;
  if (!(options.beta2 >= 0.0f && options.beta2 < 1.0f)) return Status::bad_beta;
  if (!(options.rho >= 0.0f && options.rho < 1.0f)) return Status::bad_beta;
  if (!(options.epsilon >= 0.0f && detail::is_finite(options.epsilon))) return Status::bad_epsilon;
  if (!(options.weight_decay >= 0.0f && detail::is_finite(options.weight_decay))) return Status::bad_penalty;
  return Status::ok;
}

/// What a step needs to know besides numbers that come per parameter.
struct OptimizerStep {
  OptimizerOptions options;
  float l2 = 0.0f;           ///< penalty l2/2 theta.theta: l2 theta is added to g
  std::uint32_t number = 1;  ///< t: 1 for the first step on these parameters, one more for each, whatever the layers
  std::size_t state_stride = 0;  ///< floats between the method's arrays
  float l1 = 0.0f;               ///< penalty l1 sum of |theta|: l1 sign(theta) is added to g, where sign(0) = 0
};

/// Whether parameters with gradient 0 stay as they are, so that a step may leave them out.
constexpr bool skips_zero_gradients(const OptimizerStep& step) {
  const bool forgets_nothing = step.options.method == Optimizer::sgd || step.options.method == Optimizer::adagrad;
  return forgets_nothing && step.l2 == 0.0f && step.l1 == 0.0f;
}

/// One step for `count` parameters. state: the same elements of the method's first array; not read where it has none.
/// gradients: of the loss at gradient_point(), where the penalties' are taken too (Goodfellow et al. 2016, 7.1).
void optimizer_step(const OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    std::size_t count);

/// Where gradients are to be taken: `parameters`, except for nesterov, which keeps that point beside its v.
constexpr const float* gradient_point(const OptimizerStep& step, const float* parameters, const float* state) {
  return step.options.method == Optimizer::nesterov ? state + step.state_stride : parameters;
}

/// Moves gradient_point() after parameters: to be called before the first step, and when something else than
/// optimizer_step has changed them. Where nothing has, it changes no bit.
void move_gradient_point(const OptimizerStep& step, const float* parameters, float* state, std::size_t count);

}  // namespace mote
