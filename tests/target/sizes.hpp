// SPDX-License-Identifier: MIT
// The table of sizes, tests/target/SIZES.md: one row for each image on each target.
#pragma once

#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace sizes {

/// Bytes of code, constants, initialized variables, other variables, and stack at most.
inline constexpr std::array<const char*, 5> kColumns = {"text", "rodata", "data", "bss", "stack"};
using Row = std::array<std::size_t, kColumns.size()>;
using Table = std::map<std::string, Row>;  // by "m4f train"

inline Table read(const std::string& path) {
  Table table;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    for (char& c : line) c = c == '|' ? ' ' : c;
    std::istringstream fields(line);
    std::string target, image;
    Row row{};
    fields >> target >> image;
    for (std::size_t& bytes : row) fields >> bytes;
    if (fields) table[target + " " + image] = row;
  }
  return table;
}

inline void write(const std::string& path, const Table& table) {
  std::ofstream file(path);
  file << "# Sizes of the images in bytes\n\n"
          "Written by `make size`; `make test-target` fails if an image has grown by more than 3 %. Weights and\n"
          "images of digits are not counted; text and rodata include the start-up code. firmware has only inference,\n"
          "infer also its report, train trains with SGD; stack is the upper bound by the compiler's call graph.\n\n"
          "| target | image | text | rodata | data | bss | stack |\n|---|---|---|---|---|---|---|\n";
  for (const auto& [name, row] : table) {
    file << "| " << name.substr(0, name.find(' ')) << " | " << name.substr(name.find(' ') + 1) << " |";
    for (const std::size_t bytes : row) file << " " << bytes << " |";
    file << "\n";
  }
}

}  // namespace sizes
