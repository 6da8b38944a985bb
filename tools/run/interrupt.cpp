// SPDX-License-Identifier: MIT
#include "run/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <ctime>

namespace tools {
namespace {

// Time of the first Ctrl-C, or 0. A signal handler may only change a lock-free atomic; an atomic bool has a lock on
// RISC-V with GCC 12.
std::atomic<std::time_t> noted_at{0};
static_assert(std::atomic<std::time_t>::is_always_lock_free);

/// Ignores further signals for a second, because programs such as timeout signal both the process and its group.
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
  action.sa_flags = SA_RESTART;  // a write that waits for its reader must not fail
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return noted_at != 0;
}

}  // namespace tools
