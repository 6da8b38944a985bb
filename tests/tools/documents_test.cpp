// SPDX-License-Identifier: MIT
// The commands of the documents run as they stand, in their order, and print the lines below them. Commands that take
// minutes run only in `make test-documents`; tests/target has the commands for firmware.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>

#include "mote/instruction_set.hpp"
#include "support/build.hpp"
#include "support/document_commands.hpp"
#include "support/model_support.hpp"

namespace {

namespace fs = std::filesystem;

constexpr const char* kSlow[] = {"lesson all", "lesson depth", "lesson cure", "--hidden 800,800", "for seed"};

bool runs_slow_commands() {
  return std::getenv("MOTE_SLOW_COMMANDS") != nullptr;
}

bool is_slow(const std::string& command) {
  return std::any_of(std::begin(kSlow), std::end(kSlow),
                     [&](const char* part) { return command.find(part) != std::string::npos; });
}

/// Replaces times, the instruction set and the folder of the build, which differ between machines.
std::string without_times(const std::string& text) {
  std::string steady = std::regex_replace(text, std::regex(R"(\d+\.\d\d s)"), "T s");
  const std::string data = fs::absolute(build::folder()).string() + "/mnist";
  if (const std::size_t at = steady.find(data); at != std::string::npos) steady.replace(at, data.size(), "build/mnist");
  return std::regex_replace(steady, std::regex("\nnumbers +[^\n]*"), "\nnumbers");
}

/// Whether the text has the lines of `expected` in their order; "..." stands for any lines.
bool matches(const std::string& text, const std::string& expected) {
  std::size_t at = 0, from = 0;
  for (bool is_anywhere = false;; is_anywhere = true) {
    const std::size_t dots = expected.find("...\n", from);
    const std::string part = expected.substr(from, dots == std::string::npos ? dots : dots - from);
    const std::size_t found = is_anywhere                                ? text.find(part, at)
                              : text.compare(at, part.size(), part) == 0 ? at
                                                                         : text.npos;
    if (found == std::string::npos) return false;
    at = found + part.size();
    if (dots == std::string::npos) return at == text.size() || (is_anywhere && part.empty());
    from = dots + 4;
  }
}

class Documents : public testing::TestWithParam<const char*> {
 protected:
  Documents() {
    fs::create_directory(folder_.file("tools"));
    fs::create_directory(folder_.file("build"));
    fs::create_directory_symlink(fs::absolute("tools/data"), folder_.file("tools/data"));
    fs::create_directory_symlink(fs::absolute(build::folder()) / "mnist", folder_.file("build/mnist"));
    for (const char* tool : {"train", "predict", "lesson"}) {
      fs::create_symlink(fs::absolute(build::tools()) / tool, folder_.file("tools/") + tool);
    }
  }

  /// Makes the files that a document takes from elsewhere: a photograph, and a network saved by PyTorch.
  void prepare(const std::string& command) {
    if (command.rfind("convert photo.jpg", 0) == 0) {
      EXPECT_EQ(in_folder("convert -size 300x400 xc:white -stroke black -strokewidth 24 -draw 'line 150,80 150,320' "
                          "photo.jpg")
                    .status,
                0);
    } else if (command.find("digit.pgm") != std::string::npos && !fs::exists(folder_.file("digit.pgm"))) {
      std::string image(40 * 60, '\xff');
      for (int row = 10; row < 50; ++row) image.replace(static_cast<std::size_t>(row * 40 + 18), 5, 5, '\0');
      folder_.write("digit.pgm", "P5\n40 60\n255\n" + image);
    } else if (command.find("--load net.safetensors") != std::string::npos) {
      const std::string file = contents(folder_.file("model.safetensors"));
      std::string header = model::header_of(file);
      const std::size_t start = header.find("\"__metadata__\":{") + 16;
      header.replace(start, header.find('}', start) - start, R"("format":"pt")");
      header = std::regex_replace(header, std::regex("layers\\.0"), "0");
      header = std::regex_replace(header, std::regex("layers\\.1"), "2");
      folder_.write("net.safetensors", model::file_of(header, model::data_of(file)));
    }
  }

  CommandResult in_folder(const std::string& command) {
    return run_command("cd " + folder_.file("") + " && { " + command + "\n}");
  }

  TemporaryFolder folder_;
};

TEST_P(Documents, ShowsCommandsThatPrintTheLinesBelow) {
  std::size_t ran = 0;
  for (const DocumentCommand& command : commands_of(GetParam(), {"./tools/", "convert ", "for seed"})) {
    if (is_slow(command.text) && !runs_slow_commands()) continue;
    if (command.text.rfind("convert ", 0) == 0 && !has_program("convert")) continue;
    prepare(command.text);
    ++ran;
    const CommandResult result = in_folder(command.text);
    EXPECT_EQ(result.status, 0) << command.text << "\n" << result.output;
    if (!command.shows_output || !mote::arithmetic_is_fused()) continue;
    EXPECT_TRUE(matches(without_times(result.output), without_times(command.expected)))
        << GetParam() << ": " << command.text << "\nprinted\n"
        << result.output << "expected\n"
        << command.expected;
  }
  EXPECT_GE(ran, runs_slow_commands() || std::string(GetParam()).find("reproduce") == std::string::npos ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Of, Documents,
                         testing::Values("README.md", "tools/README.md", "tests/target/README.md",
                                         "tests/lesson/README.md", "tests/reproduce/README.md"),
                         [](const testing::TestParamInfo<const char*>& document) {
                           return std::regex_replace(std::string(document.param), std::regex("[^A-Za-z]"), "_");
                         });

/// All options in a text: "--data", "--test-share".
std::set<std::string> options_in(const std::string& text) {
  std::set<std::string> options;
  const std::regex option("(^|[^A-Za-z0-9-])(--[a-z][a-z0-9-]*)");
  for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at) options.insert((*at)[2]);
  return options;
}

TEST(Options, OfTrainAreTheOptionsOfTheDocument) {
  const std::string document = contents("tools/README.md");
  const std::size_t start = document.find("\n## Options of tools/train\n");
  ASSERT_NE(start, std::string::npos);
  const std::set<std::string> documented =
      options_in(document.substr(start, document.find("\n## ", start + 1) - start));
  const std::set<std::string> known = options_in(run_command(build::tools() + "/train --help").output);
  EXPECT_GE(known.size(), 70u);
  for (const std::string& option : known)
    EXPECT_EQ(documented.count(option), 1u) << option << " is not in the document";
  for (const std::string& option : documented) EXPECT_EQ(known.count(option), 1u) << option << " is unknown to train";
}

TEST(MakeTargets, OfTheDocumentsExist) {
  const std::string help = run_command("make --no-print-directory help").output;
  const std::regex command(R"([`$&(] ?make((?: [A-Z_]+=(?:"[^"]*"|'[^']*'|[^ `]*)| -[a-z0-9]+)*) ([a-z][a-z-]+))");
  std::size_t targets = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(".")) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".md" || path.rfind("./build", 0) == 0) continue;
    const std::string text = contents(path);
    for (std::sregex_iterator at(text.begin(), text.end(), command), end; at != end; ++at) {
      ++targets;
      EXPECT_NE(help.find("make " + (*at)[2].str() + " "), std::string::npos) << path << ": " << at->str();
    }
  }
  EXPECT_GE(targets, 40u);
}

}  // namespace
