// SPDX-License-Identifier: MIT
// Common options of the programs that measure speed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mote/instruction_set.hpp"

namespace tools {

/// Texts and defaults of a program that measures speed.
struct BenchProgram {
  std::string summary;        ///< for --help
  std::string repeat_option;  ///< "--epochs" or "--rounds"
  std::size_t repeat_default;
  std::vector<std::string> parts;  ///< values of --only
};

struct BenchOptions {
  std::string data;  ///< folder of the images
  std::optional<mote::InstructionSet> instruction_set;
  std::size_t repeats = 0;
  std::vector<std::string> only;  ///< empty: all parts
  bool json = false;
  bool help = false;

  bool wants(const std::string& part) const;
};

/// Throws an Error for options that are unknown or out of range.
BenchOptions parse_bench_options(const BenchProgram& program, int count, const char* const* arguments);

std::string help_text(const BenchProgram& program);

}  // namespace tools
