// SPDX-License-Identifier: MIT
#include "common/timing.hpp"

#include <algorithm>
#include <chrono>

namespace tools {

Summary summarize(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  const double median = samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2.0;
  return {median, samples.front(), samples.back()};
}

double seconds_of(const Work& work, std::size_t calls) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < calls; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::size_t calls_lasting(double seconds, const Work& work) {
  work();  // excludes cold caches and first-time initialization
  for (std::size_t calls = 1;; calls *= 2) {
    if (seconds_of(work, calls) < seconds) continue;
    // An interruption may have lengthened the measurement: confirm it by a second one.
    if (seconds_of(work, calls) >= seconds) return calls;
  }
}

Summary time_per_call(const Work& work, std::size_t samples) {
  const std::size_t calls = calls_lasting(kSampleSeconds, work);
  std::vector<double> seconds(samples);
  for (double& sample : seconds) sample = seconds_of(work, calls) / static_cast<double>(calls);
  return summarize(seconds);
}

}  // namespace tools
