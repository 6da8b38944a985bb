// SPDX-License-Identifier: MIT
// Files that are read whole or at any offset.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "mote/bytes.hpp"

namespace tools {

/// A regular file, open for reading. Throws an Error that names the file, and the option that named it, if any.
class InputFile {
 public:
  /// kind: expected file, for errors: "an IDX file". option: prefix of errors, such as "--load"; may be empty.
  InputFile(const std::string& path, const char* kind, const std::string& option = "");
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Prefix of errors: the option, if any, and the path.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// Reads the whole file to the beginning of `memory`; returns false when it does not fit.
  bool read_all(mote::Memory memory, mote::Bytes& bytes);
  /// A source that reads at any offset, any number of times; must not outlive this object.
  mote::ByteSource source();

 private:
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::FILE* file_ = nullptr;
};

}  // namespace tools
