// SPDX-License-Identifier: MIT
#include "run/csv_log.hpp"

namespace tools {

CsvLog::CsvLog(const std::string& path, const std::string& header) {
  if (path.empty()) return;
  file_.emplace("--log", path, FileKind{"a log with these columns", header + "\n"});
  write_line(header);
}

void CsvLog::write_line(const std::string& line) {
  if (file_ && file_->try_write(line + "\n")) file_->try_flush();
}

void CsvLog::close() {
  if (file_) file_->commit();
  file_.reset();
}

}  // namespace tools
