// SPDX-License-Identifier: MIT
// The programs, figures and links of the README and of the guides.
// Run from the root of the repository.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "support/build.hpp"
#include "support/command.hpp"
#include "support/document_commands.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

constexpr const char* kLesson = "tests/lesson/README.md";
constexpr const char* kDocuments[] = {"README.md",
                                      "include/mote/README.md",
                                      "src/README.md",
                                      "tools/README.md",
                                      "tests/README.md",
                                      kLesson,
                                      "tests/peers/README.md",
                                      "tests/reproduce/README.md",
                                      "tests/target/README.md"};

std::string text_of_all() {
  std::string text;
  for (const char* document : kDocuments) text += contents(document) + "\n";
  return text;
}

/// The indented block that contains `line`, without its indentation; of the
/// first document that has one.
std::string block_with(const std::string& line) {
  std::istringstream readme(text_of_all());
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

TEST(Readme, ProgramCompilesAndLearns) {
  const std::string program = block_with("int main()");
  ASSERT_NE(program, "");
  const TemporaryFolder folder;
  const CommandResult result = build::run_program(folder, program);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(block_with("accuracy 1,"), result.output);
}

TEST(Readme, FirmwareIsWhatTheBoardsRun) {
  const std::string firmware = block_with("model::kGolden)");
  ASSERT_NE(firmware, "");
  EXPECT_NE(contents("tests/target/firmware.cpp").find(firmware), std::string::npos);
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
  EXPECT_NE(contents("tests/target/sine.cpp").find(lines), std::string::npos);
  std::istringstream text(lines);
  std::size_t count = 0;
  for (std::string line; std::getline(text, line);) count += line.empty() ? 0 : 1;
  EXPECT_EQ(count, 10u);
  const TemporaryFolder folder;
  const CommandResult learned = build::run_program(
      folder, "#include <cmath>\n#include <cstdio>\n#include \"mote/mote.hpp\"\n" + lines + kSineProgram);
  EXPECT_EQ(learned.status, 0) << learned.output;
  EXPECT_NE(text_of_all().find("largest error at these points is " + learned.output.substr(0, 5)), std::string::npos)
      << learned.output;
}

TEST(Readme, OpensWithTheTwoCommandsOnFewerThanTwoHundredLines) {
  const std::string text = contents("README.md");
  EXPECT_LT(text.find("make && ./tools/train\n"), text.find("\n## "));
  EXPECT_LT(text.find("libgtest-dev && make test\n"), text.find("\n## "));
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 200);
}

TEST(Readme, LinksToFilesThatExist) {
  std::size_t links = 0;
  for (const char* document : kDocuments) {
    const std::string text = contents(document);
    ASSERT_NE(text, "") << document;
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const std::string target = text.substr(at + 2, text.find_first_of(")#", at) - at - 2);
      if (target.empty() || target.rfind("http", 0) == 0) continue;
      ++links;
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(document).parent_path() / target))
          << document << ": " << target;
    }
  }
  EXPECT_GE(links, 50u);
}

/// A folder in which the commands of the README run as they stand.
class FrontPage : public testing::Test {
 protected:
  FrontPage() {
    fs::create_directory(folder_.file("tools"));
    fs::create_directory_symlink(fs::absolute("tools/data"), folder_.file("tools/data"));
    for (const char* tool : {"train", "predict"}) {
      fs::create_symlink(fs::absolute(build::tools()) / tool, folder_.file("tools/") + tool);
    }
  }
  TemporaryFolder folder_;
};

TEST_F(FrontPage, ExportsANetworkForAProgramThatAnswers) {
  for (const DocumentCommand& command : commands_of("README.md", {})) {
    if (command.text.find("iris") == std::string::npos) continue;
    ASSERT_EQ(run_command("cd " + folder_.file("") + " && " + command.text).status, 0) << command.text;
  }
  const std::string program = block_with("iris::kGolden)");
  ASSERT_NE(program, "");
  const CommandResult answer = build::run_program(folder_, program + R"(
#include <cstdio>
int main() {
  const float setosa[] = {5.1f, 3.5f, 1.4f, 0.2f}, virginica[] = {6.3f, 3.3f, 6.0f, 2.5f};
  if (start()) std::printf("%s %s", classify(setosa), classify(virginica));
}
)");
  EXPECT_EQ(answer.status, 0) << answer.output;
  EXPECT_EQ(answer.output, "setosa virginica");
}

