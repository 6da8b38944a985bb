// SPDX-License-Identifier: MIT
// Timing on a busy machine: several samples, each long enough for the clock, and their median.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tools {

using Work = std::function<void()>;

/// Median and range of repeated measurements.
struct Summary {
  double median = 0.0;
  double min = 0.0;
  double max = 0.0;
};

/// samples: at least one.
Summary summarize(std::vector<double> samples);

inline constexpr double kSampleSeconds = 0.002;  ///< shortest sample: thousands of clock ticks
inline constexpr std::size_t kSamples = 7;

/// Seconds for `calls` calls of `work`.
double seconds_of(const Work& work, std::size_t calls = 1);

/// Number of calls of `work` that last at least `seconds`. Runs `work`, which also warms up the caches.
std::size_t calls_lasting(double seconds, const Work& work);

/// Seconds per call of `work`.
Summary time_per_call(const Work& work, std::size_t samples = kSamples);

}  // namespace tools
