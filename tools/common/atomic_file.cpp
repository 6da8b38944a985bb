// SPDX-License-Identifier: MIT
#include "common/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/error.hpp"

namespace tools {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = ".mote-part", kLock = ".mote-lock";

bool ends_with(const std::string& path, std::string_view ending) {
  return path.size() >= ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

/// The file at the end of symbolic links. The rename replaces that file, and the links stay.
std::string without_links(const std::string& what, const std::string& path) {
  if (path == "-") throw Error(what + ": -: standard output is not supported; name a file, or ./- for one named -");
  for (const std::string_view ending : {kPart, kLock}) {
    if (!ends_with(path, ending)) continue;
    throw Error(what + ": " + path + ": names that end in " + std::string(ending) + " are of temporary files; " +
                "name another file");
  }
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (fs::is_symlink(fs::symlink_status(path, error))) throw Error(what + ": " + path + ": is a broken link");
    return path;
  }
  const bool is_link = fs::is_symlink(fs::symlink_status(path, error));
  const std::string target = is_link ? fs::canonical(path, error).string() : path;
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

[[noreturn]] void fail_to_write(const std::string& name, const std::string& path, int error) {
  throw Error(name + ": cannot be written: " + reason(path, error), kExitFailed);
}

/// Whether an open file is empty or begins like the files of a kind. kind: null for empty files only.
bool is_of_kind(int file, const FileKind* kind_or_null) {
  struct stat found;
  if (fstat(file, &found) == 0 && found.st_size == 0) return true;
  if (kind_or_null == nullptr) return false;
  const FileKind& kind = *kind_or_null;
  std::string start(kind.start.size(), '\0');
  const ssize_t size = pread(file, start.data(), start.size(), static_cast<off_t>(kind.offset));
  return size == static_cast<ssize_t>(start.size()) && start == kind.start;
}

/// Throws an Error if a file exists that a file of the kind must not replace.
void require_replaceable(const std::string& name, const std::string& path, const FileKind& kind) {
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    if (!same_file(stream, path)) continue;
    throw Error(name + ": standard " + (stream == STDOUT_FILENO ? "output" : "error") +
                " goes to this file; name another file");
  }
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && (errno == ENOENT || errno == ENOTDIR)) return;
  const bool is_right = file >= 0 && is_of_kind(file, &kind);
  const int error = errno;
  if (file < 0) throw Error(name + ": cannot be read: " + std::strerror(error) + "; name another file");
  close(file);
  if (!is_right) throw Error(name + ": exists and is not " + kind.name + "; name another file");
}

/// Opens and locks a temporary file beside `path`, which another run may be using or may have left behind. name: prefix
/// of errors, option and path. kind: null where it must be empty.
int open_temporary(const std::string& name, const std::string& path, const std::string& temporary,
                   const FileKind* kind) {
  const int file = open(temporary.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  const int error = errno;
  struct stat found;
  const auto refuse = [&](const std::string& problem) {
    if (file >= 0) close(file);
    throw Error(name + ": temporary file " + temporary + " exists and is not " + problem + "; remove it");
  };
  if (lstat(temporary.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) refuse("a regular file");
  if (file < 0) fail_to_write(name, path, error);
  const bool is_locked = flock(file, LOCK_EX | LOCK_NB) == 0;
  // Some file systems have no locks: there, two runs that write one file are not detected.
  const bool cannot_lock = !is_locked && errno != EWOULDBLOCK;
  // Between open and lock another run may have renamed the file: it then belongs to that run.
  if ((is_locked || cannot_lock) && same_file(file, temporary)) {
    if (!is_of_kind(file, kind)) refuse(kind == nullptr ? "empty" : kind->name);
    return file;
  }
  close(file);
  throw Error(name + ": is being written by another program", kExitFailed);
}

}  // namespace

AtomicFile::AtomicFile(const std::string& what, const std::string& path, const FileKind& kind)
    : what_(what), path_(without_links(what, path)), part_(path_ + std::string(kPart)) {
  const std::string name = what_ + ": " + path_;
  require_replaceable(name, path_, kind);
  struct stat old;
  const bool exists = stat(path_.c_str(), &old) == 0;
  if (exists && access(path_.c_str(), W_OK) != 0) fail(errno);  // rename would replace a read-only file
  const int part = open_temporary(name, path_, part_, &kind);
  if (ftruncate(part, 0) == 0 && (!exists || fchmod(part, old.st_mode & 07777) == 0)) file_ = fdopen(part, "w");
  if (file_ != nullptr) return;
  const int error = errno;
  close(part);
  fail(error);
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
  fail_to_write(what_ + ": " + path_, path_, error);
}

mote::ByteSink sink_of(AtomicFile& file) {
  const auto write = [](void* context, mote::Bytes bytes) {
    return static_cast<AtomicFile*>(context)->try_write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  return {write, &file};
}

FileLock::FileLock(const std::string& what, const std::string& path)
    : lock_(without_links(what, path) + std::string(kLock)),
      file_(open_temporary(what + ": " + path, path, lock_, nullptr)) {}

FileLock::~FileLock() {
  std::remove(lock_.c_str());  // while the lock is held
  close(file_);
}

}  // namespace tools
