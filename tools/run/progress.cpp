// SPDX-License-Identifier: MIT
#include "run/progress.hpp"

#include <cstdio>

#include "common/program.hpp"

namespace tools {

std::string progress_line(const std::string& label, std::size_t done, std::size_t total, double seconds,
                          const char* unit) {
  constexpr std::size_t kWidth = 24;
  const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const std::size_t filled = static_cast<std::size_t>(share * kWidth);
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  char numbers[64];
  if (done == 0 || seconds <= 0.0) {
    std::snprintf(numbers, sizeof numbers, "%3.0f %%", 100.0 * share);
  } else {
    const double rate = static_cast<double>(done) / seconds;
    const double left = static_cast<double>(total - done) / rate;
    std::snprintf(numbers, sizeof numbers, "%3.0f %%  %.0f %s/s  %.0f s left", 100.0 * share, rate, unit, left);
  }
  return label + " [" + bar + "] " + numbers;
}

void Progress::update(const std::string& label, std::size_t done) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  visible_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::printf("\r%s\033[K", progress_line(label, done, total_, seconds, unit_).c_str());
  std::fflush(stdout);
}

void Progress::clear() {
  if (!visible_) return;
  std::printf("\r\033[K");
  visible_ = false;
}

void flush_lines(bool writes_files) {
  if (!try_flush_output() && !writes_files) flush_output();
}

}  // namespace tools
