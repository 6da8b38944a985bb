// SPDX-License-Identifier: MIT
#include "run/interrupt.hpp"

#include <atomic>
#include <csignal>
#include <ctime>
#include <initializer_list>

namespace tools {
namespace {

// Time of the first signal, and its number, or 0. A signal handler may only change a lock-free atomic; an atomic bool
// has a lock on RISC-V with GCC 12.
std::atomic<std::time_t> noted_at{0};
std::atomic<int> noted{0};
static_assert(std::atomic<std::time_t>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

/// Ignores further signals for a second, because programs such as timeout signal both the process and its group.
void on_interrupt(int signal) {
  const std::time_t now = std::time(nullptr), first = noted_at;
  if (first == 0) {
    noted_at = now;
    noted = signal;
  } else if (now - first > 1) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void listen_for_interrupt() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESTART;  // a write that waits for its reader must not fail
    sigaction(signal, &action, nullptr);
  }
}

bool interrupted() {
  return noted != 0;
}

int interrupt_status() {
  return noted == 0 ? 0 : 128 + noted;
}

}  // namespace tools
