// SPDX-License-Identifier: MIT
#include "run/csv_log.hpp"

#include <filesystem>
#include <fstream>

#include "common/error.hpp"

namespace tools {

CsvLog::CsvLog(const std::string& path, const std::string& header) {
  if (path.empty()) return;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) != 0) {
    std::string first_line;
    std::getline(std::ifstream(path), first_line);
    if (first_line != header) {
      throw Error("--log: " + path + ": exists and is not a log with these columns; name another file");
    }
  }
  file_.emplace("--log", path);
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
