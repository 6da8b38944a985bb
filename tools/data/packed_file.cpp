// SPDX-License-Identifier: MIT
#include "data/packed_file.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/error.hpp"
#include "common/input_file.hpp"

extern char** environ;

namespace tools {
namespace {

/// A running gzip -dc with a file as its input, and its output to read.
class Gunzip {
 public:
  explicit Gunzip(const std::string& path) : path_(path) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Error(path + ": " + std::strerror(errno));
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, path.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    char name[] = "gzip", option[] = "-dc";
    char* const arguments[] = {name, option, nullptr};
    const int failure = posix_spawnp(&process_, name, &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failure == 0) return;
    close(output_);
    refuse(failure);
  }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() {
    if (output_ >= 0) static_cast<void>(wait());
  }

  /// Reads up to the size of `to`; fewer bytes at the end only.
  std::size_t read(mote::Memory to) {
    std::size_t size = 0;
    while (size < to.size()) {
      const ssize_t found = ::read(output_, to.data() + size, to.size() - size);
      if (found < 0 && errno == EINTR) continue;
      if (found < 0) throw Error(path_ + ": " + std::strerror(errno));
      if (found == 0) break;
      size += static_cast<std::size_t>(found);
    }
    return size;
  }

  /// Waits for the end of gzip, and returns whether it succeeded. Throws an Error if it was not found.
  bool end() {
    const int status = wait();
    constexpr int kNotRun = 127;  // where posix_spawnp() cannot report a program that is missing (POSIX allows it)
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNotRun) refuse(ENOENT);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  /// Status of gzip, as waitpid() gives it.
  int wait() {
    close(output_);
    output_ = -1;
    int status = -1;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
    return status;
  }

  [[noreturn]] void refuse(int failure) const {
    throw Error(path_ + ": compressed, and gzip cannot be run to read it: " + std::strerror(failure) +
                "; install gzip, or decompress the file");
  }

  const std::string& path_;
  pid_t process_ = 0;
  int output_ = -1;
};

}  // namespace

void refuse_size(const std::string& path, std::size_t built_in, std::uint64_t bytes) {
  throw Error(path + ": data set too large for the " + std::to_string(built_in) +
              " bytes of static memory built in; rebuild with: make DATA_MB=" + std::to_string(2 * (bytes >> 20) + 2));
}

mote::Bytes read_packed(const std::string& path, const char* kind, mote::Memory memory, std::size_t used) {
  InputFile file(path, kind);
  unsigned char start[2] = {};
  const mote::ByteSource source = file.source();
  const bool is_packed = source.size >= sizeof start && source.read(source.context, 0, mote::Memory(start)) &&
                         start[0] == 0x1f && start[1] == 0x8b;
  const std::size_t built_in = used + memory.size();
  if (!is_packed) {
    mote::Bytes bytes;
    if (!file.read_all(memory, bytes)) refuse_size(path, built_in, used + file.size());
    return bytes;
  }
  Gunzip gunzip(path);
  const std::size_t size = gunzip.read(memory);
  unsigned char more;
  if (size == memory.size() && gunzip.read({&more, 1}) != 0) refuse_size(path, built_in, 2 * std::uint64_t{built_in});
  if (!gunzip.end()) throw Error(path + ": gzip cannot decompress it: damaged or incomplete; download it again");
  return memory.subspan(0, size);
}

}  // namespace tools
