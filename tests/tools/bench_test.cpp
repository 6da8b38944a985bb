// SPDX-License-Identifier: MIT
// The output of tools/bench, without its timings.
#include <gtest/gtest.h>

#include <string>

#include "benchmarks/peak.hpp"
#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

std::string bench() {
  return build::tools() + "/bench ";
}

TEST(Bench, ElementwiseGivesANumberForEachFunction) {
  const auto result = run_command(bench() + "--only elementwise --json");
  ASSERT_EQ(result.status, 0) << result.output;
  for (const char* name : {"exp", "log", "sigmoid", "tanh", "softmax, cross-entropy and gradient, row of 10"}) {
    EXPECT_NE(result.output.find("{\"name\": \"" + std::string(name) + "\", \"mote_cycles\": "), std::string::npos)
        << name << "\n"
        << result.output;
  }
  EXPECT_EQ(result.output.find("null"), std::string::npos) << result.output;
}

TEST(Bench, RefusesImagesThatItsNetworksDoNotTake) {
  const TemporaryFolder folder;
  write_image_set(folder);
  for (const char* part : {"w1", "w4"}) {
    const auto result = run_command(bench() + "--epochs 1 --only " + part + " --data " + folder.path() + " 2>&1");
    EXPECT_EQ(result.status, 2) << part << ": " << result.output;
    EXPECT_NE(result.output.find("inputs of the network"), std::string::npos) << result.output;
  }
}

TEST(Bench, RefusesAPartThatIsNoneAndListsThoseThatAre) {
  const auto result = run_command(bench() + "--only elementwise,nothing 2>&1");
  EXPECT_NE(result.status, 0);
  EXPECT_NE(result.output.find("found 'nothing'"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("kernels,reading,growth,elementwise,sparsity"), std::string::npos) << result.output;
}

TEST(Bench, MeasuresACycleThatNoCompilerShortened) {
  EXPECT_GT(tools::measure_cycle(), 1e-10);  // 10 GHz: no processor reaches it, and a folded chain exceeds it by far
}

}  // namespace
