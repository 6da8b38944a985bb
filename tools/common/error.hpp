// SPDX-License-Identifier: MIT
// Errors of the tools: one line with noun, problem, bound and remedy.
#pragma once

#include <stdexcept>
#include <string>

#include "mote/status.hpp"

namespace tools {

/// Exit statuses of the tools; a signal that ends training early adds interrupt_status() (run/interrupt.hpp).
inline constexpr int kExitFailed = 1;   ///< training diverged, or a file could not be written
inline constexpr int kExitRefused = 2;  ///< options or data were rejected

/// Thrown where a tool cannot continue; main prints it after the program's name and exits with its status.
struct Error : std::runtime_error {
  explicit Error(const std::string& what, int exit_status = kExitRefused)
      : std::runtime_error(what), status(exit_status) {}
  int status;
};

/// The text of a failed Result, with the numbers found and expected.
std::string describe(const mote::Result& result);

/// Throws an Error with describe(result) unless result.ok().
void require(const mote::Result& result);

}  // namespace tools
