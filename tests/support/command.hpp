// SPDX-License-Identifier: MIT
// Runs a command line as a user would.
#pragma once

#include <stdio.h>
#include <sys/wait.h>

#include <string>

struct CommandResult {
  int status = -1;     ///< exit status; 128 + signal when a signal ended it
  std::string output;  ///< standard output and standard error
};

inline CommandResult run_command(const std::string& command) {
  CommandResult result;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, n);
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// Whether the shell finds a program.
inline bool has_program(const std::string& name) {
  return run_command("command -v " + name).status == 0;
}
