// SPDX-License-Identifier: MIT
// The output that the comment of an example promises.
#pragma once

#include <sstream>
#include <string>

#include "support/temporary_folder.hpp"

/// The lines of the comment that begins tools/examples/NAME.cpp, after "Prints".
inline std::string promised_output(const std::string& name) {
  std::istringstream lines(contents("tools/examples/" + name + ".cpp"));
  std::string output;
  bool is_promise = false;
  for (std::string line; std::getline(lines, line) && line.rfind("//", 0) == 0;) {
    if (is_promise && line.rfind("//   ", 0) == 0) output += line.substr(5) + "\n";
    is_promise = is_promise || (line.size() > 6 && line.rfind("Prints") == line.size() - 6);
  }
  return output;
}
