// SPDX-License-Identifier: MIT
// The commands that a document shows in indented blocks, with the lines that it shows below them.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

struct DocumentCommand {
  std::string text;      ///< as a shell takes it
  std::string expected;  ///< lines of output; empty where the document shows none
  bool shows_output;     ///< the document marks the command by "$ "
};

/// Commands of a document in their order. A command begins with "$ ", or with one of `starts` in a block that has no
/// "$ "; a backslash continues it on the next line.
inline std::vector<DocumentCommand> commands_of(const std::string& document, const std::vector<std::string>& starts) {
  std::vector<DocumentCommand> commands;
  std::istringstream lines(contents(document));
  bool is_open = false;  // the lines that follow are output of the last command
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() && is_open) {
      commands.back().expected += '\n';
      continue;
    }
    if (line.rfind("    ", 0) != 0) {
      is_open = false;
      continue;
    }
    line.erase(0, 4);
    bool begins = line.rfind("$ ", 0) == 0;
    const bool shows_output = begins;
    if (begins) line.erase(0, 2);
    for (const std::string& start : starts) begins = begins || (!is_open && line.rfind(start, 0) == 0);
    if (begins) {
      for (std::string next; !line.empty() && line.back() == '\\' && std::getline(lines, next);) {
        line.pop_back();
        line += next.substr(next.find_first_not_of(' '));
      }
      commands.push_back({line, "", shows_output});
      is_open = shows_output;
    } else if (is_open) {
      commands.back().expected += line + '\n';
    }
  }
  for (DocumentCommand& command : commands) {
    while (command.expected.size() > 1 && command.expected.substr(command.expected.size() - 2) == "\n\n") {
      command.expected.pop_back();
    }
    if (command.expected == "\n") command.expected.clear();
  }
  return commands;
}
