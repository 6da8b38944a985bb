// SPDX-License-Identifier: MIT
#include "mote/optimizer.hpp"

#include "numeric.hpp"

namespace MOTE_NUMERIC {
namespace {

using mote::detail::multiply_add;
using mote::detail::without_negligible;
using std::size_t;

void sgd(float learning_rate, float l2, const float* __restrict gradients, float* __restrict parameters, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    parameters[i] = multiply_add(-learning_rate, g, parameters[i]);
  }
}

void momentum(float rate, float learning_rate, float l2, const float* __restrict gradients,
              float* __restrict parameters, float* __restrict velocities, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const float g = multiply_add(l2, parameters[i], gradients[i]);
    velocities[i] = without_negligible(multiply_add(rate, velocities[i], -learning_rate * g));
    parameters[i] += velocities[i];
  }
}

}  // namespace

void optimizer_step(const mote::OptimizerOptions& options, float l2, const float* gradients, float* parameters,
                    float* state, size_t count) {
  switch (options.method) {
    case mote::Optimizer::sgd: return sgd(options.learning_rate, l2, gradients, parameters, count);
    case mote::Optimizer::momentum:
      return momentum(options.momentum, options.learning_rate, l2, gradients, parameters, state, count);
  }
}

}  // namespace MOTE_NUMERIC
