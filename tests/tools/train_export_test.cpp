// SPDX-License-Identifier: MIT
// tools/train --export-header: a network as C++ source.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include "support/train_program.hpp"

namespace {

using train_program::contents;
using train_program::line_with;
using train_program::train;

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

class Export : public train_program::SmallSet {
 protected:
  /// Trains with batch normalization, which the export folds in, and writes model.hpp.
  CommandResult export_as(const std::string& weights, const std::string& file = "model.hpp") {
    return train_here("--hidden 9,5 --batch-norm --batch 8 --epochs 3 --export-weights " + weights +
                      " --export-header " + folder_.file(file));
  }
};

constexpr const char* kProgram = R"(
#include <cstdio>
#include "model.hpp"
static_assert(model::kTopology.inputs == 12 && model::kTopology.outputs_of(1) == 5 && model::kTopology.outputs() == 4);
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  const mote::Result result = verify(network, model::kGolden);
  std::printf("%s, class %zu\n", mote::to_string(result.status),
              mote::argmax(network.forward(model::kGoldenInputs, model::kGolden.inputs.scale)));
}
)";

TEST_F(Export, IsACppHeaderWhoseNetworkAnswersAsItDid) {
  folder_.write("program.cpp", kProgram);
  for (const char* weights : {"float32", "float16", "int8"}) {
    const CommandResult exported = export_as(weights);
    ASSERT_EQ(exported.status, 0) << exported.output;
    const std::string command = variable("MOTE_CXX", "g++") +
                                " -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude " +
                                folder_.file("program.cpp") + " " + variable("MOTE_BUILD", "build") + "/libmote.a " +
                                variable("MOTE_LINK", "") + " -o " + folder_.file("program");
    const CommandResult compiled = run_command(command);
    ASSERT_EQ(compiled.status, 0) << compiled.output;
    const CommandResult result = run_command(folder_.file("program"));
    EXPECT_EQ(result.output.rfind("ok, class ", 0), 0u) << weights << ": " << result.output;
    const std::string accuracy = line_with(exported.output, "test accuracy ");
    EXPECT_NE(line_with(exported.output, folder_.file("model.hpp")).find(weights), std::string::npos);
    if (std::string(weights) != "int8") {
      EXPECT_NE(line_with(exported.output, folder_.file("model.hpp")).find(accuracy), std::string::npos)
          << "folding and 16 bits change no answer here:\n"
          << exported.output;
    }
  }
}

TEST_F(Export, IsACppHeaderForTheLibraryInTwoFilesToo) {
  folder_.write("program.cpp", "#include \"model.hpp\"\nstatic_assert(model::kTopology.inputs == 12);\n");
  ASSERT_EQ(export_as("int8").status, 0);
  ASSERT_EQ(run_command("make -s dist BUILD=" + folder_.file("build")).status, 0);
  const CommandResult compiled = run_command(variable("MOTE_CXX", "g++") + " -std=c++17 -fsyntax-only -I" +
                                             folder_.file("build/dist") + " " + folder_.file("program.cpp"));
  EXPECT_EQ(compiled.status, 0) << compiled.output;
}

TEST_F(Export, WritesTheSameForTheSameNetwork) {
  ASSERT_EQ(export_as("int8").status, 0);
  const std::string first = contents(folder_.file("model.hpp"));
  ASSERT_EQ(export_as("int8").status, 0);
  EXPECT_EQ(contents(folder_.file("model.hpp")), first);
  EXPECT_NE(first.find("\nnamespace model {\n"), std::string::npos);
  ASSERT_EQ(export_as("int8", "my-net.2.hpp").status, 0);
  EXPECT_NE(contents(folder_.file("my-net.2.hpp")).find("\nnamespace my_net_2 {\n"), std::string::npos);
}

TEST_F(Export, OfAModelFileNeedsNoTraining) {
  const std::string model = folder_.file("model.safetensors");
  ASSERT_EQ(export_as("float16 --save " + model).status, 0);
  const std::string trained = contents(folder_.file("model.hpp"));
  const CommandResult loaded = train_here("--load " + model + " --evaluate --export-weights float16 --export-header " +
                                          folder_.file("model.hpp"));
  EXPECT_EQ(loaded.status, 0) << loaded.output;
  EXPECT_EQ(contents(folder_.file("model.hpp")), trained);
}

