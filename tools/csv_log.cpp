// SPDX-License-Identifier: MIT
#include "csv_log.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "error.hpp"

namespace tools {

CsvLog::CsvLog(const std::string& path, const std::string& header) : path_(path) {
  if (path_.empty()) return;
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(path_, error)) {
    path_ = fs::canonical(path_, error).string();  // through links, which stay
    if (!fs::is_regular_file(path_, error)) throw Error("--log: " + path_ + ": is not a regular file");
    std::string first_line;
    std::getline(std::ifstream(path_), first_line);
    if (!first_line.empty() && first_line != header) {
      throw Error("--log: " + path_ + ": exists and is not a log like the one to be written; name another file");
    }
  }
  part_ = path_ + ".part";
  file_ = std::fopen(part_.c_str(), "w");
  if (file_ == nullptr) fail(part_);
  write_line(header);
}

CsvLog::~CsvLog() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(part_.c_str());
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
