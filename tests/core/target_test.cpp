// SPDX-License-Identifier: MIT
// Public headers as the programs of users see them: the class of machine, and the warnings. Run from the root of the
// repository.
#include <gtest/gtest.h>

#include <string>

#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

bool is_small(const std::string& machine) {
  const CommandResult macros = run_command(build::compiler() + " -std=c++17 -Iinclude -U__unix__ " + machine +
                                           " -dM -E -x c++ include/mote/target.hpp");
  EXPECT_EQ(macros.status, 0) << macros.output;
  return macros.output.find("#define MOTE_MICROCONTROLLER") != std::string::npos;
}

TEST(Target, KnowsSmallMachinesByTheirMacros) {
  for (const char* machine : {"-D__ARM_ARCH_PROFILE=77", "-D__XTENSA__", "-D__AVR__", "-D__MSP430__", "-D__riscv",
                              "-DESP_PLATFORM", "-DARDUINO=10819", "-D__ZEPHYR__=1", "-DMOTE_MICROCONTROLLER"}) {
    EXPECT_TRUE(is_small(machine)) << machine;
  }
  for (const char* machine : {"", "-D__ARM_ARCH_PROFILE=65", "-D__riscv -D__unix__"}) {
    EXPECT_FALSE(is_small(machine)) << machine;
  }
}

// Names every public header, and instantiates the templates.
constexpr const char* kProgram = R"(#include "mote/mote.hpp"
constexpr mote::Topology topology{2, {3, mote::Activation::relu}, {2, mote::Activation::softmax}};
constexpr mote::TrainingOptions options = mote::TrainingOptions{}.set_seed(2).set_batch_size(4);
constexpr float weights[12] = {}, biases[32] = {};
constexpr mote::FlashModel model(topology, mote::Span<const float>(weights), biases);
static mote::Storage<mote::flash_network_bytes(topology)> scratch;
static int infer_integers(const mote::IntegerModel& integers, mote::Memory rows) {
  std::int8_t q[2];
  mote::IntegerNetwork network;
  mote::quantize(biases, 2, integers.input, q);
  return network.bind(integers, rows).ok() ? network.forward(q)[0] : 0;
}
int main() {
  static mote::StaticTrainer<topology, options, 4> trainer;
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  mote::FlashNetwork network;
  if (!network.bind(model, scratch).ok()) return 1;
  mote::AnomalyDetector<mote::FlashNetwork> detector;
  return detector.bind(network, 0.99f).ok() ? 0 : infer_integers({}, scratch);
}
)";

void expect_no_warning(const std::string& name, const std::string& flags) {
  if (!has_program(name)) GTEST_SKIP() << "apt-get install " << name;
  const TemporaryFolder folder;
  folder.write("program.cpp", kProgram);
  for (const char* machine : {"", " -DMOTE_MICROCONTROLLER"}) {
    const CommandResult result = run_command(name + " -std=c++17 -Iinclude -Werror -c -o /dev/null " + flags + machine +
                                             " " + folder.file("program.cpp"));
    EXPECT_EQ(result.status, 0) << name << machine << "\n" << result.output;
  }
}

TEST(Headers, GiveNoWarningWithEveryWarningOfClang) {
  expect_no_warning("clang++", "-Weverything -Wno-c++98-compat -Wno-c++98-compat-pedantic -Wno-padded");
}

TEST(Headers, GiveNoWarningWithStrictFlagsOfGcc) {
  expect_no_warning(
      "g++",
      "-O2 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wuseless-cast"
      " -Wcast-align=strict -Wcast-qual -Wdouble-promotion -Wformat=2 -Wnull-dereference -Wduplicated-cond"
      " -Wduplicated-branches -Wlogical-op -Wundef -Wredundant-decls -Wnon-virtual-dtor"
      " -Woverloaded-virtual -Wzero-as-null-pointer-constant -Wextra-semi -Wmissing-declarations"
      " -Wswitch-enum -Wsuggest-override -Wctor-dtor-privacy -Wvla");
}

}  // namespace
