// SPDX-License-Identifier: MIT
// What the images promise, on emulated boards. From the root of the repository, as `make test-target` does: the
// environment variable MOTE_BUILD names the build directory, MOTE_BOARDS the targets as "m0:microbit m3:mps2-an385
// ...".
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "../command.hpp"
#include "call_graph.hpp"

namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string folder() {
  return variable("MOTE_BUILD", "build") + "/target/";
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string board_of(const std::string& target) {
  for (const std::string& entry : words(variable("MOTE_BOARDS", ""))) {
    if (entry.rfind(target + ":", 0) == 0) return entry.substr(target.size() + 1);
  }
  ADD_FAILURE() << "MOTE_BOARDS has no board for " << target << ": run make test-target";
  return "";
}

/// What a program reports: "name value" a line, the values of a name that comes several times one after another.
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

Report run(const std::string& command) {
  const CommandResult result = run_command(command);
  Report report{result.status, result.output, {}};
  std::istringstream lines(result.output);
  for (std::string name, value; lines >> name >> value;) {
    std::string& all = report.values[name];
    all += all.empty() ? value : " " + value;
  }
  return report;
}

/// Runs once what several tests look at: instructions are counted, so that it is the same every time.
const Report& run_on_board(const std::string& target, const std::string& image) {
  static std::map<std::string, Report> done;
  const std::string file = folder() + target + "/" + image + ".elf";
  const auto found = done.find(file);
  if (found != done.end()) return found->second;
  const std::string options =
      " -nographic -monitor none -serial none -icount shift=0 -semihosting-config enable=on,target=native -kernel ";
  return done[file] = run("qemu-system-arm -M " + board_of(target) + options + file);
}

/// The host's run of the same program in the same arithmetic class; status 3 when it has no such class.
Report run_on_host(const std::string& image, std::size_t fused) {
  for (const char* set : {"baseline", "v3"}) {
    const Report report = run(folder() + "host/" + image + " " + set);
    if (report.status == 0 && report.number("fused") == fused) return report;
  }
  return {3, "", {}};
}

bool is_of_the_machine(const std::string& name) {
  return name == "memory_bytes" || name == "state_bytes" || name == "stack_bytes" || name.rfind("instructions", 0) == 0;
}

class Image : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  std::string target() const { return std::get<0>(GetParam()); }
  std::string image() const { return std::get<1>(GetParam()); }
  std::string file() const { return folder() + target() + "/" + image() + ".elf"; }
};

TEST_P(Image, ComputesTheBitsOfTheHost) {
  const Report board = run_on_board(target(), image());
  ASSERT_EQ(board.status, 0) << board.text;
  const bool has_unit = target() != "m0" && target() != "m3";
  EXPECT_EQ(board.number("fused"), has_unit ? 1u : 0u);
  const Report host = run_on_host(image(), board.number("fused"));
  if (host.status == 3) GTEST_SKIP() << "this host has no arithmetic of that class";
  ASSERT_EQ(host.status, 0) << host.text;
  std::size_t compared = 0;
  for (const auto& [name, value] : board.values) {
    if (is_of_the_machine(name)) continue;
    ++compared;
    const auto expected = host.values.find(name);
    EXPECT_TRUE(expected != host.values.end() && expected->second == value)
        << name << ": " << value << ", on the host:\n"
        << host.text;
  }
  EXPECT_GE(compared, 4u);
}

TEST_P(Image, TakesNoMoreStackThanTheCompilerSays) {
  CallGraph graph;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder() + target())) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".ci") continue;
    const bool is_other_image =
        entry.path().parent_path().filename() != "src" && name != image() && name != "startup" && name != "report";
    if (is_other_image) continue;
    ++files;
    ASSERT_TRUE(graph.read(entry.path().string())) << entry.path();
  }
  ASSERT_GE(files, 10u);
  EXPECT_TRUE(graph.unbounded().empty()) << *graph.unbounded().begin();
  constexpr std::size_t kOfLibgcc = 64;  // arithmetic that the processor lacks: there is nothing to read about it
  const std::size_t bound = graph.bound("reset", kOfLibgcc);
  const std::size_t used = run_on_board(target(), image()).number("stack_bytes");
  EXPECT_GT(used, 100u);
  EXPECT_LE(used, bound);
  EXPECT_LE(bound, 3 * used) << "recursion, or a bound that says little";
  std::printf("stack of %s %s: %zu used, %zu at most\n", target().c_str(), image().c_str(), used, bound);
}

TEST_P(Image, TakesTheMemoryThatWasComputedAndNoMore) {
  const CommandResult sizes = run_command("arm-none-eabi-size -A " + file());
  ASSERT_EQ(sizes.status, 0) << sizes.output;
  std::map<std::string, std::size_t> sections;
  std::istringstream lines(sizes.output);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = words(line);
    if (fields.size() == 3 && fields[0][0] == '.') sections[fields[0]] = std::stoul(fields[1]);
  }
  const Report board = run_on_board(target(), image());
  const std::size_t computed = board.number("memory_bytes") + board.number("state_bytes");
  EXPECT_EQ(sections[".data"], 0u);
  EXPECT_GE(sections[".bss"], computed);
  EXPECT_LE(sections[".bss"], computed + 16) << "alignment of the parts, and nothing else";
}

TEST_P(Image, NeedsNeitherHeapNorExceptionsNorStdio) {
  const CommandResult symbols = run_command("arm-none-eabi-nm " + file());
  ASSERT_EQ(symbols.status, 0) << symbols.output;
  std::istringstream lines(symbols.output);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = words(line);
    ASSERT_FALSE(fields.empty());
    const std::string name = fields.back();
    ++count;
    for (const char* forbidden :
         {"malloc", "calloc", "realloc", "free", "_sbrk", "sbrk", "abort", "exit", "fmaf", "sqrtf"}) {
      EXPECT_NE(name, forbidden);
    }
    for (const char* start : {"_Znw", "_Zna", "_Zdl", "_Zda", "__cxa_", "_Unwind", "__gxx"}) {
      EXPECT_NE(name.rfind(start, 0), 0u) << name;
    }
    EXPECT_EQ(name.find("printf"), std::string::npos) << name;
  }
  EXPECT_GE(count, 20u);
}

std::string name_of(const testing::TestParamInfo<std::tuple<const char*, const char*>>& info) {
  return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}

INSTANTIATE_TEST_SUITE_P(, Image,
                         testing::Combine(testing::Values("m0", "m3", "m4f", "m7", "m33", "m55"),
                                          testing::Values("train", "train_adam")),
                         name_of);

}  // namespace
