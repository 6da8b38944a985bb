// SPDX-License-Identifier: MIT
// Files that are there whole or not at all, whatever happens while they are written.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "mote/bytes.hpp"

namespace tools {

/// What is written goes to PATH.mote-part in the same folder; commit() brings it to the disk and renames it to PATH, so
/// that an old file stays whole until the new one is complete, through a kill or a power cut too. Without commit() the
/// old file stays and nothing else is left (but PATH.mote-part, which the next takes over, if the program is killed).
/// An old file keeps its permissions, and links to it stay. Throws an Error with status kExitFailed where the system
/// refuses, and kExitRefused where PATH is something else than a regular file.
class AtomicFile {
 public:
  /// what: how errors call the file, before its path: an option, such as "--log".
  AtomicFile(const std::string& what, const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::string& path() const { return path_; }
  void write(std::string_view bytes);
  /// Returns false where write would throw.
  bool try_write(std::string_view bytes) noexcept;
  /// Throws if something could not be written.
  void require_written() const;
  /// Hands over to the system what was written so far, so that others can read it in PATH.mote-part. false: it could
  /// not be, and commit() will say why.
  bool try_flush() noexcept;
  void commit();

 private:
  [[noreturn]] void fail(int error) const;
  int open_part() const;
  void sync_folder() const;

  std::string what_;
  std::string path_;
  std::string part_;
  std::FILE* file_ = nullptr;
  int error_ = 0;  // of the first write that failed
};

/// Writes to it, and throws nothing, as the library knows no exceptions: require_written() tells why writing failed.
mote::ByteSink sink_of(AtomicFile& file);

/// Throws an Error where there is a file that neither is empty nor begins as those of its kind do: it may be dear to
/// somebody. kind: "a report of this program".
void require_own_or_nothing(const std::string& what, const std::string& path, std::string_view start,
                            const std::string& kind);

/// Writes all of a file.
void write_file(const std::string& what, const std::string& path, std::string_view bytes);

}  // namespace tools
