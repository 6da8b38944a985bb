// SPDX-License-Identifier: MIT
#include "run/cpp_source.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string_view>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/names.hpp"
#include "run/exported_header.hpp"

namespace tools {
namespace {

/// Names of files that cannot be names of namespaces. First: keywords, mote and std.
constexpr std::string_view kTaken =
    " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class "
    "co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype "
    "default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int "
    "long mote mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register "
    "reinterpret_cast requires return short signed sizeof static static_assert static_cast std struct switch template "
    "this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t "
    "while xor xor_eq "
    // main, and functions of the C library.
    "abort abs acos asin atan atof atoi bsearch calloc cbrt ceil clock close cos cosh div erf erfc exit exp exp2 "
    "expm1 fabs floor fma fmod free frexp getc getenv gets hypot index isnan j0 j1 jn labs ldexp ldiv lgamma link "
    "linux log log10 log1p log2 logb lrint lround main malloc memcpy memset modf nan nearbyint open perror pow printf "
    "putc puts qsort raise rand random read realloc remainder remove rename rint round select send signal sin sinh "
    "sqrt srand strlen system tan tanh tgamma time tmpfile trunc unix write y0 y1 yn "
    // Macros of the C library, and POSIX functions that its headers declare.
    "EOF NULL accept access alarm bind chdir connect dup errno exec fork getpid kill linger listen nice pause pipe "
    "poll shutdown sleep socket stat stderr stdin stdout sync timer times truncate unlink usleep wait ";

std::string type_name(mote::ElementType type) {
  switch (type) {
    case mote::ElementType::uint8: return "std::uint8_t";
    case mote::ElementType::int8: return "std::int8_t";
    case mote::ElementType::int16: return "std::int16_t";
    case mote::ElementType::float32: break;
  }
  return "float";
}

std::string enumerator(mote::Activation activation) {
  std::string name(name_of(kActivations, activation));
  for (char& c : name) c = c == '-' ? '_' : c;
  return "mote::Activation::" + name;
}

}  // namespace

std::string number(float x) {
  if (!std::isfinite(x)) {
    throw Error("--export-header: bias, or output for the first test sample: found " + std::to_string(x) +
                    ", expected a finite number; train with a smaller learning rate",
                kExitFailed);
  }
  char text[32];
  for (int digits = 6; digits <= 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(x));
    if (std::strtof(text, nullptr) == x) break;
  }
  std::string result = text;
  if (result.find_first_of(".e") == std::string::npos) result += ".0";
  return result + "f";
}
std::string number(std::int8_t x) {
  return std::to_string(x);
}
std::string number(std::uint8_t x) {
  return std::to_string(x);
}
std::string number(std::int16_t x) {
  return std::to_string(x);
}
std::string number(std::uint16_t x) {
  return std::to_string(x);
}
std::string number(std::int32_t x) {
  return x == std::numeric_limits<std::int32_t>::min() ? "-2147483647 - 1" : std::to_string(x);
}
std::string number(mote::Half x) {
  char text[16];
  std::snprintf(text, sizeof text, "{0x%04x}", static_cast<unsigned>(x.bits));
  return text;
}

std::string topology_text(const mote::Topology& topology) {
  const bool few = topology.layer_count <= 8;
  std::string text =
      few ? "{" + std::to_string(topology.inputs)
          : " = [] {\n  mote::Topology topology;\n  topology.inputs = " + std::to_string(topology.inputs) + ";\n";
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::string layer =
        "{" + std::to_string(topology.outputs_of(l)) + ", " + enumerator(topology.layers[l].activation) + "}";
    text += few ? ", " + layer : "  static_cast<void>(topology.add(" + layer + "));\n";
  }
  return text + (few ? "}" : "  return topology;\n}()");
}

std::string identifier_of(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  const auto next = std::unique(name.begin(), name.end(), [](char a, char b) { return a == '_' && b == '_'; });
  name.erase(next, name.end());  // C++ reserves names with two underscores in a row, and those that start with one
  const bool starts_badly = name.empty() || name[0] == '_' || std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  return starts_badly || kTaken.find(" " + name + " ") != std::string_view::npos ? "model_" + name : name;
}

std::string inputs_function(const mote::Inputs& inputs) {
  const std::string features = std::to_string(inputs.features);
  std::string arrays, view = "mote::Inputs(samples, count, " + features;
  if (inputs.scales != nullptr) {
    arrays =
        "// The network takes (x - kOffsets[i]) * kScales[i] for the number x of feature i. For a missing number give "
        "it\n// kOffsets[i], the mean of the training.\n" +
        array("float", "kOffsets", std::vector<float>(inputs.offsets, inputs.offsets + inputs.features)) +
        array("float", "kScales", std::vector<float>(inputs.scales, inputs.scales + inputs.features));
    view += ").set_transformation(kOffsets, kScales)";
  } else {
    view += inputs.scale == 1.0f ? ")" : ", " + number(inputs.scale) + ")";
    if (inputs.offset != 0.0f) view += ".set_offset(" + number(inputs.offset) + ")";
  }
  const bool is_table = inputs.type == mote::ElementType::float32;
  return arrays + "// View of samples like those of the training, [count][" + features + "]" +
         (is_table ? ", as floats or integers.\ntemplate <typename Element>\n" : ".\n") +
         "constexpr mote::Inputs inputs(const " + (is_table ? "Element" : type_name(inputs.type)) +
         "* samples, std::size_t count = 1) {\n  return " + view + ";\n}\n";
}

std::string output_names(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string text = "inline constexpr const char* kOutputNames[] = {\n";
  for (const std::string& name : names) {
    text += "  \"";
    for (const char c : name) {
      if (c == '"' || c == '\\') text += '\\';
      text += static_cast<unsigned char>(c) < 0x20 ? format("\\%03o", c) : std::string(1, c);
    }
    text += "\",\n";
  }
  return text + "};\n";
}

std::string header_start(const std::vector<std::string>& headers, const std::string& comment) {
  std::string includes;
  for (const std::string& header : headers) includes += "#include \"" + header + "\"\n";
  return kHeaderStart + (" " + headers[0]) + " says how to use it.\n" + comment +
         "#pragma once\n\n#if __has_include(\"" + headers[0] + "\")\n" + includes +
         "#else\n#include \"mote.hpp\"  // written by `make dist`\n#endif\n\n// clang-format off\n";
}

}  // namespace tools
