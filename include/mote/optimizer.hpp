// SPDX-License-Identifier: MIT
// Optimizers: the change of parameters theta by a gradient g in step t = 1, 2, ..., element by element. In the formulas
// rate is learning_rate.
//
//   sgd       theta <- theta - rate g
//   momentum  v <- momentum v - rate g                                (Polyak 1964; Goodfellow et al. 2016, 8.3.2)
//             theta <- theta + v
//   nesterov  momentum with g taken at theta + momentum v             (Nesterov 1983; Sutskever et al. 2013;
//                                                                      Goodfellow et al. 8.3.3)
//   adagrad   r <- r + g^2                                            (Duchi et al. 2011; Goodfellow et al. algorithm
//             theta <- theta - rate g / (epsilon + sqrt(r))            8.4)
//   rmsprop   r <- rho r + (1 - rho) g^2                              (Hinton 2012; Goodfellow et al. algorithm 8.5 has
//             theta <- theta - rate g / (epsilon + sqrt(r))            sqrt(epsilon + r): set_epsilon_inside(true))
//   adam      m <- beta1 m + (1 - beta1) g                            (Kingma & Ba 2015, algorithm 1)
//             s <- beta2 s + (1 - beta2) g^2
//             theta <- theta - rate m' / (sqrt(s') + epsilon), m' = m / (1 - beta1^t), s' = s / (1 - beta2^t)
//   adamw     adam, and theta <- theta - rate weight_decay theta      (Loshchilov & Hutter 2019, algorithm 2; rate is
//             in the same step, weights only                           their eta alpha, weight_decay their lambda /
//             alpha)
//   nadam     adam with m' = beta1 m / (1 - beta1^(t+1)) + (1 - beta1) g / (1 - beta1^t)      (Dozat 2016, with a
//                                                                                              constant beta1)
//
// State (v, r, m, s) of magnitude below 2^-100 is set to 0 (src/core/arithmetic.hpp has the reason). Sums of squares
// that small are negligible beside a useful epsilon, 2^-50 or more (inside the root: 2^-100). Inside the root, 1e-6
// keeps the root above 1e-3: steps of smaller gradients, as in deep sigmoid networks, shrink with the gradients
// (`tools/lesson optimizers`). v sums steps, each with the
// learning rate of that step. (PyTorch's v sums gradients and multiplies by the present rate: equal while it is
// constant.)
#ifndef MOTE_OPTIMIZER_HPP
#define MOTE_OPTIMIZER_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/finite.hpp"
#include "mote/status.hpp"

namespace mote {

enum class Optimizer : std::uint8_t { sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, nadam };

/// Epsilon proposed by the source of each method; for rmsprop outside the root, adagrad's, whose divisor has an equal
/// form. (Always inlined: numeric files share no code.)
[[gnu::always_inline]] constexpr float default_epsilon(Optimizer method, bool inside_root = false) {
  if (method == Optimizer::rmsprop && inside_root) return 1e-6f;
  return method == Optimizer::adagrad || method == Optimizer::rmsprop ? 1e-7f : 1e-8f;
}

/// A method and its parameters; each method ignores the parameters of the others.
struct OptimizerOptions {
  Optimizer method = Optimizer::sgd;
  float learning_rate = 0.1f;   ///< finite, > 0
  float momentum = 0.9f;        ///< momentum, nesterov: [0, 1)
  float beta1 = 0.9f;           ///< adam, adamw, nadam: [0, 1)
  float beta2 = 0.999f;         ///< adam, adamw, nadam: [0, 1)
  float epsilon = 0.0f;         ///< adagrad, rmsprop, adam, adamw, nadam: finite, > 0; 0: default_epsilon()
  float rho = 0.9f;             ///< rmsprop: [0, 1)
  float weight_decay = 0.01f;   ///< adamw: finite, >= 0
  bool epsilon_inside = false;  ///< rmsprop: add epsilon to r instead of its root

