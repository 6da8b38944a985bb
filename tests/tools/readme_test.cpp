// SPDX-License-Identifier: MIT
// The programs and figures of the README. Run from the root of the repository.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string text_of(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The indented block that contains `line`, without its indentation.
std::string block_with(const std::string& line) {
  std::istringstream readme(text_of("README.md"));
  std::string block, current;
  bool found = false;
  while (std::getline(readme, current)) {
    if (current.rfind("    ", 0) == 0 || (current.empty() && !block.empty())) {
      block += current.empty() ? "\n" : current.substr(4) + "\n";
      found = found || current.find(line) != std::string::npos;
    } else {
      if (found) break;
      block.clear();
    }
  }
  while (block.size() > 1 && block.compare(block.size() - 2, 2, "\n\n") == 0) block.pop_back();
  return found ? block : "";
}

/// Compiles and runs a program; the compiler's result where it fails.
CommandResult run_program(const std::string& name, const std::string& source) {
  TemporaryFolder folder;
  folder.write(name + ".cpp", source);
  const std::string build = variable("MOTE_BUILD", "build");
  const CommandResult compiled = run_command(
      variable("MOTE_CXX", "g++") + " -std=c++17 -Wall -Wextra -Werror -Iinclude " + folder.file(name + ".cpp") + " " +
      build + "/libmote.a " + variable("MOTE_LINK", "") + " -o " + folder.file(name));
  return compiled.status != 0 ? compiled : run_command(folder.file(name));
}

TEST(Readme, ProgramCompilesAndLearns) {
  const std::string program = block_with("int main()");
  ASSERT_NE(program, "");
  const CommandResult result = run_program("xor", program);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(block_with("accuracy 1,"), result.output);
}

TEST(Readme, FirmwareIsWhatTheBoardsRun) {
  const std::string firmware = block_with("model::kGolden)");
  ASSERT_NE(firmware, "");
  EXPECT_NE(text_of("tests/target/firmware.cpp").find(firmware), std::string::npos);
}

constexpr const char* kSineProgram = R"(
int main() {
  static mote::Trainer trainer;
  static mote::Storage<mote::inference_bytes(topology, 1)> scratch;
  float x[64], y[64];
  for (int i = 0; i < 64; ++i) x[i] = 3.14159265f * (2.0f * static_cast<float>(i) / 63.0f - 1.0f), y[i] = std::sin(x[i]);
  mote::Network network;
  if (!learn(trainer, x, y) || !network.bind(topology, trainer.parameters(), 1, scratch).ok()) return 1;
  float worst = 0.0f;
  for (int i = 0; i < 64; ++i) worst = std::fmax(worst, std::fabs(network.forward(x + i, 1).row(0)[0] - y[i]));
  std::printf("%.3f\n", static_cast<double>(worst));
}
)";

TEST(Readme, TenLinesLearnTheSine) {
  const std::string lines = block_with("static bool learn(");
  EXPECT_NE(text_of("tests/target/sine.cpp").find(lines), std::string::npos);
  std::istringstream text(lines);
  std::size_t count = 0;
  for (std::string line; std::getline(text, line);) count += line.empty() ? 0 : 1;
  EXPECT_EQ(count, 10u);
  const CommandResult learned =
      run_program("sine", "#include <cmath>\n#include <cstdio>\n#include \"mote/mote.hpp\"\n" + lines + kSineProgram);
  EXPECT_EQ(learned.status, 0) << learned.output;
  EXPECT_NE(text_of("README.md").find("largest error at these points is " + learned.output.substr(0, 5)),
            std::string::npos)
      << learned.output;
}

TEST(Readme, OpensWithTheTwoCommands) {
  EXPECT_NE(block_with("make && ./tools/train"), "");
  EXPECT_NE(block_with("libgtest-dev && make test"), "");
}

TEST(Readme, QuotesRowsThatReproduceHasWritten) {
  const std::string readme = text_of("README.md"), results = text_of("tests/reproduce/RESULTS.md");
  const std::size_t start = readme.find("\n## The textbook's lessons, measured\n");
  ASSERT_NE(start, std::string::npos);
  std::istringstream section(readme.substr(start + 1, readme.find("\n## ", start + 1) - start));
  std::size_t rows = 0;
  for (std::string line; std::getline(section, line);) {
    if (line.rfind("|", 0) != 0) continue;
    ++rows;
    EXPECT_NE(results.find("\n" + line + "\n"), std::string::npos) << line << " is not in tests/reproduce/RESULTS.md";
  }
  EXPECT_GE(rows, 4u);
}

TEST(Readme, QuotesTablesOfTheExperimentsAsTheyWerePrinted) {
  const std::string results = text_of("tests/lesson/RESULTS.md");
  std::size_t lines = 0;
  for (const char* title : {"784-30-30-30-30-10: norm", "Validation accuracy in % after 30", "after 3 epochs, by"}) {
    std::istringstream block(block_with(title));
    for (std::string line; std::getline(block, line);) {
      if (line.empty() || line[0] == '$') continue;
      ++lines;
      EXPECT_NE(results.find("\n" + line + "\n"), std::string::npos) << line << " is not in tests/lesson/RESULTS.md";
    }
  }
  EXPECT_GE(lines, 20u);
}

}  // namespace
