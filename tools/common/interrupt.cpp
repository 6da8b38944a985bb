// SPDX-License-Identifier: MIT
#include "common/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <ctime>

namespace tools {
namespace {

// When Ctrl-C was pressed first, or 0. Without a lock, so that a signal handler may change it; an atomic bool would
// have one on RISC-V with GCC 12.
std::atomic<std::time_t> noted_at{0};
static_assert(std::atomic<std::time_t>::is_always_lock_free);

/// (Programs such as timeout send the same signal twice: to the process and to its group.)
void on_interrupt(int) {
  const std::time_t now = std::time(nullptr), first = noted_at;
  if (first == 0) {
    noted_at = now;
  } else if (now - first > 1) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
}

}  // namespace

void listen_for_interrupt() {
  struct sigaction action = {};
  if (sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;  // output that waits for its reader is not to fail
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return noted_at != 0;
}

}  // namespace tools
