// SPDX-License-Identifier: MIT
#include "mote/optimizer.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/optimizer.hpp"
#include "optimizer.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::detail::integer_power;
using mote::detail::IntegerPower;
using mote::detail::multiply_add;
using mote::detail::square_root;
using mote::detail::without_negligible;
using std::size_t;

void sgd(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
         size_t count) {
  const float learning_rate = step.options.learning_rate, l2 = step.l2;
  for (size_t i = 0; i < count; ++i) {
    mote::detail::sgd_update(learning_rate, l2, gradients[i], parameters[i]);
  }
}

void momentum(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
              float* __restrict velocities, size_t count) {
  const float learning_rate = step.options.learning_rate, rate = step.options.momentum, l2 = step.l2;
  for (size_t i = 0; i < count; ++i) {
    mote::detail::momentum_update(learning_rate, l2, rate, gradients[i], parameters[i], velocities[i]);
  }
}

void nesterov(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
              float* __restrict velocities, float* __restrict point, size_t count) {
  const float learning_rate = step.options.learning_rate, rate = step.options.momentum, l2 = step.l2;
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, point[i], gradients[i]);
    velocities[i] = without_negligible(multiply_add(rate, velocities[i], -learning_rate * g));
    parameters[i] += velocities[i];
    point[i] = multiply_add(rate, velocities[i], parameters[i]);
  }
}

float epsilon_of(const mote::OptimizerStep& step) {
  const float epsilon = step.options.epsilon;
  return epsilon == 0.0f ? mote::default_epsilon(step.options.method, step.options.epsilon_inside) : epsilon;
}

void adagrad(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
             float* __restrict squares, size_t count) {
  const float rate = step.options.learning_rate, l2 = step.l2, epsilon = epsilon_of(step);
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    squares[i] = without_negligible(multiply_add(g, g, squares[i]));
    parameters[i] -= rate * g / (epsilon + square_root(squares[i]));
  }
}

void rmsprop(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
             float* __restrict squares, size_t count) {
  const float rate = step.options.learning_rate, rho = step.options.rho, l2 = step.l2;
  const float inside = step.options.epsilon_inside ? epsilon_of(step) : 0.0f;
  const float outside = step.options.epsilon_inside ? 0.0f : epsilon_of(step);
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    squares[i] = without_negligible(multiply_add(rho, squares[i], (1.0f - rho) * g * g));
    parameters[i] -= rate * g / (outside + square_root(inside + squares[i]));
  }
}

/// Adam; AdamW if Decoupled.
template <bool Decoupled>
void adam(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
          float* __restrict means, float* __restrict squares, size_t count) {
  const float beta1 = step.options.beta1, beta2 = step.options.beta2, l2 = step.l2, epsilon = epsilon_of(step);
  const float decay = step.options.learning_rate * step.options.weight_decay;
  const float rate = step.options.learning_rate / integer_power(beta1, step.number).missing;
  const float scale = 1.0f / integer_power(beta2, step.number).missing;
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    means[i] = without_negligible(multiply_add(beta1, means[i], (1.0f - beta1) * g));
    squares[i] = without_negligible(multiply_add(beta2, squares[i], (1.0f - beta2) * g * g));
    const float change = rate * means[i] / (square_root(squares[i] * scale) + epsilon);
    parameters[i] -= Decoupled ? multiply_add(decay, parameters[i], change) : change;
  }
}

void nadam(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
           float* __restrict means, float* __restrict squares, size_t count) {
  const float beta1 = step.options.beta1, beta2 = step.options.beta2, l2 = step.l2, epsilon = epsilon_of(step);
  const float learning_rate = step.options.learning_rate;
  const IntegerPower now = integer_power(beta1, step.number);
  const float mean_rate = learning_rate * beta1 / (now.missing + now.value * (1.0f - beta1));  // 1 - beta1^(t + 1)
  const float rate = learning_rate * (1.0f - beta1) / now.missing;
  const float scale = 1.0f / integer_power(beta2, step.number).missing;
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    means[i] = without_negligible(multiply_add(beta1, means[i], (1.0f - beta1) * g));
    squares[i] = without_negligible(multiply_add(beta2, squares[i], (1.0f - beta2) * g * g));
    parameters[i] -= multiply_add(mean_rate, means[i], rate * g) / (square_root(squares[i] * scale) + epsilon);
  }
}

