// SPDX-License-Identifier: MIT
#include "run/settings.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "common/error.hpp"
#include "common/option_values.hpp"
#include "run/option_table.hpp"
#include "run/settings_checks.hpp"

namespace tools {
namespace {

// Options that change no bit of the trained network: a resumed run may change them. They include --load, because the
// checkpoint holds its parameters and the fingerprint of its network.
constexpr std::string_view kHarmless[] = {
    "--data",  "--test-data",  "--log",           "--report",         "--plot",
    "--quiet", "--save",       "--export-header", "--export-weights", "--threads",
    "--isa",   "--checkpoint", "--resume",        "--class-names",    "--checkpoint-seconds",
    "--load",  "--export-c"};
// Harmless options that a resumed run does not inherit.
constexpr std::string_view kForgotten[] = {"--plot", "--quiet", "--checkpoint", "--checkpoint-seconds", "--resume"};

template <std::size_t N>
bool is_in(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

template <typename F>
void for_each_option(F f) {
  for (const mote::Span<const Option> part : {network_options(), learning_options(), run_options()}) {
    for (const Option& option : part) f(option);
  }
}

// Names of other programs.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {{"--lr", "--learning-rate"},
                                                                      {"--batch-size", "--batch"}};

const Option& find_option(std::string_view typed) {
  std::string_view name = typed;
  std::vector<std::string_view> names;
  for (const auto& [alias, meant] : kAliases) {
    name = name == alias ? meant : name;
    names.push_back(alias);
  }
  const Option* found = nullptr;
  for_each_option([&](const Option& option) {
    found = name == option.name ? &option : found;
    names.emplace_back(option.name);
  });
  if (found != nullptr) return *found;
  throw Error("unknown option '" + std::string(name) + "'" + did_you_mean(name, names) + "; --help lists the options");
}

/// Breaks `text` into lines of at most `width` characters, and indents all but the first.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string wrapped;
  for (;;) {
    if (text.size() <= width) return wrapped + std::string(text);
    const std::size_t space = text.rfind(' ', width);
    const std::size_t cut = space == std::string_view::npos ? width : space;
    wrapped += std::string(text.substr(0, cut)) + "\n" + std::string(indent, ' ');
    text.remove_prefix(space == std::string_view::npos ? cut : cut + 1);
  }
}

}  // namespace

Settings parse_settings(int count, const char* const* arguments) {
  Settings settings;
  Given given;
  settings.command = command_line(count, arguments);
  for (int i = 1; i < count; ++i) {
    std::string_view name = arguments[i];
    const std::size_t equals = name.find('=');
    const bool joined = equals != std::string_view::npos;
    const Option& option = find_option(name.substr(0, equals));
    std::string_view value;
    if (option.argument == nullptr) {
      if (joined) throw Error(std::string(option.name) + ": takes no value");
    } else if (joined) {
      value = name.substr(equals + 1);
    } else {
      value = next_value(count, arguments, i, option.argument);
    }
    if (option.argument != nullptr && value.empty()) {
      throw Error(std::string(option.name) + ": value " + option.argument + " empty");
    }
    const std::string argument = option.name + (value.empty() ? "" : "=" + std::string(value));
    (is_in(kHarmless, option.name) ? settings.harmless : settings.deciding).push_back(argument);
    if (!is_in(kForgotten, option.name)) settings.remembered.push_back(argument);
    given.names.insert(option.name);
    option.set(settings, given, value);
  }
  if (settings.resume.empty()) resolve(settings, given);  // the rest is in the checkpoint
  return settings;
}

std::string help_text() {
  std::string text =
      "Usage: train [options]\n"
      "Trains a multilayer perceptron on images or on a table of numbers, and prints its accuracy on the test set.\n\n";
  constexpr std::size_t kIndent = 30, kWidth = 74;
  const auto add = [&](const Option& option) {
    std::string left = std::string("  ") + option.name;
    if (option.argument != nullptr) left += std::string(" ") + option.argument;
    left += left.size() < kIndent ? std::string(kIndent - left.size(), ' ') : "\n" + std::string(kIndent, ' ');
    text += left + wrap(option.help, kIndent, kWidth) + "\n";
  };
  for_each_option(add);
  add({"--help, -h", nullptr, "print this and stop", nullptr});
  add({"--version", nullptr, "print the version and stop", nullptr});
  return text +
         "\nExit status: 0 trained; 1 training diverged or a file could not be written; 2 options or data rejected;\n"
         "130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP. The first signal ends training after the current\n"
         "batch, evaluates and writes the network so far; another, two seconds later, stops at once.\n";
}

}  // namespace tools
