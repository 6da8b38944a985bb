// SPDX-License-Identifier: MIT
// The main() of every tool: turns errors into a line and an exit status.
#pragma once

#include <functional>
#include <string>

namespace tools {

/// For an argument --help or -h, prints help(); for --version, the version of the library. Otherwise calls run() and
/// returns its exit status. Prints an exception after `name`, its control characters as question marks,
/// and returns its status. Fails too where standard output could not be written, even if run() went on. Writes to a
/// closed pipe, or past the limit on file sizes, fail with an error; without this function a signal would end the
/// program.
int run_program(const char* name, int count, const char* const* arguments, const std::function<std::string()>& help,
                const std::function<int()>& run);

/// Flushes standard output. Returns false when that fails, or failed before.
bool try_flush_output();

/// Flushes standard output; throws an Error when that fails, or failed before.
void flush_output();

}  // namespace tools
