// SPDX-License-Identifier: MIT
#include "interrupt.hpp"

#include <atomic>
#include <csignal>
#include <ctime>

namespace tools {
namespace {

std::atomic<bool> noted{false};  // without a lock, so that a signal handler may change it
std::atomic<std::time_t> noted_at{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<std::time_t>::is_always_lock_free);

/// (Programs such as timeout send the same signal twice: to the process and to its group.)
void on_interrupt(int) {
  const std::time_t now = std::time(nullptr);
  if (noted && now - noted_at > 1) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  if (!noted) noted_at = now;
  noted = true;
}

}  // namespace

void listen_for_interrupt() {
  struct sigaction action = {};
  if (sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return noted;
}

}  // namespace tools
