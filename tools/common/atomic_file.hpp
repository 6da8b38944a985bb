// SPDX-License-Identifier: MIT
// Files that are written atomically: temporary file, fsync, rename.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "mote/bytes.hpp"

namespace tools {

/// Writes go to PATH.mote-part in the folder of PATH; commit() flushes that file to the disk and renames it to PATH.
/// The old file therefore stays complete until the new one is, through a kill or a power cut too. Without commit() the
/// old file stays and PATH.mote-part is removed; after a kill it remains, and the next AtomicFile reuses it. The new
/// file has the permissions of the old one, and links to the old one stay. Throws an Error: with status kExitFailed
/// where the system refuses, with kExitRefused where PATH exists and is not a regular file.
class AtomicFile {
 public:
  /// what: prefix of errors before the path: an option, such as "--log".
  AtomicFile(const std::string& what, const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::string& path() const { return path_; }
  void write(std::string_view bytes);
  /// Returns false where write() would throw.
  bool try_write(std::string_view bytes) noexcept;
  /// Throws if a write has failed.
  void require_written() const;
  /// Passes buffered bytes to the system, so that other programs can read them in PATH.mote-part. Returns false where
  /// that failed; commit() then throws the reason.
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
  int error_ = 0;  // errno of the first write that failed
};

/// A sink for the library, which has no exceptions: a failed write returns false, and require_written() throws later.
mote::ByteSink sink_of(AtomicFile& file);

/// Throws an Error if `path` is a file that is neither empty nor begins with `start`: a file of another kind is never
/// overwritten. kind: expected file, for the error: "a report of this program".
void require_own_or_nothing(const std::string& what, const std::string& path, std::string_view start,
                            const std::string& kind);

/// Writes a whole file atomically.
void write_file(const std::string& what, const std::string& path, std::string_view bytes);

}  // namespace tools
