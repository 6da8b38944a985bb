// SPDX-License-Identifier: MIT
// Tests of the images on emulated boards: run by `make test-target`.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "anomaly_network.hpp"
#include "board_runs.hpp"
#include "call_graph.hpp"
#include "results_table.hpp"
#include "sizes.hpp"
#include "support/document_commands.hpp"
#include "support/example_output.hpp"

namespace {

using namespace board_runs;

class Image : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  std::string target() const { return std::get<0>(GetParam()); }
  std::string image() const { return std::get<1>(GetParam()); }
  std::string file() const { return folder() + target() + "/" + image() + ".elf"; }
  void expect_the_bits_of_the_host() const;
};
class Dense : public Image {};  // with the boards' whole memory

void Image::expect_the_bits_of_the_host() const {
  const Report board = run_on(target(), image());
  ASSERT_EQ(board.status, 0) << board.text;
  const bool has_unit = target() != "m0" && target() != "m3";
  EXPECT_EQ(board.number("fused"), has_unit ? 1u : 0u);
  const Report host = run_on_host(image(), board.number("fused"));
  if (host.status == 3) GTEST_SKIP() << "this host has no arithmetic of that class";
  ASSERT_EQ(host.status, 0) << host.text;
  EXPECT_EQ(results_of(board), results_of(host));
  EXPECT_GE(board.values.size(), 4u);
  for (const auto& [name, value] : board.values) {
    if (name.rfind("instructions", 0) != 0) continue;
    EXPECT_GE(std::stoul(value), 5000u) << name << ": the clock stands still";
  }
}

TEST_P(Image, ComputesTheBitsOfTheHost) {
  expect_the_bits_of_the_host();
}
TEST_P(Dense, ComputesTheBitsOfTheHost) {
  expect_the_bits_of_the_host();
}

/// The other machines that are available; m4f stands for those with fused arithmetic.
TEST(OtherMachines, ComputeTheBitsOfTheBoards) {
  for (const char* machine : {"v4", kOther}) {
    for (const char* image : {"train", "infer_float32", "sine", "sensor_int16"}) {
      const Report& other = run_on(machine, image);
      if (other.status == 3 || other.status == 127) continue;  // not such a processor; no such compiler or emulator
      ASSERT_EQ(other.status, 0) << other.text;
      EXPECT_EQ(results_of(other), results_of(run_on("m4f", image))) << machine;
    }
  }
}

/// Largest stack of the image, in bytes.
std::size_t stack_bound(const std::string& target, const std::string& image) {
  CallGraph graph;
  const std::vector<std::string> methods = {
      "activate_by", "multiply_by_derivative", "loss_and_deltas", "optimizer_step", "update_weights",
      "batch_norm",  "batch_statistics",       "weight_gradient", "rate_factor",    "clip_",
      "drop_",       "limit_column_norms",     "update_running",  "fold_",          "move_gradient_point"};
  graph.limit("src/products/flash_product.cpp", {"read_flash_"});
  graph.limit("src/products/small_products.cpp", {"optimizer_step"});
  graph.limit("src/textbook/activation.cpp", {"activate_by", "multiply_by_derivative_of"});
  graph.limit("src/textbook/loss.cpp", {"loss_and_deltas_of"});
  graph.limit("src/textbook/initializer.cpp", {"draw_"});
  graph.limit("src/training/network.cpp", {"activate_by"});
  graph.limit("src/training/evaluation.cpp", {"loss_and_deltas"});
  graph.limit("src/training/backpropagation.cpp", methods);
  graph.limit("src/training/trainer.cpp", methods);
  graph.limit("src/training/trainer_state.cpp", methods);
  graph.limit("src/device/flash_network.cpp", {"activate_by", "flash_product_"});
  graph.limit("src/device/fine_tuning.cpp", {"flash_product_", "read_flash_"});
  std::vector<std::string> of_tuning = methods;
  for (const char* name : {"_in_flash", "integer_weights", "integer_biases", "flash_product_", "read_flash_"}) {
    of_tuning.push_back(name);
  }
  graph.limit("src/device/tuned_layers.cpp", of_tuning);
  graph.limit("src/device/integer_network.cpp", {"integer_product"});
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder() + target)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".ci") continue;
    const bool is_library = entry.path().parent_path().parent_path().filename() == "src";
    if (!is_library && name != image && name != "startup" && name != "board" && name != "report") continue;
    EXPECT_TRUE(graph.read(entry.path().string())) << entry.path();
  }
  std::set<std::string> linked;
  std::istringstream lines(
      run_command("arm-none-eabi-nm --defined-only " + folder() + target + "/" + image + ".elf").output);
  for (std::string address, kind, name; lines >> address >> kind >> name;) {
    const bool is_global = kind == "T" || kind == "W";
    if (is_global && name != "reset" && name != "fault") linked.insert(name);
  }
  graph.link(linked);
  EXPECT_TRUE(graph.knows("reset")) << "the compiler left no .ci files: is it ccache that runs it?";
  EXPECT_TRUE(graph.unbounded().empty()) << *graph.unbounded().begin();
  constexpr std::size_t kOfLibgcc = 96;  // arithmetic that the processor lacks; no sources
  return graph.bound("reset", kOfLibgcc);
}

