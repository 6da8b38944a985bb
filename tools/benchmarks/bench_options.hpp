// SPDX-License-Identifier: MIT
// Options that programs which measure speed have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mote/instruction_set.hpp"

namespace tools {

/// What a measuring program says of itself.
struct BenchProgram {
  std::string summary;        ///< for --help
  std::string repeat_option;  ///< "--epochs" or "--rounds"
  std::size_t repeat_default;
  std::vector<std::string> parts;  ///< what --only chooses from
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

/// Throws an Error for options that make no sense.
BenchOptions parse_bench_options(const BenchProgram& program, int count, const char* const* arguments);

std::string help_text(const BenchProgram& program);

}  // namespace tools
