// SPDX-License-Identifier: MIT
#include "csv_log.hpp"

#include <cerrno>
#include <cstring>

#include "error.hpp"

namespace tools {

CsvLog::CsvLog(const std::string& path, const std::string& header) : path_(path), part_(path + ".part") {
  if (path_.empty()) return;
  file_ = std::fopen(part_.c_str(), "w");
  if (file_ == nullptr) fail(part_);
  write_line(header);
}

CsvLog::~CsvLog() {
  if (file_ != nullptr) std::fclose(file_);
}

void CsvLog::write_line(const std::string& line) {
  if (file_ == nullptr) return;
  if (std::fputs((line + "\n").c_str(), file_) == EOF || std::fflush(file_) != 0) fail(part_);
}

void CsvLog::close() {
  if (file_ == nullptr) return;
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail(part_);
  if (std::rename(part_.c_str(), path_.c_str()) != 0) fail(path_);
}

void CsvLog::fail(const std::string& path) const {
  throw Error("--log: " + path + ": " + std::strerror(errno), kExitFailed);
}

}  // namespace tools
