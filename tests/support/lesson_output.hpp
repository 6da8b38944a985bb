// SPDX-License-Identifier: MIT
// Runs tools/lesson and reads the tables that it prints.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "support/build.hpp"

namespace lesson_output {

inline CommandResult lesson(const std::string& arguments) {
  return run_command(build::tools() + "/lesson " + arguments);
}

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The numbers in the first line after `title` that starts with `name`; "-" is NaN.
inline std::vector<double> row(const std::string& text, const std::string& title, const std::string& name) {
  const std::size_t table = text.find("\n" + title);
  const std::size_t line = table == std::string::npos ? table : text.find("\n" + name + " ", table);
  std::vector<double> numbers;
  if (line == std::string::npos) {
    ADD_FAILURE() << "no '" << name << "' under '" << title << "' in\n" << text;
    return std::vector<double>(10, kNone);
  }
  const std::size_t first = line + 1 + name.size();
  std::istringstream words(text.substr(first, text.find('\n', first) - first));
  for (std::string word; words >> word;) numbers.push_back(word == "-" ? kNone : std::atof(word.c_str()));
  return numbers;
}

}  // namespace lesson_output
