// SPDX-License-Identifier: MIT
#include "common/program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "common/error.hpp"
#include "common/format.hpp"
#include "mote/version.hpp"

namespace tools {
namespace {

std::string output_failure;  // reason for the first failed write to standard output; empty: none failed

int fail(const char* name, const char* what, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\n", name, printable(what).c_str());
  return status;
}

/// Opens /dev/null for each standard stream that the caller closed. Otherwise the next file opened would take its
/// number and receive the program's output.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    static_cast<void>(open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY));  // takes the lowest free number
    if (stream == STDOUT_FILENO) throw Error("standard output: closed; redirect it to /dev/null instead", kExitFailed);
  }
}

}  // namespace

int run_program(const char* name, int count, const char* const* arguments, const std::function<std::string()>& help,
                const std::function<int()>& run) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    occupy_standard_streams();
    const auto is_given = [&](std::string_view option) {
      return std::find(arguments + 1, arguments + count, option) != arguments + count;
    };
    int status = 0;
    if (is_given("--help") || is_given("-h")) {
      std::signal(SIGPIPE, SIG_DFL);  // `--help | head` ends without a message: there is no file to finish
      std::printf("%s", help().c_str());
    } else if (is_given("--version")) {
      std::printf("%s of mote %s\n", name, mote::kVersion);
    } else {
      status = run();
    }
    flush_output();
    return status;
  } catch (const Error& error) {
    return fail(name, error.what(), error.status);
  } catch (const std::bad_alloc&) {
    return fail(name, "out of memory: the system refuses more; raise the limit (ulimit -v), or use smaller files",
                kExitFailed);
  } catch (const std::exception& error) {  // the system refused something, such as a file system call
    return fail(name, error.what(), kExitFailed);
  }
}

bool try_flush_output() {
  errno = 0;
  const bool has_failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (has_failed && output_failure.empty()) {
    output_failure = "cannot be written" + (errno == 0 ? "" : std::string(": ") + std::strerror(errno));
  }
  return output_failure.empty();
}

void flush_output() {
  if (!try_flush_output()) throw Error("standard output: " + output_failure, kExitFailed);
}

}  // namespace tools
