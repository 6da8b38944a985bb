// SPDX-License-Identifier: MIT
// Files of networks that learned from tables.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "support/train_program.hpp"

namespace {

using namespace train_program;

constexpr const char* kIris = "tools/data/tables/iris.csv";

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

class TrainTablesFiles : public testing::Test {
 protected:
  /// Compiles and runs a program; its output.
  std::string run_program(const std::string& source) {
    folder_.write("program.cpp", source);
    const CommandResult compiled =
        run_command(variable("MOTE_CXX", "g++") + " -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude " +
                    folder_.file("program.cpp") + " " + variable("MOTE_BUILD", "build") + "/libmote.a " +
                    variable("MOTE_LINK", "") + " -o " + folder_.file("program"));
    EXPECT_EQ(compiled.status, 0) << compiled.output;
    return run_command(folder_.file("program")).output;
  }

  TemporaryFolder folder_;
};

constexpr const char* kProgram = R"(
#include <cstdio>
#include "model.hpp"
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  std::printf("%s", mote::to_string(verify(network, model::kGolden).status));
  const float rows[][4] = {{5.1f, 3.5f, 1.4f, 0.2f}, {7.0f, 3.2f, 4.7f, 1.4f}, {6.3f, 3.3f, 6.0f, 2.5f}};
  for (const auto& row : rows) {
    const auto outputs = network.forward(INPUTS);
    std::printf(" %zu %.2f", mote::argmax(outputs), static_cast<double>(outputs[0]));
  }
}
)";

TEST_F(TrainTablesFiles, HeadersTakeNumbersAsTheTableHasThem) {
  for (const std::string weights : {"float32", "float16", "int8"}) {
    const CommandResult result = train(std::string("--data ") + kIris + " --export-weights " + weights +
                                       " --export-header " + folder_.file("model.hpp"));
    ASSERT_EQ(result.status, 0) << result.output;
    const std::string header = contents(folder_.file("model.hpp"));
    EXPECT_NE(header.find("// Inputs, as in the table: sepal_length_cm, sepal_width_cm, petal_length_cm, "
                          "petal_width_cm.\n// Outputs: setosa, versicolor, virginica.\n"),
              std::string::npos)
        << header;
    const bool folds = weights != "int8";
    EXPECT_EQ(header.find("kOffsets[]") == std::string::npos, folds);
    std::string program = kProgram;
    program.replace(program.find("INPUTS"), 6,
                    folds ? "row" : "mote::Inputs(row, 1, 4).set_transformation(model::kOffsets, model::kScales)");
    const std::string answers = run_program(program);
    EXPECT_EQ(answers.rfind("ok 0 ", 0), 0u) << answers;  // the flowers on lines 2, 52 and 102
    EXPECT_NE(answers.find(" 1 0.0"), std::string::npos) << answers;
    EXPECT_NE(answers.find(" 2 0.0"), std::string::npos) << answers;
    const std::string accuracy = line_with(result.output, "test accuracy ");
    EXPECT_NE(line_with(result.output, folder_.file("model.hpp")).find(accuracy), std::string::npos) << result.output;
  }
}

TEST_F(TrainTablesFiles, HeadersAnswerInTheUnitsOfTheTable) {
  const std::string options = std::string("--regression --ignore species,petal_width_cm --target petal_length_cm ") +
                              "--batch-norm --data " + kIris + " --export-header " + folder_.file("model.hpp");
  for (const std::string weights : {"float32", "int8"}) {
    ASSERT_EQ(train(options + " --export-weights " + weights).status, 0);
    std::string program = kProgram;
    program.replace(
        program.find("INPUTS"), 6,
        weights == "float32" ? "row" : "mote::Inputs(row, 1, 2).set_transformation(model::kOffsets, model::kScales)");
    std::istringstream answers(run_program(program));
    std::string status;
    answers >> status;
    EXPECT_EQ(status, "ok");
    for (const double length : {1.4, 4.7, 6.0}) {
      std::size_t best = 9;
      double found = 0.0;
      answers >> best >> found;
      EXPECT_NEAR(found, length, 1.2) << weights;
    }
  }
}

}  // namespace
