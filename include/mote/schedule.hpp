// SPDX-License-Identifier: MIT
// Learning-rate schedules. Time t counts parameter steps from 0:
//
//   warm-up (optional), t < warmup_steps:          rate (t + 1) / warmup_steps       (Goyal et al. 2017, 2.2)
//   after it, with s = (t - warmup_steps) / decay_steps:
//   none         rate
//   step         rate factor^floor(s)
//   exponential  rate factor^s
//   cosine       rate (factor + (1 - factor) (1 + cos(pi s)) / 2), and rate factor from s = 1 on
//                                                  (Loshchilov & Hutter 2017, eq. 5, without restarts)
//
// A schedule is a pure function of t, without state: training resumes at any step. Multiply and add are separate, so
// that both arithmetic classes compute the same bits. ReduceOnPlateau follows the loss instead and has state.
#ifndef MOTE_SCHEDULE_HPP
#define MOTE_SCHEDULE_HPP

#include <cstddef>
#include <cstdint>

#include "mote/status.hpp"

namespace mote {

enum class Decay : std::uint8_t { none, step, exponential, cosine };

/// Examples: a tenth of the rate every ten epochs: {Decay::step, 10 * steps_per_epoch(samples, batch_size), 0.1f};
/// to zero in thirty epochs: {Decay::cosine, 30 * steps_per_epoch(samples, batch_size), 0.0f}.
struct Schedule {
  Decay decay = Decay::none;
  std::uint32_t decay_steps = 1;   ///< parameter steps in which the rate falls by `factor`, >= 1
  float factor = 0.1f;             ///< in (0, 1]; cosine: may be 0
  std::uint32_t warmup_steps = 0;  ///< parameter steps of linear rise before the decay begins
};

/// Number of parameter steps in an epoch, whose last mini-batch may be smaller.
constexpr std::uint32_t steps_per_epoch(std::size_t samples, std::size_t batch_size) {
  return static_cast<std::uint32_t>(samples / batch_size + (samples % batch_size != 0 ? 1 : 0));
}

/// ok, bad_enumerator or bad_schedule.
constexpr Result check(const Schedule& schedule) {
  if (schedule.decay > Decay::cosine) return detail::unknown(schedule.decay);
  if (schedule.decay_steps == 0) return Status::bad_schedule;
  if (!(schedule.factor >= 0.0f && schedule.factor <= 1.0f)) return Status::bad_schedule;
  return schedule.factor == 0.0f && schedule.decay != Decay::cosine ? Status::bad_schedule : Status::ok;
}

/// Factor of the learning rate in step t, in [0, 1]. Error at most 8 ulp, plus 1 ulp per decay_steps passed, plus
/// 2 |ln factor| ulp for exponential.
float rate_factor(const Schedule& schedule, std::uint32_t t);

/// Lowers the learning rate when a loss, preferably the validation loss, has stopped falling:
///   rate = plateau.update(validation_loss, rate);   // after every epoch
struct ReduceOnPlateau {
  float factor = 0.1f;          ///< in (0, 1); factor of each reduction
  std::uint32_t patience = 10;  ///< epochs without improvement before the rate drops
  float threshold = 1e-4f;      ///< in [0, 1); improvement: a loss < (1 - threshold) best
  float lowest = 1e-8f;         ///< > 0; smallest rate

  // State.
  float best = __builtin_inff();  ///< lowest loss so far
  std::uint32_t waited = 0;       ///< epochs since the last improvement

  /// Records the loss of an epoch (>= 0; NaN is no improvement) and returns the learning rate for the next epoch.
  float update(float loss, float learning_rate);
};

}  // namespace mote

#endif  // MOTE_SCHEDULE_HPP
