// SPDX-License-Identifier: MIT
#include "benchmarks/bench_options.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/error.hpp"
#include "common/names.hpp"
#include "data/image_files.hpp"

namespace tools {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

[[noreturn]] void refuse(const std::string& option, std::string_view value, const std::string& expected) {
  throw Error(option + ": found '" + std::string(value) + "', expected " + expected);
}

std::size_t parse_count(const std::string& option, std::string_view value) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < 1 || number > 1000) {
    refuse(option, value, "a whole number from 1 to 1000");
  }
  return number;
}

std::vector<std::string> parse_parts(const std::vector<std::string>& parts, std::string_view value) {
  std::vector<std::string> chosen;
  for (std::string_view rest = value;;) {
    const std::size_t comma = rest.find(',');
    const std::string part(rest.substr(0, comma));
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) {
      refuse("--only", part, "some of " + joined(parts) + ", separated by commas");
    }
    chosen.push_back(part);
    if (comma == std::string_view::npos) return chosen;
    rest.remove_prefix(comma + 1);
  }
}

mote::InstructionSet parse_instruction_set(std::string_view value) {
  mote::InstructionSet set{};
  if (!find_name(kInstructionSets, value, set)) refuse("--isa", value, list_names(kInstructionSets));
  return set;
}

}  // namespace

bool BenchOptions::wants(const std::string& part) const {
  return only.empty() || std::find(only.begin(), only.end(), part) != only.end();
}

BenchOptions parse_bench_options(const BenchProgram& program, int count, const char* const* arguments) {
  BenchOptions options;
  options.data = mnist_folder();
  options.repeats = program.repeat_default;
  for (int i = 1; i < count; ++i) {
    const std::string option = arguments[i];
    if (option == "--json" || option == "--help") {
      (option == "--json" ? options.json : options.help) = true;
      continue;
    }
    if (option != "--data" && option != "--isa" && option != "--only" && option != program.repeat_option) {
      throw Error("unknown option '" + option + "'; --help lists what there is");
    }
    if (++i == count) throw Error(option + ": its value is missing");
    const std::string_view value = arguments[i];
    if (option == "--data") options.data = value;
    if (option == "--isa") options.instruction_set = parse_instruction_set(value);
    if (option == "--only") options.only = parse_parts(program.parts, value);
    if (option == program.repeat_option) options.repeats = parse_count(option, value);
  }
  return options;
}

std::string help_text(const BenchProgram& program) {
  const auto line = [](std::string left, const std::string& right) {
    left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
    return "  " + left + right + "\n";
  };
  return program.summary + "\n" +
         line("--data DIR", "folder of an IDX image set (default: the MNIST that make unpacks)") +
         line("--isa NAME", "instruction set of mote: " + list_names(kInstructionSets) + " (default: the best)") +
         line(program.repeat_option + " N",
              "measurements of each training (default " + std::to_string(program.repeat_default) + ")") +
         line("--only PART,...", "what to measure, of " + joined(program.parts) + " (default: all)") +
         line("--json", "numbers for programs, at the end, instead of tables") + line("--help", "this text");
}

}  // namespace tools
