// SPDX-License-Identifier: MIT
// Losses with one activation only, so that a program for a microcontroller links those that it names.
#ifndef MOTE_DETAIL_LOSS_HPP
#define MOTE_DETAIL_LOSS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/activation.hpp"
#include "mote/loss.hpp"

namespace mote {

/// loss_and_deltas() for one loss and one activation of the outputs, on microcontrollers.
template <Loss kLoss, Activation kActivation>
std::uint32_t loss_and_deltas_of(const LossOptions& loss, Activation, std::size_t rows, std::size_t columns,
                                 std::size_t stride, const float* z, const Targets& targets, float scale, float* deltas,
                                 float* losses);
#define MOTE_DECLARE(loss, activation)                                                                            \
  extern template std::uint32_t loss_and_deltas_of<Loss::loss, Activation::activation>(                           \
      const LossOptions&, Activation, std::size_t, std::size_t, std::size_t, const float*, const Targets&, float, \
      float*, float*);
#define MOTE_DECLARE_ERRORS(name) \
  MOTE_DECLARE(quadratic, name) MOTE_DECLARE(mean_absolute_error, name) MOTE_DECLARE(huber, name)
MOTE_FOR_ACTIVATIONS(MOTE_DECLARE_ERRORS)
MOTE_DECLARE(cross_entropy, softmax)
MOTE_DECLARE(sigmoid_cross_entropy, sigmoid)
#undef MOTE_DECLARE_ERRORS
#undef MOTE_DECLARE

namespace detail {

using LossFunction = decltype(&loss_and_deltas);

template <Loss kLoss>
constexpr LossFunction loss_of_errors(Activation activation) {
  switch (activation) {
#define MOTE_CASE(name) \
  case Activation::name: return loss_and_deltas_of<kLoss, Activation::name>;
    MOTE_FOR_ACTIVATIONS(MOTE_CASE)
#undef MOTE_CASE
  }
  return nullptr;
}

constexpr LossFunction loss_function([[maybe_unused]] Loss loss, [[maybe_unused]] Activation activation) {
#ifdef MOTE_MICROCONTROLLER
  switch (loss) {
    case Loss::quadratic: return loss_of_errors<Loss::quadratic>(activation);
    case Loss::mean_absolute_error: return loss_of_errors<Loss::mean_absolute_error>(activation);
    case Loss::huber: return loss_of_errors<Loss::huber>(activation);
    case Loss::cross_entropy: return loss_and_deltas_of<Loss::cross_entropy, Activation::softmax>;
    case Loss::sigmoid_cross_entropy: return loss_and_deltas_of<Loss::sigmoid_cross_entropy, Activation::sigmoid>;
  }
  return nullptr;
#else
  return loss_and_deltas;
#endif
}

}  // namespace detail
}  // namespace mote

#endif  // MOTE_DETAIL_LOSS_HPP
