// SPDX-License-Identifier: MIT
// Parts of exported headers, as C++ source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mote/mote.hpp"

namespace tools {

/// The shortest decimal number that reads back as x; throws an Error for infinity and NaN.
std::string number(float x);
std::string number(std::int8_t x);
std::string number(std::uint8_t x);
std::string number(std::int16_t x);
std::string number(std::uint16_t x);
std::string number(std::int32_t x);
std::string number(mote::Half x);

/// "  1, 2, 3,\n" in lines of at most 120 characters.
template <typename T>
std::string list(const T* values, std::size_t count) {
  std::string text, line;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string next = number(values[i]) + ",";
    if (line.size() + 1 + next.size() > 119) {
      text += " " + line + "\n";
      line.clear();
    }
    line += " " + next;
  }
  return text + " " + line + "\n";
}

template <typename T>
std::string array(const char* type, const std::string& name, const std::vector<T>& values) {
  return std::string("alignas(16) inline constexpr ") + type + " " + name + "[] = {\n" +
         list(values.data(), values.size()) + "};\n";
}

/// The initializer of a Topology: a constructor call for up to 8 layers, a lambda for more.
std::string topology_text(const mote::Topology& topology);

/// The name of a file, without folders and extension, as a C++ identifier.
std::string identifier_of(const std::string& path);

/// A function inputs() that views samples like those of `inputs`, after the arrays kOffsets and kScales if each feature
/// has its own transformation.
std::string inputs_function(const mote::Inputs& inputs);

/// An array kOutputNames; "" without names.
std::string output_names(const std::vector<std::string>& names);

/// The comments and directives before the namespace. headers: of the library, to include; the first says how to use the
/// network.
std::string header_start(const std::vector<std::string>& headers, const std::string& comment);

}  // namespace tools