template <mote::Optimizer kMethod>
void step_by(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state, size_t count) {
  using mote::Optimizer;
  [[maybe_unused]] float* second = kMethod == Optimizer::sgd ? nullptr : state + step.state_stride;
  if constexpr (kMethod == Optimizer::sgd) sgd(step, gradients, parameters, count);
  if constexpr (kMethod == Optimizer::momentum) momentum(step, gradients, parameters, state, count);
  if constexpr (kMethod == Optimizer::nesterov) nesterov(step, gradients, parameters, state, second, count);
  if constexpr (kMethod == Optimizer::adagrad) adagrad(step, gradients, parameters, state, count);
  if constexpr (kMethod == Optimizer::rmsprop) rmsprop(step, gradients, parameters, state, count);
  if constexpr (kMethod == Optimizer::adam) adam<false>(step, gradients, parameters, state, second, count);
  if constexpr (kMethod == Optimizer::adamw) adam<true>(step, gradients, parameters, state, second, count);
  if constexpr (kMethod == Optimizer::nadam) nadam(step, gradients, parameters, state, second, count);
}

void step_without_l1(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                     size_t count) {
  switch (step.options.method) {
#define MOTE_CASE(name) \
  case mote::Optimizer::name: return step_by<mote::Optimizer::name>(step, gradients, parameters, state, count);
    MOTE_FOR_OPTIMIZERS(MOTE_CASE)
#undef MOTE_CASE
  }
}

float sign(float x) {
  const float one = mote::detail::float_of(mote::detail::bits_of(1.0f) | (mote::detail::bits_of(x) & 0x80000000u));
  return x == 0.0f ? x : one;
}

}  // namespace

void optimizer_step(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    size_t count) {
  MOTE_ASSERT(step.number != 0 && (state == nullptr || step.state_stride >= count));
  if (step.l1 == 0.0f) return step_without_l1(step, gradients, parameters, state, count);
  // L1 is rare: adding it block by block keeps it out of the loops above.
  constexpr size_t kBlock = 128;
  float penalized[kBlock];
  for (size_t first = 0; first < count; first += kBlock) {
    const size_t length = count - first < kBlock ? count - first : kBlock;
    float* part = state == nullptr ? nullptr : state + first;
    const bool looks_ahead = step.options.method == mote::Optimizer::nesterov;
    const float* point = looks_ahead ? part + step.state_stride : parameters + first;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nesterov has state.
    for (size_t i = 0; i < length; ++i) penalized[i] = multiply_add(step.l1, sign(point[i]), gradients[first + i]);
    step_without_l1(step, penalized, parameters + first, part, length);
  }
}

#ifdef MOTE_MICROCONTROLLER
template <mote::Optimizer kMethod>
void optimizer_step_by(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                       size_t count) {
  step_by<kMethod>(step, gradients, parameters, state, count);
}
#define MOTE_INSTANCE(name)                                                                                        \
  template void optimizer_step_by<mote::Optimizer::name>(const mote::OptimizerStep&, const float*, float*, float*, \
                                                         size_t);
MOTE_FOR_OPTIMIZERS(MOTE_INSTANCE)
#undef MOTE_INSTANCE
#endif

void move_gradient_point(const mote::OptimizerStep& step, const float* parameters, float* state, size_t count) {
  if (step.options.method != mote::Optimizer::nesterov) return;
  const float momentum = step.options.momentum;
  float* __restrict point = state + step.state_stride;
  for (size_t i = 0; i < count; ++i) point[i] = multiply_add(momentum, state[i], parameters[i]);
}

}  // namespace MOTE_NUMERIC
