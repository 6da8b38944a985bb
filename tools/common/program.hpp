// SPDX-License-Identifier: MIT
// What the main() of every tool does: errors become a line and an exit status.
#pragma once

#include <functional>

namespace tools {

/// Calls run() and returns its result, the exit status; an exception is printed after `name` and becomes one. A failed
/// write, of a pipe that was closed or past a limit on the size of files, is an error too instead of the end of the
/// program.
int run_program(const char* name, const std::function<int()>& run);

/// Brings out what was printed; throws an Error when that fails.
void flush_output();

}  // namespace tools
