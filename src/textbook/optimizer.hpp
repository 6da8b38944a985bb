// SPDX-License-Identifier: MIT
// Optimizer steps of one parameter, simple enough to run at the end of a register tile. Internal linkage throughout.
#pragma once

#include "../core/arithmetic.hpp"

namespace mote::detail {

MOTE_ALWAYS_INLINE void sgd_update(float learning_rate, float l2, float gradient, float& parameter) {
  const float g = multiply_add(l2, parameter, gradient);
  parameter = multiply_add(-learning_rate, g, parameter);
}

MOTE_ALWAYS_INLINE void momentum_update(float learning_rate, float l2, float momentum, float gradient, float& parameter,
                                        float& velocity) {
  const float g = multiply_add(l2, parameter, gradient);
  velocity = without_negligible(multiply_add(momentum, velocity, -learning_rate * g));
  parameter += velocity;
}

}  // namespace mote::detail
