// SPDX-License-Identifier: MIT
// The symbols of the library, from nm.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/build.hpp"

namespace archive {

using Names = std::set<std::string>;

struct Symbol {
  std::string member, name, kind, section;  // member of the archive; kind is nm's letter
};

/// Parses `nm -f sysv`: "name |value |kind |type |size |line |section" after "Symbols from archive[member]:".
inline std::vector<Symbol> parse_symbols(const std::string& text) {
  std::vector<Symbol> symbols;
  std::string member;
  std::istringstream lines(text);
  const auto trimmed = [](const std::string& field) {
    const std::size_t first = field.find_first_not_of(' '), last = field.find_last_not_of(' ');
    return first == std::string::npos ? std::string() : field.substr(first, last - first + 1);
  };
  for (std::string line; std::getline(lines, line);) {
    const std::size_t open = line.rfind('['), close = line.rfind("]:");
    if (open != std::string::npos && close != std::string::npos) member = line.substr(open + 1, close - open - 1);
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string field; std::getline(parts, field, '|');) fields.push_back(trimmed(field));
    if (fields.size() == 7 && fields[2].size() == 1) symbols.push_back({member, fields[0], fields[2], fields[6]});
  }
  return symbols;
}

inline std::vector<Symbol> library_symbols() {
  const std::string archive = build::folder() + "/libmote.a";
  std::string text;
  FILE* pipe = popen(("nm -f sysv '" + archive + "' 2>&1").c_str(), "r");
  if (pipe != nullptr) {
    for (int c; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    if (pclose(pipe) == 0) return parse_symbols(text);
  }
  ADD_FAILURE() << "nm (of GNU binutils) is needed to look into " << archive << ": " << text.substr(0, 300);
  return {};
}

inline std::string listed(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += "\n  " + name;
  return text;
}

}  // namespace archive
