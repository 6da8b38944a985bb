// SPDX-License-Identifier: MIT
#include "mote/schedule.hpp"

#include "../core/arithmetic.hpp"

namespace mote {
namespace {

/// (1 + cos(pi (1 - u))) / 2 = sin^2(pi u / 2) for u in [0, 1]; the right side is accurate near 0, too.
/// sin(pi u / 2) = u p(u^2), with p through the Chebyshev nodes of [0, 1].
float half_cosine_wave(float u) {
  const float square = u * u;
  float p = 0.000151671702f;
  p = p * square - 0.00467414362f;
  p = p * square + 0.0796899199f;
  p = p * square - 0.645963788f;
  p = p * square + 1.57079637f;
  const float sine = u * p;
  return sine < 1.0f ? sine * sine : 1.0f;
}

/// a / b. Each may round, because floats hold integers only up to 2^24.
float ratio(std::uint32_t a, std::uint32_t b) {
  return static_cast<float>(a) / static_cast<float>(b);
}

}  // namespace

float rate_factor(const Schedule& schedule, std::uint32_t t) {
  if (t < schedule.warmup_steps) return ratio(t + 1, schedule.warmup_steps);
  const std::uint32_t steps = t - schedule.warmup_steps, whole = steps / schedule.decay_steps;
  const std::uint32_t rest = steps % schedule.decay_steps;
  const float factor = schedule.factor;
  switch (schedule.decay) {
    case Decay::step:
    case Decay::exponential: {
      const float power = detail::integer_power(factor, whole).value;
      if (schedule.decay == Decay::step) return power;
      return power * detail::exp_of<false>(detail::log_of<false>(factor) * ratio(rest, schedule.decay_steps));
    }
    case Decay::cosine:
      if (whole != 0) return factor;
      return factor + (1.0f - factor) * half_cosine_wave(ratio(schedule.decay_steps - rest, schedule.decay_steps));
    case Decay::none: break;
  }
  return 1.0f;
}

float ReduceOnPlateau::update(float loss, float learning_rate) {
  if (loss < best * (1.0f - threshold)) {
    best = loss;
    waited = 0;
    return learning_rate;
  }
  if (++waited <= patience) return learning_rate;
  waited = 0;
  const float lower = learning_rate * factor;
  if (lower >= lowest) return lower;
  return learning_rate < lowest ? learning_rate : lowest;
}

}  // namespace mote
