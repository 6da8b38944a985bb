// SPDX-License-Identifier: MIT
// How the learning rate changes in the course of training. Time is counted in parameter steps, t = 0 for the first:
//
//   warm-up (optional), t < warmup_steps:          rate (t + 1) / warmup_steps       (Goyal et al. 2017, 2.2)
//   after it, with s = (t - warmup_steps) / decay_steps:
//   none         rate
//   step         rate factor^floor(s)
//   exponential  rate factor^s
//   cosine       rate (factor + (1 - factor) (1 + cos(pi s)) / 2), and rate factor from s = 1 on
//                                                  (Loshchilov & Hutter 2017, eq. 5, without restarts)
//
// All of these are pure functions of t: nothing is kept, so training can be resumed anywhere. They are computed with
// separate multiply and add, so that rates are the same to the bit in both arithmetic classes. ReduceOnPlateau looks at
// the loss instead, and has to remember.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/status.hpp"

namespace mote {

enum class Decay : std::uint8_t { none, step, exponential, cosine };

/// For instance a tenth of the rate every ten epochs: {Decay::step, 10 * steps_per_epoch(samples, batch_size), 0.1f};
/// down to nothing in thirty: {Decay::cosine, 30 * steps_per_epoch(samples, batch_size), 0.0f}.
struct Schedule {
  Decay decay = Decay::none;
  std::uint32_t decay_steps = 1;   ///< parameter steps in which the rate falls to `factor` of what it was, >= 1
  float factor = 0.1f;             ///< in (0, 1]; cosine: may be 0
  std::uint32_t warmup_steps = 0;  ///< parameter steps of linear rise before the full rate and the decay begin
};

/// Parameter steps that an epoch of mini-batches takes; the last may be smaller.
constexpr std::uint32_t steps_per_epoch(std::size_t samples, std::size_t batch_size) {
  return static_cast<std::uint32_t>(samples / batch_size + (samples % batch_size != 0 ? 1 : 0));
}

/// ok or bad_schedule.
constexpr Result check(const Schedule& schedule) {
  if (schedule.decay_steps == 0) return Status::bad_schedule;
  if (!(schedule.factor >= 0.0f && schedule.factor <= 1.0f)) return Status::bad_schedule;
  return schedule.factor == 0.0f && schedule.decay != Decay::cosine ? Status::bad_schedule : Status::ok;
}

/// What the learning rate is multiplied by in step t: in [0, 1], right to 8 units in the last place, 1 more for every
/// decay_steps gone by, and 2 |ln factor| more for exponential.
float rate_factor(const Schedule& schedule, std::uint32_t t);

/// Lowers the learning rate when a loss, best that of validation data, has stopped falling:
///   rate = plateau.update(validation_loss, rate);   // after every epoch
struct ReduceOnPlateau {
  float factor = 0.1f;          ///< in (0, 1): the rate is multiplied by it
  std::uint32_t patience = 10;  ///< epochs without improvement that are borne
  float threshold = 1e-4f;      ///< in [0, 1): an improvement is a loss below (1 - threshold) times the best
  float lowest = 1e-8f;         ///< > 0: where the rate stays

  // What it remembers.
  float best = __builtin_inff();
  std::uint32_t waited = 0;  ///< epochs since the last improvement

  /// Takes note of an epoch's loss (>= 0; NaN is no improvement); returns the learning rate for the next.
  float update(float loss, float learning_rate);
};

}  // namespace mote
