// SPDX-License-Identifier: MIT
#include "mote/optimizer.hpp"

#include "numeric.hpp"
#include "updates.hpp"

namespace MOTE_NUMERIC {
namespace {

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

float power(float base, std::uint32_t exponent) {
  float result = 1.0f;
  for (; exponent != 0; exponent >>= 1, base *= base) {
    if (exponent & 1u) result *= base;
  }
  return result;
}

void adam(const mote::OptimizerStep& step, const float* __restrict gradients, float* __restrict parameters,
          float* __restrict means, float* __restrict squares, size_t count) {
  const float beta1 = step.options.beta1, beta2 = step.options.beta2, l2 = step.l2, epsilon = step.options.epsilon;
  const float rate = step.options.learning_rate / (1.0f - power(beta1, step.number));
  const float scale = 1.0f / (1.0f - power(beta2, step.number));
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    means[i] = without_negligible(multiply_add(beta1, means[i], (1.0f - beta1) * g));
    squares[i] = without_negligible(multiply_add(beta2, squares[i], (1.0f - beta2) * g * g));
    parameters[i] -= rate * means[i] / (square_root(squares[i] * scale) + epsilon);
  }
}

}  // namespace

void optimizer_step(const mote::OptimizerStep& step, const float* gradients, float* parameters, float* state,
                    size_t count) {
  switch (step.options.method) {
    case mote::Optimizer::sgd: return sgd(step, gradients, parameters, count);
    case mote::Optimizer::momentum: return momentum(step, gradients, parameters, state, count);
    case mote::Optimizer::adam: return adam(step, gradients, parameters, state, state + step.state_stride, count);
  }
}

}  // namespace MOTE_NUMERIC
