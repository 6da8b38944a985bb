// SPDX-License-Identifier: MIT
// Files that are written atomically: temporary file, fsync, rename.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "mote/bytes.hpp"

namespace tools {

/// How the files of a kind begin. A file of another kind is never overwritten.
struct FileKind {
  std::string name;        ///< for errors: "a report of this program"
  std::string start;       ///< empty: any file is of this kind
  std::size_t offset = 0;  ///< of `start` in the file
};

/// Writes go to PATH.mote-part in the folder of PATH; commit() flushes that file to the disk and renames it to PATH.
/// The old file therefore stays complete until the new one is, through a kill or a power cut too. Without commit() the
/// old file stays and PATH.mote-part is removed; after a kill it remains, and the next AtomicFile reuses it. The new
/// file has the permissions of the old one, and links to the old one stay. Throws an Error: with status kExitFailed
/// where the system refuses or another program writes PATH; with kExitRefused where PATH is not a regular file, is the
/// file that standard output or standard error goes to, or ends in .mote-part or .mote-lock; and where PATH or
/// PATH.mote-part is neither empty nor of the kind.
class AtomicFile {
 public:
  /// what: prefix of errors before the path: an option, such as "--log".
  AtomicFile(const std::string& what, const std::string& path, const FileKind& kind);
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
  void sync_folder() const;

  std::string what_;
  std::string path_;
  std::string part_;
  std::FILE* file_ = nullptr;
  int error_ = 0;  // errno of the first write that failed
};

/// A sink for the library, which has no exceptions: a failed write returns false, and require_written() throws later.
mote::ByteSink sink_of(AtomicFile& file);

/// Keeps other programs from writing a file that this one writes again and again: as long as it exists, their FileLock
/// throws an Error. It is the empty file PATH.mote-lock, which remains after a kill; the next FileLock reuses it.
class FileLock {
 public:
  FileLock(const std::string& what, const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::string lock_;
  int file_;
};

}  // namespace tools