/// Bytes of each section.
std::map<std::string, std::size_t> sections_of(const std::string& target, const std::string& image) {
  const CommandResult sizes = run_command("arm-none-eabi-size -A " + folder() + target + "/" + image + ".elf");
  EXPECT_EQ(sizes.status, 0) << sizes.output;
  std::map<std::string, std::size_t> sections;
  std::istringstream lines(sizes.output);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = words(line);
    if (fields.size() == 3 && fields[0][0] == '.') sections[fields[0]] = std::stoul(fields[1]);
  }
  return sections;
}

TEST_P(Image, TakesNoMoreStackThanTheCompilerSays) {
  const std::size_t used = run_on(target(), image()).number("stack_bytes");
  const std::size_t bound = stack_bound(target(), image());
  EXPECT_GT(used, 100u);
  EXPECT_LE(used, bound);
  EXPECT_LE(bound, 4 * used) << "recursion, or a bound that says little";
}

TEST_P(Image, TakesTheMemoryThatWasComputedAndNoMore) {
  std::map<std::string, std::size_t> sections = sections_of(target(), image());
  const Report& board = run_on(target(), image());
  const std::size_t computed = board.number("memory_bytes") + board.number("state_bytes");
  const std::size_t variables = sections[".data"] + sections[".bss"];
  EXPECT_GE(variables, computed);
  EXPECT_LE(variables, computed + 16) << "alignment of the parts, and nothing else";
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

constexpr const char* kTargets[] = {"m0", "m3", "m4f", "m7", "m33", "m55"};
constexpr const char* kImages[] = {"train",      "train_adam",    "infer_float32", "infer_float16",
                                   "infer_int8", "adapt_float32", "adapt_int8",    "adapt_integer",
                                   "sine",       "sensor_int16",  "sensor_float"};
constexpr const char* kDense[] = {"dense_infer_float32", "dense_infer_float16", "dense_infer_int8",
                                  "dense_integer",       "dense_anomaly",       "dense_train"};
constexpr const char* kFirmware[] = {"firmware_float32", "firmware_int8", "firmware_integer", "learner",
                                     "learner_adam"};
const testing::Environment* const kTable = testing::AddGlobalTestEnvironment(new results_table::Printer);
INSTANTIATE_TEST_SUITE_P(, Dense, testing::Combine(testing::ValuesIn(kTargets), testing::ValuesIn(kDense)), name_of);
INSTANTIATE_TEST_SUITE_P(, Image, testing::Combine(testing::ValuesIn(kTargets), testing::ValuesIn(kImages)), name_of);

TEST(Learning, FindsTheSineOnEveryTarget) {
  for (const char* target : kTargets) EXPECT_LE(run_on(target, "sine").number("largest_error_e6"), 13000u) << target;
}

TEST(Learning, TellsMovementsAndLearnsEqualBitsFromIntegersAndFloats) {
  for (const char* target : kTargets) {
    const Report &integers = run_on(target, "sensor_int16"), &floats = run_on(target, "sensor_float");
    EXPECT_GE(20 * integers.number("test_correct"), 19 * integers.number("tests")) << target;
    EXPECT_EQ(results_of(integers), results_of(floats)) << target;
  }
}

TEST(Integers, GiveOneChecksumOnEveryMachine) {
  const std::string wanted = run_on_host("dense_integer", 0).values.at("outputs");
  EXPECT_EQ(board_runs::words(wanted).size(), 4u);
  for (const char* target : kTargets) EXPECT_EQ(run_on(target, "dense_integer").values.at("outputs"), wanted) << target;
  EXPECT_EQ(run_on_host("dense_integer", 1).values.at("outputs"), wanted);
}

TEST(Integers, DetectAnomaliesInOneAndAHalfKilobytesOfRam) {
  const Report& host = run_on_host("dense_anomaly", 0);
  EXPECT_EQ(std::stoul(host.values.at("outputs"), nullptr, 16), dense::kAnomalyChecksum);
  EXPECT_GE(host.number("detected_of_10"), 9u);
  EXPECT_LE(host.number("false_alarms_of_10"), 2u);
  EXPECT_NEAR(static_cast<double>(host.number("zeros_of_128")), 64.0, 16.0);
  for (const char* target : kTargets) {
    const Report& board = run_on(target, "dense_anomaly");
    EXPECT_EQ(results_of(board), results_of(run_on_host("dense_anomaly", board.number("fused")))) << target;
    EXPECT_LE(board.number("memory_bytes"), 1536u) << target;
  }
}

/// A network with int8 weights adapts in 8 KB as well as one with float weights in flash and in RAM, which only the
/// host runs.
TEST(Learning, AdaptsALargeNetworkInEightKilobytes) {
  const Report& board = run_on("m4f", "inverted_int8");
  ASSERT_EQ(board.status, 0) << board.text;
  const std::size_t before = board.number("correct_before"), after = board.number("correct_after");
  EXPECT_LE(10 * before, board.number("tested"));
  EXPECT_GE(10 * after, 7 * board.number("tested"));
  EXPECT_LE(board.number("memory_bytes") + board.number("state_bytes"), 8u * 1024);
  for (const char* image : {"inverted_int8", "inverted_float32"}) {
    const Report host = run_on_host(image, 1);
    if (host.status == 3) GTEST_SKIP() << "this host has no fused arithmetic";
    if (image == std::string("inverted_int8")) {
      EXPECT_EQ(results_of(host), results_of(board));
    } else {
      EXPECT_NEAR(static_cast<double>(after), static_cast<double>(host.number("correct_after")),
                  static_cast<double>(host.number("tested")) / 100.0);
    }
  }
}

/// The commands of the README that build and run firmware with the two files, in a folder with a model.
TEST(Firmware, IsBuiltAndRunsAsTheReadmeSays) {
  namespace fs = std::filesystem;
  const fs::path work = fs::absolute(folder() + "readme");
  fs::remove_all(work);
  fs::create_directories(work);
  for (const auto& entry : fs::directory_iterator(fs::current_path())) {
    if (entry.path().filename() != "model.hpp") fs::create_symlink(entry.path(), work / entry.path().filename());
  }
  fs::copy_file(folder() + "int8/model.hpp", work / "model.hpp");
  std::size_t count = 0;
  for (const DocumentCommand& command :
       commands_of("tests/target/README.md", {"make dist", "arm-none-eabi-g++", "qemu-system-arm"})) {
    if (command.shows_output) continue;
    ++count;
    const CommandResult result = run_command("cd " + work.string() + " && " + command.text);
    EXPECT_EQ(result.status, 0) << command.text << "\n" << result.output;
  }
  EXPECT_EQ(count, 4u);
}

/// The firmware of the README verifies its golden outputs, or learns to tell movements.
TEST(Firmware, RunsOnEveryTarget) {
  for (const char* target : kTargets) {
    for (const char* image : kFirmware) {
      EXPECT_EQ(run_on(target, image).status, 0) << target << " " << image;
    }
  }
}

TEST(Examples, PrintOnABoardWhatTheirCommentsSay) {
  for (const std::string example : {"infer", "tune", "xor", "sine", "sensor", "resume"}) {
    const CommandResult result = run_command(
        "timeout 100 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting-config "
        "enable=on,target=native -kernel " +
        folder() + "m4f/example_" + example + ".elf");
    EXPECT_EQ(result.status, 0) << example;
    std::string promised = promised_output(example);
    ASSERT_NE(promised, "") << example;
    if (example == "sensor") {  // rows of weights have less padding on the board
      const std::string bytes = result.output.substr(0, result.output.find('\n') + 1);
      EXPECT_NE(bytes.find("4800 windows in "), std::string::npos) << bytes;
      promised.replace(0, promised.find('\n') + 1, bytes);
    }
    EXPECT_EQ(result.output, promised) << example;
  }
}

TEST(Firmware, ThatLearnsFitsIntoPartsOf32Kilobytes) {
  EXPECT_LE(sections_of("m4f", "learner").at(".text"), 16u * 1024);
  EXPECT_LE(sections_of("m4f", "learner_adam").at(".text"), 16u * 1024);
  EXPECT_LE(sections_of("m0", "learner").at(".text"), 24u * 1024);
}

TEST(Firmware, IsFourKilobytesOfCodeOnCortexM4) {
  const std::map<std::string, std::size_t> sections = sections_of("m4f", "firmware_float32");
  EXPECT_LE(sections.at(".text"), 4096u);
  EXPECT_LE(sections.at(".bss"), 1024u);
  EXPECT_EQ(sections.at(".data"), 0u);
}

TEST(Firmware, OfIntegersIsTwoAndAHalfKilobytesOfCode) {
  for (const char* target : kTargets) {
    for (const char* image : {"firmware_integer", "firmware_integer16"}) {
      const std::map<std::string, std::size_t> sections = sections_of(target, image);
      EXPECT_LE(sections.at(".text"), 2560u) << target;
      EXPECT_LE(sections.at(".bss"), 128u) << target;
      EXPECT_EQ(run_on(target, image).status, 0) << target << ' ' << image;
    }
  }
}

/// Undefined symbols of the two files of make dist, compiled as in the README, without the options of this repository's
/// makefiles.
CommandResult build_two_files(const std::string& processor) {
  const std::string files = folder() + "two_files/";
  const std::string awk = "awk -f tools/package/amalgamate.awk -v part=";
  return run_command("mkdir -p " + files + " && " + awk + "header include/mote/mote.hpp > " + files + "mote.hpp && " +
                     awk + "source src/*/*.cpp > " + files + "mote.cpp && arm-none-eabi-g++ -mthumb " + processor +
                     " -std=c++17 -Os -fno-exceptions -fno-rtti -fno-threadsafe-statics -I" + files + " -c " + files +
                     "mote.cpp -o " + files + "mote.o && arm-none-eabi-nm -u " + files + "mote.o");
}

TEST(Firmware, AssemblesWithPlainFlagsOfEveryProcessor) {
  for (const char* processor : {"-mcpu=cortex-m0", "-mcpu=cortex-m3", "-mcpu=cortex-m55 -mfloat-abi=hard"}) {
    const CommandResult built = build_two_files(processor);
    EXPECT_EQ(built.status, 0) << built.output;
  }
}

TEST(Firmware, NeedsNoMathLibraryNorAllocator) {
  const CommandResult built = build_two_files("-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16");
  ASSERT_EQ(built.status, 0) << built.output;
  std::istringstream lines(built.output);
  for (std::string line; std::getline(lines, line);) {
    const std::string name = words(line).back();
    const bool is_basic = name == "memcpy" || name == "memmove" || name == "memset" || name == "memcmp";
    EXPECT_TRUE(is_basic || name.rfind("__aeabi_", 0) == 0) << name;
  }
}

TEST(Sizes, HaveNotGrown) {
  sizes::Table now;
  for (const char* target : kTargets) {
    std::vector<const char*> images(std::begin(kImages), std::end(kImages));
    images.insert(images.end(), std::begin(kFirmware), std::end(kFirmware));
    for (const char* image : images) {
      const std::map<std::string, std::size_t> s = sections_of(target, image);
      now[std::string(target) + " " + image] = {s.at(".text") + s.at(".vectors"), s.at(".rodata"), s.at(".data"),
                                                s.at(".bss"), stack_bound(target, image)};
    }
  }
  sizes::write(folder() + "SIZES.md", now);
  const sizes::Table before = sizes::read("tests/target/SIZES.md");
  EXPECT_EQ(before.size(), now.size()) << "make size rewrites tests/target/SIZES.md";
  for (const auto& [name, row] : now) {
    const auto known = before.find(name);
    if (known == before.end()) continue;
    for (std::size_t i = 0; i < row.size(); ++i) {
      EXPECT_LE(100 * row[i], 103 * known->second[i]) << name << " " << sizes::kColumns[i] << ": " << row[i]
                                                      << " bytes, " << known->second[i] << " in tests/target/SIZES.md";
    }
  }
}

}  // namespace
