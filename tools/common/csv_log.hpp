// SPDX-License-Identifier: MIT
// A table of comma-separated values that grows by a line an epoch.
#pragma once

#include <optional>
#include <string>

#include "common/atomic_file.hpp"

namespace tools {

/// Lines go to FILE.mote-part one by one; close() makes it FILE, as AtomicFile says. Without close() nothing is left.
/// Only a FILE that starts with the same header is ever replaced. Throws an Error.
class CsvLog {
 public:
  /// Starts with `header`; an empty path makes all calls do nothing.
  CsvLog(const std::string& path, const std::string& header);

  void write_line(const std::string& line);
  void close();

 private:
  std::optional<AtomicFile> file_;
};

}  // namespace tools