  constexpr OptimizerOptions& set_method(Optimizer value) { return void(method = value), *this; }
  constexpr OptimizerOptions& set_learning_rate(float value) { return void(learning_rate = value), *this; }
  constexpr OptimizerOptions& set_momentum(float value) { return void(momentum = value), *this; }
  constexpr OptimizerOptions& set_beta1(float value) { return void(beta1 = value), *this; }
  constexpr OptimizerOptions& set_beta2(float value) { return void(beta2 = value), *this; }
  constexpr OptimizerOptions& set_epsilon(float value) { return void(epsilon = value), *this; }
  constexpr OptimizerOptions& set_rho(float value) { return void(rho = value), *this; }
  constexpr OptimizerOptions& set_weight_decay(float value) { return void(weight_decay = value), *this; }
  constexpr OptimizerOptions& set_epsilon_inside(bool value) { return void(epsilon_inside = value), *this; }
};

/// Number of state arrays, of one float per parameter, that the method keeps between steps. All are 0 before the first.
constexpr std::size_t state_arrays(Optimizer method) {
  switch (method) {
    case Optimizer::sgd: return 0;
    case Optimizer::momentum:
    case Optimizer::adagrad:
    case Optimizer::rmsprop: return 1;
    case Optimizer::nesterov:  // v, then the gradient point
    case Optimizer::adam:      // m, then s; adamw and nadam too
    case Optimizer::adamw:
    case Optimizer::nadam: break;
  }
  return 2;
}

/// ok, bad_enumerator, bad_learning_rate, bad_momentum, bad_beta (beta1, beta2, rho), bad_epsilon or bad_penalty
/// (weight_decay).
constexpr Result check(const OptimizerOptions& options) {
  if (options.method > Optimizer::nadam) return detail::unknown(options.method);
  if (!(options.learning_rate > 0.0f && detail::is_finite(options.learning_rate))) return Status::bad_learning_rate;
  if (!detail::is_fraction(options.momentum)) return Status::bad_momentum;
  const bool decay = detail::is_fraction(options.beta1) && detail::is_fraction(options.beta2);
  if (!decay || !detail::is_fraction(options.rho)) return Status::bad_beta;
  if (!detail::is_amount(options.epsilon)) return Status::bad_epsilon;
  return detail::is_amount(options.weight_decay) ? Status::ok : Status::bad_penalty;
}

/// One step, for all parameters. Without defaults: a number that nobody counts, or state arrays on top of each other,
/// would give wrong numbers in silence.
struct OptimizerStep {
  OptimizerOptions options;
  float l2;                  ///< penalty l2/2 theta.theta: adds l2 theta to g
  std::uint32_t number;      ///< t, from 1: count it up before each step; all layers share it
  std::size_t state_stride;  ///< floats from one state array to the next: at least the parameters of a step
  float l1;                  ///< penalty l1 sum of |theta|: adds l1 sign(theta) to g, sign(0) = 0

  constexpr OptimizerStep(const OptimizerOptions& given, float l2_penalty, std::uint32_t step_number,
                          std::size_t stride_of_state, float l1_penalty = 0.0f)
      : options(given), l2(l2_penalty), number(step_number), state_stride(stride_of_state), l1(l1_penalty) {}
};

/// Whether a step leaves parameters with gradient 0 unchanged, so that it may skip them.
constexpr bool skips_zero_gradients(const OptimizerStep& step) {
  const bool forgets_nothing = step.options.method == Optimizer::sgd || step.options.method == Optimizer::adagrad;
  return forgets_nothing && step.l2 == 0.0f && step.l1 == 0.0f;
}

/// Makes one step of `count` parameters. state: the elements of the first state array that belong to them; not read if
/// the method has no state. gradients: of the loss without penalties, at gradient_point(). The step adds the gradients
/// of the penalties at that point (Goodfellow et al. 2016, 7.1).
void optimizer_step(const OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    std::size_t count);

/// The point at which the next gradient is taken: `parameters`, or for nesterov the second state array.
constexpr const float* gradient_point(const OptimizerStep& step, const float* parameters, const float* state) {
  return step.options.method == Optimizer::nesterov ? state + step.state_stride : parameters;
}

/// Recomputes gradient_point() from the parameters. Call it before the first step, and after any change of parameters
/// other than by optimizer_step(), which keeps the point current to the bit.
void move_gradient_point(const OptimizerStep& step, const float* parameters, float* state, std::size_t count);

}  // namespace mote

#endif  // MOTE_OPTIMIZER_HPP
