// SPDX-License-Identifier: MIT
// A log of comma-separated values, one line per epoch.
#pragma once

#include <optional>
#include <string>

#include "common/atomic_file.hpp"

namespace tools {

/// Appends lines to FILE.mote-part; close() renames it to FILE (see AtomicFile), and without close() it is removed.
/// Replaces only a FILE that is empty or starts with the header of this log. Throws an Error.
class CsvLog {
 public:
  /// Writes `header` first. With an empty path all calls do nothing.
  CsvLog(const std::string& path, const std::string& header);

  void write_line(const std::string& line);
  void close();

 private:
  std::optional<AtomicFile> file_;
};

}  // namespace tools
