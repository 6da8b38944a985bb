// SPDX-License-Identifier: MIT
// A table of comma-separated values that grows by a line an epoch.
#pragma once

#include <cstdio>
#include <string>

namespace tools {

/// Lines go to FILE.part, flushed one by one; close() renames it to FILE, so a FILE that was there stays whole until a
/// new one is complete. Without close() nothing is left. Only a FILE that starts with the same header is ever replaced.
/// Throws an Error.
class CsvLog {
 public:
  /// Starts with `header`; an empty path makes all calls do nothing.
  CsvLog(const std::string& path, const std::string& header);
  ~CsvLog();
  CsvLog(const CsvLog&) = delete;
  CsvLog& operator=(const CsvLog&) = delete;

  void write_line(const std::string& line);
  void close();

 private:
  [[noreturn]] void fail(const std::string& path) const;

  std::string path_;
  std::string part_;
  std::FILE* file_ = nullptr;
};

}  // namespace tools