TEST_F(Export, NamesANamespaceThatCppTakes) {
  for (const auto& [file, name] :
       {std::pair("class.hpp", "model_class"), std::pair("errno.hpp", "model_errno"),
        std::pair("_A__b.hpp", "model__A_b"), std::pair("7.hpp", "model_7"), std::pair("bool.hpp", "model_bool"),
        std::pair("log.hpp", "model_log"), std::pair("digits.hpp", "digits")}) {
    ASSERT_EQ(export_as("int8", file).status, 0);
    EXPECT_NE(contents(folder_.file(file)).find("\nnamespace " + std::string(name) + " {\n"), std::string::npos);
  }
}

TEST_F(Export, LeavesFilesOfOthersAlone) {
  folder_.write("model.hpp", "int mine;\n");
  const CommandResult result = export_as("int8");
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("exists and is not a header of this program; name another file"), std::string::npos)
      << result.output;
  EXPECT_EQ(contents(folder_.file("model.hpp")), "int mine;\n");
  const std::string twice = folder_.file("one") + " --log " + folder_.file("./one");
  EXPECT_NE(train_here("--export-header " + twice).output.find("--log and --export-header name the same file"),
            std::string::npos);
}

TEST_F(Export, RefusesWhatItCannotWrite) {
  const CommandResult ensemble = train_here("--ensemble 2 --export-header " + folder_.file("model.hpp"));
  EXPECT_EQ(ensemble.status, 2);
  EXPECT_NE(ensemble.output.find("--ensemble"), std::string::npos);
  EXPECT_EQ(train_here("--export-weights int8").status, 2);
  const CommandResult format = train_here("--export-weights int4 --export-header " + folder_.file("model.hpp"));
  EXPECT_EQ(format.status, 2);
  EXPECT_NE(format.output.find("float32, float16 or int8"), std::string::npos) << format.output;
  const CommandResult library = train_here("--epochs 1 --export-header " + folder_.file("mote.hpp"));
  EXPECT_EQ(library.status, 2);
  EXPECT_NE(library.output.find("mote.hpp: mote.hpp is the library's header"), std::string::npos) << library.output;
  const CommandResult large = train_here(
      "--hidden 5 --init gaussian --init-scale 1e6 --optimizer sgd --learning-rate 1e-30 --epochs 1 --export-weights "
      "float16 --export-header " +
      folder_.file("model.hpp"));
  EXPECT_EQ(large.status, 1);
  EXPECT_NE(large.output.find("too large for the format: layer 1, from its input "), std::string::npos) << large.output;
  EXPECT_FALSE(std::filesystem::exists(folder_.file("model.hpp")));
  const CommandResult nowhere = train_here("--epochs 1 --export-header " + folder_.file("missing/model.hpp"));
  EXPECT_NE(nowhere.status, 0);
  EXPECT_NE(nowhere.output.find("missing/model.hpp"), std::string::npos) << nowhere.output;
}

/// Correct answers of 10,000, by the network and by the exported model.
struct Answers {
  int network = 0, exported = 0;
};

TEST(ExportOfMnist, LosesLessThanThreeInAThousandWithEightBits) {
  const TemporaryFolder folder;
  for (const char* options : {"--hidden 30 --activation sigmoid --init scaled-gaussian --learning-rate 0.1",
                              "--hidden 100,50", "--hidden 64,32 --batch-norm --activation tanh"}) {
    const CommandResult result = train(std::string(options) +
                                       " --epochs 2 --train-limit 20000 --export-weights int8 "
                                       "--export-header " +
                                       folder.file("model.hpp"));
    ASSERT_EQ(result.status, 0) << result.output;
    Answers answers;
    const std::string own = line_with(result.output, "test accuracy ");
    const std::string exported = line_with(result.output, folder.file("model.hpp"));
    const std::size_t first = own.find('('), second = exported.find('(');
    ASSERT_TRUE(first != std::string::npos && second != std::string::npos) << result.output;
    answers.network = std::stoi(own.substr(first + 1));
    answers.exported = std::stoi(exported.substr(second + 1));
    EXPECT_GT(answers.network, 8500) << options;
    EXPECT_LE(std::abs(answers.network - answers.exported), 30) << options;
  }
}

}  // namespace
