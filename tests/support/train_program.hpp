// SPDX-License-Identifier: MIT
// Runs tools/train and tools/predict as a user does, and reads their output.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace train_program {

inline std::string program() {
  return build::tools() + "/train ";
}

inline CommandResult train(const std::string& options) {
  return run_command(program() + options);
}

inline CommandResult predict(const std::string& arguments) {
  return run_command(build::tools() + "/predict " + arguments);
}

inline std::string line_with(const std::string& text, const std::string& start) {
  const std::size_t at = text.find(start);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

class SmallSet : public testing::Test {
 protected:
  SmallSet() { write_image_set(folder_); }
  CommandResult train_here(const std::string& options) { return train("--data " + folder_.path() + " " + options); }

  TemporaryFolder folder_;
};

}  // namespace train_program
