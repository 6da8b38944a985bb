// SPDX-License-Identifier: MIT
// Files to be read as a whole.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "mote/bytes.hpp"

namespace tools {

/// A regular file. Throws an Error that names it, and the option that did, if any.
class InputFile {
 public:
  /// kind: what errors say was expected, such as "an IDX file". option: such as "--load".
  InputFile(const std::string& path, const char* kind, const std::string& option = "");
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// What errors begin with: the option and the path.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// All of it, to the beginning of `memory`; returns false when it does not fit.
  bool read_all(mote::Memory memory, mote::Bytes& bytes);
  /// Reads where it is asked to, as often as wanted; must not outlive this.
  mote::ByteSource source();

 private:
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::FILE* file_ = nullptr;
};

}  // namespace tools
