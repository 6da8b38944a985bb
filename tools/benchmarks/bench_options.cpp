// SPDX-License-Identifier: MIT
#include "benchmarks/bench_options.hpp"

#include <algorithm>
#include <string_view>

#include "common/option_values.hpp"
#include "data/image_files.hpp"

namespace tools {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::vector<std::string> parse_parts(const std::vector<std::string>& parts, std::string_view value) {
  const std::vector<std::string> chosen = comma_separated(value);
  for (const std::string& part : chosen) {
    if (std::find(parts.begin(), parts.end(), part) != parts.end()) continue;
    refuse("--only", part, "some of " + joined(parts) + ", separated by commas");
  }
  return chosen;
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
      throw Error("unknown option '" + option + "'; --help lists the options");
    }
    const std::string_view value = next_value(count, arguments, i, "of the option");
    if (option == "--data") options.data = value;
    if (option == "--isa") options.instruction_set = choice("--isa", value, kInstructionSets);
    if (option == "--only") options.only = parse_parts(program.parts, value);
    if (option == program.repeat_option) options.repeats = whole_number<std::size_t>(option, value, 1, 1000);
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
         line("--only PART,...", "parts to measure, of " + joined(program.parts) + " (default: all)") +
         line("--json", "print JSON at the end instead of tables") + line("--help", "print this and stop");
}

}  // namespace tools
