// SPDX-License-Identifier: MIT
// Options of the programs: arguments separated by line feeds. First byte: the program.
#include <vector>

#include "benchmarks/bench_options.hpp"
#include "common/error.hpp"
#include "fuzz.hpp"
#include "run/settings.hpp"

namespace {

/// "program" and the lines of the text.
std::vector<std::string> arguments_of(mote::Bytes bytes) {
  std::vector<std::string> arguments = {"program", ""};
  for (const unsigned char byte : bytes) {
    if (byte == '\n') {
      arguments.emplace_back();
    } else if (byte != 0) {
      arguments.back() += static_cast<char>(byte);
    }
  }
  return arguments;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& arguments) {
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  return pointers;
}

tools::Settings settings_of(const std::vector<std::string>& arguments) {
  return tools::parse_settings(static_cast<int>(arguments.size()), pointers_to(arguments).data());
}

void fuzz_train(const std::vector<std::string>& arguments) {
  const tools::Settings settings = settings_of(arguments);
  std::vector<std::string> again = {arguments[0]};
  again.insert(again.end(), settings.deciding.begin(), settings.deciding.end());
  again.insert(again.end(), settings.harmless.begin(), settings.harmless.end());
  try {
    const tools::Settings same = settings_of(again);
    fuzz::require(same.deciding == settings.deciding && same.harmless == settings.harmless,
                  "what a checkpoint remembers of options means the same");
    fuzz::require(same.hidden == settings.hidden && same.seed == settings.seed && same.epochs == settings.epochs,
                  "and gives the same settings");
  } catch (const tools::Error&) {
    fuzz::require(false, "options that were taken are taken again");
  }
}

void fuzz_bench(const std::vector<std::string>& arguments) {
  static const tools::BenchProgram kProgram = {"", "--epochs", 5, {"one", "two", "three"}};
  const std::vector<const char*> pointers = pointers_to(arguments);
  const tools::BenchOptions options =
      tools::parse_bench_options(kProgram, static_cast<int>(pointers.size()), pointers.data());
  fuzz::require(options.repeats >= 1, "something is measured");
  for (const std::string& part : options.only) fuzz::require(options.wants(part), "what is asked for is wanted");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const bool is_bench = (input.byte() & 1) != 0;
  const std::vector<std::string> arguments = arguments_of(input.rest());
  try {
    is_bench ? fuzz_bench(arguments) : fuzz_train(arguments);
  } catch (const tools::Error& error) {
    fuzz::require(error.what()[0] != '\0', "a refusal says why");
  }
  return 0;
}
