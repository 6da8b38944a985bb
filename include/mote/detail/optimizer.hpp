// SPDX-License-Identifier: MIT
// Optimizer steps of one method only, so that a program for a microcontroller links those that it names.
#ifndef MOTE_DETAIL_OPTIMIZER_HPP
#define MOTE_DETAIL_OPTIMIZER_HPP

#include <cstddef>

#include "mote/optimizer.hpp"
#include "mote/target.hpp"

namespace mote {

// Calls X for the name of every optimizer.
#define MOTE_FOR_OPTIMIZERS(X) X(sgd) X(momentum) X(nesterov) X(adagrad) X(rmsprop) X(adam) X(adamw) X(nadam)

/// optimizer_step() for one method without l1, on microcontrollers.
template <Optimizer kMethod>
void optimizer_step_by(const OptimizerStep& step, const float* gradients, float* parameters, float* state,
                       std::size_t count);
#define MOTE_DECLARE(name)                                                                                    \
  extern template void optimizer_step_by<Optimizer::name>(const OptimizerStep&, const float*, float*, float*, \
                                                          std::size_t);
MOTE_FOR_OPTIMIZERS(MOTE_DECLARE)
#undef MOTE_DECLARE

namespace detail {
using StepFunction = decltype(&optimizer_step);
}  // namespace detail

}  // namespace mote

#endif  // MOTE_DETAIL_OPTIMIZER_HPP
