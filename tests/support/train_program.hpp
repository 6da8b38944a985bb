// SPDX-License-Identifier: MIT
// Runs tools/train as a user does, from the root of the repository, and reads its output.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace train_program {

/// The program under test, from the build of `make test`.
inline std::string program() {
  const char* folder = std::getenv("MOTE_TOOLS");
  return std::string(folder == nullptr ? "tools" : folder) + "/train ";
}

inline CommandResult train(const std::string& options) {
  return run_command(program() + options);
}

inline std::string line_with(const std::string& text, const std::string& start) {
  const std::size_t at = text.find(start);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

inline std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class SmallSet : public testing::Test {
 protected:
  SmallSet() { write_image_set(folder_); }
  CommandResult train_here(const std::string& options) { return train("--data " + folder_.path() + " " + options); }

  TemporaryFolder folder_;
};

}  // namespace train_program