/// Both programs learn: movements along three axes, which come back from an array as flash, and one flower that is
/// called by another name.
TEST_F(FrontPage, ShowsNetworksThatLearnOnTheDevice) {
  const std::string learner = block_with("StaticTrainer<topology, options, mote::kUnstored>");
  const std::string of_target = contents("tests/target/README.md");
  for (const char* line : {"constexpr mote::TrainingOptions options{", "void start() { trainer.initialize(",
                           "return trainer.train_batch(", "return mote::argmax(trainer.forward_pre_activations("}) {
    const std::size_t at = learner.find(line);
    EXPECT_NE(of_target.find(learner.substr(at, learner.find('\n', at) - at)), std::string::npos) << line;
  }
  const std::string adapts = block_with("StaticFineTuning<iris::kModel, options>");
  ASSERT_NE(learner, "");
  ASSERT_NE(adapts, "");
  constexpr const char* kFlash = R"(
#include <cstdio>
#include <cstring>
static unsigned char flash_bytes[2 * 4096];
static const mote::Flash flash{
    4096, 4,
    [](void*, std::uint32_t at, mote::Memory to) { return std::memcpy(to.data(), flash_bytes + at, to.size()) != nullptr; },
    [](void*, std::uint32_t at, std::uint32_t size) { return std::memset(flash_bytes + at, 0xff, size) != nullptr; },
    [](void*, std::uint32_t at, mote::Bytes from) { return std::memcpy(flash_bytes + at, from.data(), from.size()) != nullptr; },
    nullptr};
)";
  const CommandResult learned = build::run_program(folder_, learner + kFlash + R"(
int main() {
  start();
  if (restore(flash)) return 1;
  std::int16_t readings[4][12];
  std::uint8_t labels[4] = {0, 1, 2, 1};
  const auto lessons = [&] {
    for (int batch = 0; batch < 200; ++batch) {
      for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 12; ++j) readings[i][j] = static_cast<std::int16_t>(j % 3 == (i == 3 ? 1 : i) ? 8192 : 512 * i);
      }
      if (!learn(readings[0], labels)) return false;
    }
    for (const auto& row : readings) std::printf("%zu ", classify(row));
    return true;
  };
  if (!lessons() || !save(flash)) return 2;
  for (std::uint8_t& label : labels) label = 0;
  if (!lessons() || !restore(flash)) return 3;
  for (const auto& row : readings) std::printf("%zu ", classify(row));
}
)");
  EXPECT_EQ(learned.status, 0);
  EXPECT_EQ(learned.output, "0 1 2 1 0 0 0 0 0 1 2 1 ");
  fs::copy_file("tools/examples/iris.hpp", folder_.file("iris.hpp"));
  const CommandResult adapted = build::run_program(folder_, adapts + R"(
#include <cstdio>
int main() {
  const float setosa[] = {5.1f, 3.5f, 1.4f, 0.2f};
  std::printf("%zu ", classify(setosa));
  for (int i = 0; i < 100; ++i) {
    if (!adapt(setosa, 2)) return 1;
  }
  std::printf("%zu", classify(setosa));
}
)");
  EXPECT_EQ(adapted.status, 0) << adapted.output;
  EXPECT_EQ(adapted.output, "0 2");
}

/// The blocks of firmware that firmware.cpp does not have.
TEST_F(FrontPage, FirmwareOfIntegersAndOfSlicesAnswersAsTheHost) {
  const std::string data = " --data " + fs::absolute(build::folder()).string() + "/mnist --quiet";
  const std::string model = folder_.file("model.safetensors");
  ASSERT_EQ(run_command(build::tools() + "/train --hidden 10 --epochs 1 --save " + model + data).status, 0);
  const auto answer_of = [&](const std::string& weights, const std::string& program) {
    EXPECT_EQ(run_command(build::tools() + "/train --load " + model + " --evaluate --export-header " +
                          folder_.file("model.hpp") + " --export-weights " + weights + data)
                  .status,
              0);
    const CommandResult result =
        build::run_program(folder_, "#include \"mote/mote.hpp\"\n#include \"model.hpp\"\n" + program);
    EXPECT_EQ(result.status, 0) << result.output;
    return result.output;
  };
  const std::string integers = block_with("integer_network_bytes(model::kModel.layers)");
  ASSERT_NE(integers, "");
  const std::string digit = answer_of("integer", R"(
#include <cstdio>
)" + integers + R"(
int main(int, char** arguments) {
  static unsigned char pixels[784];
  for (int i = 0; i < 784; ++i) pixels[i] = static_cast<unsigned char>(model::kGoldenInputs[i] + 128);
  if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) return 1;
  const std::size_t best = mote::argmax({model::kGoldenOutputs, 10});
  std::printf("%d", recognize(pixels) == best && arguments != nullptr ? static_cast<int>(best) : -1);
}
)");
  const std::string slices = block_with("mote::FlashPass pass(");
  ASSERT_NE(slices, "");
  EXPECT_EQ(answer_of("int8", R"(
#include <cstdio>
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
static int fed = 0;
static void feed_watchdog() { ++fed; }
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  const unsigned char* pixels = model::kGoldenInputs;
)" + slices + R"(
  if (fed == 0 && model::kTopology.inputs * 10 > 20000) return 2;
  std::printf("%d", static_cast<int>(digit));
}
)"),
            digit);
}

TEST(Readme, QuotesRowsThatReproduceHasWritten) {
  const std::string readme = contents(kLesson), results = contents("tests/reproduce/RESULTS.md");
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
  const std::string results = contents("tests/lesson/RESULTS.md");
  std::size_t lines = 0;
  for (const char* title : {"784-30-30-30-30-10: norm", "Validation accuracy in % after 30", "after 3 epochs, by"}) {
    std::istringstream block(block_with(title));
    for (std::string line; std::getline(block, line);) {
      if (line.empty() || line[0] == '$' || line == "...") continue;
      ++lines;
      EXPECT_NE(results.find("\n" + line + "\n"), std::string::npos) << line << " is not in tests/lesson/RESULTS.md";
    }
  }
  EXPECT_GE(lines, 20u);
}

}  // namespace
