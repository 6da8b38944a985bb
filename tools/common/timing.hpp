// SPDX-License-Identifier: MIT
// Timing that survives a busy machine: samples long enough for the clock, several of them, and their median.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tools {

using Work = std::function<void()>;

/// What several measurements of the same thing say.
struct Summary {
  double median = 0.0;
  double min = 0.0;
  double max = 0.0;
};

/// samples: at least one.
Summary summarize(std::vector<double> samples);

inline constexpr double kSampleSeconds = 0.002;  ///< shortest sample: thousands of ticks of the clock
inline constexpr std::size_t kSamples = 7;

/// Seconds that `calls` calls of `work` take.
double seconds_of(const Work& work, std::size_t calls = 1);

/// How many calls of `work` last at least `seconds`; runs it, so that it is also warm afterwards.
std::size_t calls_lasting(double seconds, const Work& work);

/// Seconds of one call of `work`.
Summary time_per_call(const Work& work, std::size_t samples = kSamples);

}  // namespace tools
