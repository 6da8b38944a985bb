// SPDX-License-Identifier: MIT
#include "common/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/error.hpp"

namespace tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPart = ".mote-part";

/// The file at the end of symbolic links. The rename replaces that file, and the links stay.
std::string without_links(const std::string& what, const std::string& path) {
  if (path == "-") throw Error(what + ": -: standard output is not supported; name a file, or ./- for one named -");
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (fs::is_symlink(fs::symlink_status(path, error))) throw Error(what + ": " + path + ": is a broken link");
    return path;
  }
  const std::string target = fs::canonical(path, error).string();
  if (error) throw Error(what + ": " + path + ": " + error.message(), kExitFailed);
  if (fs::is_directory(target, error)) throw Error(what + ": " + path + ": is a directory; name a file in it");
  if (!fs::is_regular_file(target, error)) throw Error(what + ": " + path + ": is not a regular file");
  return target;
}

bool same_file(int file, const std::string& path) {
  struct stat opened, found;
  return fstat(file, &opened) == 0 && lstat(path.c_str(), &found) == 0 && opened.st_dev == found.st_dev &&
         opened.st_ino == found.st_ino;
}

/// The reason for a failed write, and its remedy.
std::string reason(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return "no folder " + fs::path(path).parent_path().string() + "; create it, or name a file elsewhere";
    case EACCES:
    case EPERM:
    case EROFS: return std::string(std::strerror(error)) + "; name a file where you may write";
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return std::string(std::strerror(error)) + "; make room, or name a file elsewhere";
    default: return std::strerror(error);
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::string& what, const std::string& path)
    : what_(what), path_(without_links(what, path)), part_(path_ + kPart) {
  struct stat old;
  const bool exists = stat(path_.c_str(), &old) == 0;
  if (exists && access(path_.c_str(), W_OK) != 0) fail(errno);  // rename would replace a read-only file
  const int part = open_part();
  if (ftruncate(part, 0) == 0 && (!exists || fchmod(part, old.st_mode & 07777) == 0)) file_ = fdopen(part, "w");
  if (file_ != nullptr) return;
  const int error = errno;
  close(part);
  fail(error);
}

/// Opens and locks the temporary file, which another run may be writing or may have left behind.
int AtomicFile::open_part() const {
  const int part = open(part_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  const int error = errno;
  struct stat found;
  if (lstat(part_.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    if (part >= 0) close(part);
    throw Error(what_ + ": " + path_ + ": temporary file " + part_ + " exists and is not a regular file; remove it");
  }
  if (part < 0) fail(error);
  const bool is_locked = flock(part, LOCK_EX | LOCK_NB) == 0;
  // Some file systems have no locks: there, two runs that write one file are not detected.
  const bool cannot_lock = !is_locked && errno != EWOULDBLOCK;
  // Between open and lock another run may have renamed the file: it then belongs to that run.
  if ((is_locked || cannot_lock) && same_file(part, part_)) return part;
  close(part);
  throw Error(what_ + ": " + path_ + ": is being written by another program", kExitFailed);
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::remove(part_.c_str());  // while the lock is held
  std::fclose(file_);
}

void AtomicFile::write(std::string_view bytes) {
  try_write(bytes);
  require_written();
}

bool AtomicFile::try_write(std::string_view bytes) noexcept {
  if (error_ == 0 && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) error_ = errno;
  return error_ == 0;
}

void AtomicFile::require_written() const {
  if (error_ != 0) fail(error_);
}

bool AtomicFile::try_flush() noexcept {
  if (error_ == 0 && std::fflush(file_) != 0) error_ = errno;
  return error_ == 0;
}

void AtomicFile::commit() {
  try_flush();
  require_written();
  if (fsync(fileno(file_)) != 0) fail(errno);
  if (!same_file(fileno(file_), part_)) {
    throw Error(what_ + ": " + path_ + ": not written: another program removed or replaced " + part_, kExitFailed);
  }
  if (std::rename(part_.c_str(), path_.c_str()) != 0) fail(errno);
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0) fail(errno);
  sync_folder();
}

/// Flushes the folder, which holds the rename.
void AtomicFile::sync_folder() const {
  const std::string folder = fs::path(path_).parent_path().string();
  const int directory = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;  // the folder can be written but not read; the file is complete in any case
  const bool failed = fsync(directory) != 0 && errno != EINVAL;  // EINVAL: not possible on this file system
  const int error = errno;
  close(directory);
  if (failed) fail(error);
}

void AtomicFile::fail(int error) const {
  throw Error(what_ + ": " + path_ + ": cannot be written: " + reason(path_, error), kExitFailed);
}

mote::ByteSink sink_of(AtomicFile& file) {
  const auto write = [](void* context, mote::Bytes bytes) {
    return static_cast<AtomicFile*>(context)->try_write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  return {write, &file};
}

void require_own_or_nothing(const std::string& what, const std::string& path, std::string_view start,
                            const std::string& kind) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  std::ifstream file(path, std::ios::binary);
  std::string found(start.size(), '\0');
  file.read(found.data(), static_cast<std::streamsize>(found.size()));
  found.resize(static_cast<std::size_t>(file.gcount()));
  if (found == start) return;
  throw Error(what + ": " + path + ": exists and is not " + kind + "; name another file");
}

void write_file(const std::string& what, const std::string& path, std::string_view bytes) {
  AtomicFile file(what, path);
  file.write(bytes);
  file.commit();
}

}  // namespace tools
