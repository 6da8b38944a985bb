// SPDX-License-Identifier: MIT
// The main() of every tool: turns errors into a line and an exit status.
#pragma once

#include <functional>

namespace tools {

/// Calls run() and returns its exit status. Prints an exception after `name` and returns its status. Writes to a closed
/// pipe, or past the limit on file sizes, fail with an error; without this function a signal would end the program.
int run_program(const char* name, const std::function<int()>& run);

/// Flushes standard output; throws an Error when that fails.
void flush_output();

}  // namespace tools
