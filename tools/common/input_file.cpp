// SPDX-License-Identifier: MIT
#include "common/input_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "common/error.hpp"

namespace tools {

InputFile::InputFile(const std::string& path, const char* kind, const std::string& option)
    : name_(option.empty() ? path : option + ": " + path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) throw Error(name_ + ": " + std::strerror(errno));
  if (S_ISDIR(info.st_mode)) throw Error(name_ + ": is a directory, expected " + kind);
  if (!S_ISREG(info.st_mode)) throw Error(name_ + ": is not a regular file, expected " + kind);
  size_ = static_cast<std::uint64_t>(info.st_size);
  file_ = std::fopen(path.c_str(), "rb");
  if (file_ == nullptr) throw Error(name_ + ": " + std::strerror(errno));
}

InputFile::~InputFile() {
  std::fclose(file_);
}

bool InputFile::read_all(mote::Memory memory, mote::Bytes& bytes) {
  if (size_ > memory.size()) return false;
  const std::size_t size = static_cast<std::size_t>(size_);
  const mote::Memory to = memory.subspan(0, size);
  if (!source().read(this, 0, to)) throw Error(name_ + ": cannot be read");
  bytes = to;
  return true;
}

mote::ByteSource InputFile::source() {
  const auto read = [](void* context, std::uint64_t offset, mote::Memory to) {
    InputFile& input = *static_cast<InputFile*>(context);
    // A seek discards the stream's buffer, so sequential reads go without.
    if (offset != input.position_ && fseeko(input.file_, static_cast<off_t>(offset), SEEK_SET) != 0) return false;
    input.position_ = offset + to.size();
    return std::fread(to.data(), 1, to.size(), input.file_) == to.size();
  };
  return {size_, read, this};
}

}  // namespace tools
