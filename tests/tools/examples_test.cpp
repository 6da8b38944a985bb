// SPDX-License-Identifier: MIT
// The programs of tools/examples. Run from the root of the repository.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/build.hpp"
#include "support/command.hpp"
#include "support/example_output.hpp"
#include "support/temporary_folder.hpp"

namespace {

/// Compiles an example and runs it; the compiler's result where it fails.
CommandResult run_example(const TemporaryFolder& folder, const std::string& name, const std::string& arguments) {
  const CommandResult compiled =
      build::compile("-O1 -Wall -Wextra -Werror -Itools tools/examples/" + name + ".cpp", folder.file(name));
  return compiled.status != 0 ? compiled : run_command(folder.file(name) + " " + arguments);
}

TEST(Examples, PrintWhatTheirCommentsSay) {
  const TemporaryFolder folder;
  std::size_t examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tools/examples")) {
    const std::string name = entry.path().stem(), promised = promised_output(name);
    if (entry.path().extension() != ".cpp" || name == "anomaly") continue;
    ++examples;
    const CommandResult result = run_example(folder, name, name == "mnist" ? build::folder() + "/mnist" : "");
    EXPECT_EQ(result.status, 0) << name;
    EXPECT_NE(promised, "") << name;
    EXPECT_EQ(result.output, promised) << name;
    std::ifstream file(entry.path());
    int lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    EXPECT_LE(lines, 80) << name;
  }
  EXPECT_GE(examples, 8u);
}

/// The numbers of the row of a network: AUC, threshold, percent detected of each condition.
std::vector<double> row_of(const std::string& output, const std::string& network) {
  std::istringstream row(output.substr(output.find("\n" + network + " ") + 1 + network.size()));
  std::vector<double> numbers;
  for (double number; row >> number;) numbers.push_back(number);
  return numbers;
}

TEST(Examples, AnomalyDetectsFaultsInIntegersAsWellAsInFloats) {
  TemporaryFolder folder;
  const CommandResult result = run_example(folder, "anomaly", "8");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::vector<double> floats = row_of(result.output, "float32"), integers = row_of(result.output, "int8");
  ASSERT_EQ(floats.size(), 7u) << result.output;
  ASSERT_EQ(integers.size(), 7u) << result.output;
  EXPECT_GE(floats[0], 0.8);
  EXPECT_NEAR(integers[0], floats[0], 0.01);
  EXPECT_NEAR(integers[1], floats[1], 0.2 * floats[1]);
  for (const std::vector<double>* row : {&floats, &integers}) {
    EXPECT_LE((*row)[2], 3.0) << "false alarms, of about 1 %";
    EXPECT_GE((*row)[3], 30.0) << "bearing clicks";
    EXPECT_GE((*row)[4], 70.0) << "side bands";
  }
  std::istringstream figures(result.output.substr(result.output.find("int8 outputs: ") + 14));
  double decibels = 0.0;
  figures >> decibels;
  EXPECT_GE(decibels, 28.0);
  std::istringstream bytes(result.output.substr(result.output.find("detector: ") + 10));
  std::size_t ram = 0;
  bytes >> ram;
  EXPECT_GE(ram, 640u + 768u);
  EXPECT_LE(ram, 1536u);
  const CommandResult usage = run_command(folder.file("anomaly") + " none");
  EXPECT_EQ(usage.status, 2);
  EXPECT_EQ(usage.output, "usage: anomaly [EPOCHS], at least 1\n");
}

}  // namespace
