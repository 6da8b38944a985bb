// SPDX-License-Identifier: MIT
// tools/train --export-c: the C program answers with the bytes of the network of integers. Run from the root of the
// repository.
#include <gtest/gtest.h>

#include <string>

#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"
#include "support/train_program.hpp"

namespace {

constexpr const char* kC99 = " -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror ";

// Quantizes and predicts 500 samples, and prints all bytes. ELEMENT and NUMBER make a number of a sample from 16 random
// bits.
constexpr const char* kSamples = R"(
  uint32_t state = 1;
  for (int i = 0; i < 500; ++i) {
    for (int f = 0; f < INPUTS; ++f) {
      state = state * 1664525u + 1013904223u;
      x[f] = NUMBER(state >> 16);
    }
    PREDICT
    for (int f = 0; f < INPUTS; ++f) printf("%d ", q[f]);
    for (int j = 0; j < OUTPUTS; ++j) printf("%d ", y[j]);
    printf("\n");
  }
)";
constexpr const char* kC = R"(#include <stdio.h>
#include "net.h"
#define INPUTS NET_INPUTS
#define OUTPUTS NET_OUTPUTS
#define PREDICT net_quantize(x, q); net_predict(q, y);
int main(void) {
  ELEMENT x[INPUTS];
  int8_t q[INPUTS], y[OUTPUTS];
)";
constexpr const char* kCpp = R"(#include <cstdio>
#include "net.hpp"
#define INPUTS static_cast<int>(net::kTopology.inputs)
#define OUTPUTS static_cast<int>(net::kTopology.outputs())
#define PREDICT mote::quantize(VIEW, net::kModel.input, q); const auto y = network.forward(q);
int main() {
  static mote::Storage<mote::integer_network_bytes(net::kModel.layers)> scratch;
  mote::IntegerNetwork network;
  if (!network.bind(net::kModel, scratch).ok()) return 1;
  ELEMENT x[INPUTS];
  std::int8_t q[INPUTS];
)";

/// Trains with `options`, exports C99 and C++, and compares the answers of the two. view: the Inputs of the C++
/// program.
void expect_equal_answers(const std::string& options, const std::string& element, const std::string& number,
                          const std::string& view) {
  const TemporaryFolder folder;
  const CommandResult exported =
      run_command(train_program::program() + options + " --quiet --export-weights integer" + " --export-c " +
                  folder.file("net.h") + " --export-header " + folder.file("net.hpp"));
  ASSERT_EQ(exported.status, 0) << exported.output;
  const std::string definitions = " -D'ELEMENT=" + element + "' -D'NUMBER(b)=" + number + "' ";
  folder.write("net.c", std::string(kC) + kSamples + "  return net_check() == 1 ? 0 : 1;\n}\n");
  folder.write("net.cpp", std::string(kCpp) + kSamples + "}\n");
  const CommandResult c = run_command("gcc -O1" + std::string(kC99) + definitions + folder.file("net.c") + " -o " +
                                      folder.file("c") + " && " + folder.file("c"));
  ASSERT_EQ(c.status, 0) << c.output;
  const CommandResult compiled =
      build::compile("-O1" + definitions + "-D'VIEW=" + view + "' " + folder.file("net.cpp"), folder.file("cpp"));
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  const CommandResult cpp = run_command(folder.file("cpp"));
  ASSERT_EQ(cpp.status, 0) << cpp.output;
  EXPECT_EQ(c.output, cpp.output);
  EXPECT_GE(c.output.size(), 5000u);
  if (!has_program("arm-none-eabi-gcc")) return;
  for (const char* processor : {"cortex-m0", "cortex-m4"}) {
    const CommandResult arm = run_command("arm-none-eabi-gcc -mthumb -Os -mcpu=" + std::string(processor) + kC99 +
                                          definitions + "-c " + folder.file("net.c") + " -o " + folder.file("arm.o"));
    EXPECT_EQ(arm.status, 0) << arm.output;
  }
}

