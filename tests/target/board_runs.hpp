// SPDX-License-Identifier: MIT
// Running the images on emulated boards and on the host, and reading what they report. From the root of the
// repository; the environment variable MOTE_BUILD names the build directory, MOTE_BOARDS the targets as
// "m0:microbit m3:mps2-an385 ...".
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/build.hpp"
#include "support/command.hpp"

namespace board_runs {

inline std::string folder() {
  return build::folder() + "/target/";
}

inline std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

inline std::string board_of(const std::string& target, const std::string& image) {
  const std::string start = target + (image.rfind("dense_", 0) == 0 ? "_dense:" : ":");
  for (const std::string& entry : words(build::variable("MOTE_BOARDS", ""))) {
    if (entry.rfind(start, 0) == 0) return entry.substr(start.size());
  }
  ADD_FAILURE() << "MOTE_BOARDS has no board for " << target << ": run make test-target";
  return "";
}

/// The report of a program, "name value" per line. Repeated names keep all values, in order.
struct Report {
  int status = -1;
  std::string text;
  std::map<std::string, std::string> values;

  std::size_t number(const std::string& name) const {
    const auto found = values.find(name);
    if (found != values.end()) return std::stoul(found->second);
    ADD_FAILURE() << "no " << name << " in:\n" << text;
    return 0;
  }
};

inline Report run(const std::string& command) {
  const CommandResult result = run_command(command);
  Report report{result.status, result.output, {}};
  std::istringstream lines(result.output);
  for (std::string name, value; lines >> name >> value;) {
    std::string& all = report.values[name];
    all += all.empty() ? value : " " + value;
  }
  return report;
}

/// Another architecture, by Debian's name: its emulated processor runs the programs of the host in the fused class.
inline constexpr const char* kOther = "aarch64";

inline std::string command_of(const std::string& machine, const std::string& image) {
  for (const char* set : {"baseline", "v3", "v4"}) {
    if (machine == set) return folder() + "host/" + image + " " + set;
  }
  if (machine == kOther) return "qemu-aarch64 " + folder() + machine + "/" + image;
  return "qemu-system-arm -M " + board_of(machine, image) +
         " -nographic -monitor none -serial none -icount shift=0 -semihosting-config enable=on,target=native -kernel " +
         folder() + machine + "/" + image + ".elf";
}

/// Runs a program on a target, on the host with an instruction set, or on kOther. Runs it once: boards count
/// instructions, and every run is identical.
inline const Report& run_on(const std::string& machine, const std::string& image) {
  static std::map<std::string, Report> done;
  const std::string command = command_of(machine, image);
  const auto found = done.find(command);
  return found != done.end() ? found->second : done[command] = run(command);
}

/// The run of the program on the host in an arithmetic class; status 3 if the host lacks the class.
inline Report run_on_host(const std::string& image, std::size_t fused) {
  for (const char* set : {"baseline", "v3"}) {
    const Report& report = run_on(set, image);
    if (report.status == 0 && report.number("fused") == fused) return report;
  }
  return {3, "", {}};
}

inline bool is_of_the_machine(const std::string& name) {
  return name == "memory_bytes" || name == "state_bytes" || name == "stack_bytes" || name.rfind("instructions", 0) == 0;
}

/// The results that all machines of an arithmetic class share, one "name value" per line.
inline std::string results_of(const Report& report) {
  std::string text;
  for (const auto& [name, value] : report.values) {
    if (!is_of_the_machine(name)) text += name + " " + value + "\n";
  }
  return text;
}

}  // namespace board_runs
