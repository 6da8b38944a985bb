// SPDX-License-Identifier: MIT
// A progress bar on a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace tools {

class Progress {
 public:
  /// total: images of the whole training, or another unit. enabled: false for output that is not a terminal; nothing is
  /// drawn.
  Progress(bool enabled, std::size_t total, const char* unit = "images")
      : enabled_(enabled), total_(total), unit_(unit), start_(Clock::now()), drawn_(start_) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool enabled() const { return enabled_; }
  /// Draws at most ten times a second. label: current step, such as "epoch 1/8"; done: units so far.
  void update(const std::string& label, std::size_t done);
  /// Removes the bar, so that a line can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool enabled_;
  bool visible_ = false;
  std::size_t total_;
  const char* unit_;
  Clock::time_point start_;
  Clock::time_point drawn_;
};

/// The line of a Progress: label, bar, percentage, units per second, time left. At most 79 characters for labels of at
/// most 14.
std::string progress_line(const std::string& label, std::size_t done, std::size_t total, double seconds,
                          const char* unit = "images");

/// Flushes the lines of an epoch. Where standard output is broken, a run that writes files goes on, and fails at its
/// end; any other run ends here with an Error.
void flush_lines(bool writes_files);

}  // namespace tools