constexpr const char* kIris = "--data tools/data/tables/iris.csv";
constexpr const char* kFloats = "(b) % 97 == 0 ? 0.0f / 0.0f : (float)(b) / 4096.0f - 4.0f";

TEST(ExportC, PredictsAsTheNetworkOfATable) {
  for (const char* layers : {"4,3", "4,9,3", "4,9,5,3 --activation tanh", "4,5,7,6,3 --activation leaky-relu"}) {
    expect_equal_answers(kIris + std::string(" --epochs 20 --layers ") + layers, "float", kFloats, "net::inputs(x)");
  }
  expect_equal_answers(kIris + std::string(" --regression --ignore species --scale-per layer"), "float", kFloats,
                       "net::inputs(x)");
}

TEST(ExportC, SaysHowToReadAClassAndHowToReadANumber) {
  const TemporaryFolder folder;
  const auto comment_of = [&](const std::string& options) {
    run_command(train_program::program() + kIris + " --quiet " + options + " --export-c " + folder.file("net.h"));
    return contents(folder.file("net.h")).substr(0, 600);
  };
  EXPECT_NE(comment_of("").find("class = net_argmax(outputs);"), std::string::npos);
  EXPECT_NE(comment_of("--regression --ignore species").find("number = (outputs[0] - NET_ZERO) * NET_SCALE;"),
            std::string::npos);
}

TEST(ExportC, PredictsAsTheNetworkOfImages) {
  const TemporaryFolder images;
  write_image_set(images);
  expect_equal_answers("--data " + images.path() + " --hidden 6 --epochs 5 --validation 0", "unsigned char",
                       "(unsigned char)(b)", "net::inputs(x)");
}

TEST(ExportC, NeedsAFileOfItsOwnAndOneNetwork) {
  const TemporaryFolder folder;
  folder.write("mine.h", "int mine;\n");
  const std::string train = train_program::program() + kIris + " --quiet --epochs 1 ";
  const struct {
    std::string options, error;
  } cases[] = {{"--export-c " + folder.file("mine.h"), "is not a C header of this program"},
               {"--export-c x.h --export-header x.h", "--export-header and --export-c name the same file, x.h"},
               {"--export-c x.h --ensemble 2", "--export-c and --ensemble contradict each other"},
               {"--calibration percentile", "--calibration: needs --export-weights integer or --export-c"}};
  for (const auto& c : cases) {
    const CommandResult result = run_command(train + c.options);
    EXPECT_NE(result.status, 0) << c.options;
    EXPECT_NE(result.output.find(c.error), std::string::npos) << result.output;
  }
  EXPECT_EQ(contents(folder.file("mine.h")), "int mine;\n");
}

/// Names of columns are free text, but comments of C end at an asterisk and a slash.
TEST(ExportC, TakesAnyNameOfAColumn) {
  const TemporaryFolder folder;
  std::string table = "NAME_VALUE,end */ int x; /*,class\n";
  for (int i = 0; i < 40; ++i) {
    table += std::to_string(i % 7) + "," + std::to_string(i % 3) + (i % 2 == 0 ? ",even\n" : ",odd\n");
  }
  folder.write("table.csv", table);
  const CommandResult exported = run_command(train_program::program() + " --quiet --epochs 1 --data " +
                                             folder.file("table.csv") + " --export-c " + folder.file("register.h"));
  ASSERT_EQ(exported.status, 0) << exported.output;
  folder.write("use.c", "#include \"register.h\"\nint main(void) { return model_register_check() == 1 ? 0 : 1; }\n");
  const CommandResult c = run_command(std::string("gcc") + kC99 + folder.file("use.c") + " -o " + folder.file("use") +
                                      " && " + folder.file("use"));
  EXPECT_EQ(c.status, 0) << c.output;
  const std::string header = contents(folder.file("register.h"));
  EXPECT_NE(header.find("NAME_VALUE, end * / int x; / *"), std::string::npos) << header;
}

}  // namespace
