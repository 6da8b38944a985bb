// SPDX-License-Identifier: MIT
// Options of a user's own build that would change numbers or layouts: refused, or without effect. Run from the root of
// the repository.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::vector<std::string> compilers() {
  std::vector<std::string> found;
  for (const char* name : {"g++", "clang++"}) {
    if (has_program(name)) found.emplace_back(name);
  }
  return found;
}

CommandResult parse(const std::string& compiler, const std::string& options, const std::string& text) {
  return run_command("printf '%s\\n' '" + text + "' | " + compiler + " -fsyntax-only -x c++ -Iinclude " + options +
                     " -");
}

constexpr const char* kInclude = "#include \"mote/mote.hpp\"";

TEST(CompilerOptions, ThatChangeNumbersAreRefused) {
  for (const std::string& compiler : compilers()) {
    EXPECT_EQ(parse(compiler, "-std=c++17", kInclude).status, 0) << compiler;
    for (const char* option : {"-ffast-math", "-Ofast", "-ffinite-math-only"}) {
      const CommandResult result = parse(compiler, std::string("-std=c++17 ") + option, kInclude);
      EXPECT_NE(result.status, 0) << compiler << option;
      EXPECT_NE(result.output.find("mote needs exact arithmetic: compile without"), std::string::npos) << result.output;
    }
  }
  for (const char* option : {"-funsafe-math-optimizations", "-freciprocal-math", "-fno-signed-zeros",
                             "-fassociative-math -fno-signed-zeros -fno-trapping-math"}) {
    const CommandResult result = parse("g++", std::string("-std=c++17 ") + option, kInclude);
    EXPECT_NE(result.output.find("mote needs exact arithmetic"), std::string::npos) << option << result.output;
  }
}

TEST(CompilerOptions, ThatKeepMoreDigitsThanAFloatHasAreRefused) {
  if (run_command("g++ -dumpmachine | grep -q x86_64").status != 0) GTEST_SKIP() << "x86 alone has such options";
  for (const char* option : {"-mfpmath=387", "-mfpmath=both", "-m32"}) {
    const CommandResult result = parse("g++", std::string("-std=c++17 ") + option, "#include \"mote/target.hpp\"");
    EXPECT_NE(result.output.find("mote needs floats that are rounded after every operation: on x86, compile with "
                                 "-msse2 -mfpmath=sse"),
              std::string::npos)
        << option << result.output;
  }
  EXPECT_EQ(parse("g++", "-std=c++17 -m32 -msse2 -mfpmath=sse", "#include \"mote/target.hpp\"").status, 0);
}

TEST(CompilerOptions, ThatPackStructsAreRefused) {
  for (const std::string& compiler : compilers()) {
    for (const char* option : {"-fpack-struct", "-fpack-struct=4"}) {
      const CommandResult result = parse(compiler, std::string("-std=c++17 ") + option, "#include \"mote/target.hpp\"");
      EXPECT_NE(result.output.find("mote needs aligned members: compile without -fpack-struct"), std::string::npos)
          << compiler << option << result.output;
    }
  }
}

TEST(CompilerOptions, OlderStandardsGetOneSentenceFromEveryHeader) {
  for (const std::string& compiler : compilers()) {
    for (const auto& entry : std::filesystem::directory_iterator("include/mote")) {
      if (entry.path().extension() != ".hpp") continue;
      const std::string include = "#include \"mote/" + entry.path().filename().string() + "\"";
      const CommandResult result = parse(compiler, "-std=gnu++11", include);
      EXPECT_NE(result.output.find("mote needs C++17: compile with -std=c++17"), std::string::npos) << result.output;
      EXPECT_LE(count(result.output, "error: "), 2u) << result.output;  // the sentence, and the end of the compilation
    }
  }
}

TEST(CompilerOptions, TwoCopiesOfTheHeadersAreOne) {
  const TemporaryFolder folder;
  std::filesystem::copy("include/mote", folder.file("mote"), std::filesystem::copy_options::recursive);
  const std::string joined = folder.file("joined.hpp");
  ASSERT_EQ(run_command("awk -f tools/package/amalgamate.awk -v part=header include/mote/mote.hpp > " + joined).status,
            0);
  for (const std::string& compiler : compilers()) {
    const CommandResult result = parse(compiler, "-std=c++17 -Wall -Werror",
                                       "#include \"" + joined + "\"\n#include \"" + folder.file("mote/mote.hpp") +
                                           "\"\n#include \"mote/mote.hpp\"\nmote::Trainer trainer;");
    EXPECT_EQ(result.status, 0) << compiler << result.output;
  }
}

/// x86 with fused multiply-add: compilers fuse a * b + c unless told otherwise.
bool has_fused_multiply_add() {
  return run_command("grep -qw fma /proc/cpuinfo").status == 0;
}

/// Sources in a project of one's own, without the options of the Makefile: core/arithmetic.hpp keeps the compiler from
/// fusing in files that include it; other files have nothing to fuse.
TEST(CompilerOptions, NoSourceDependsOnContraction) {
  if (!has_fused_multiply_add()) GTEST_SKIP() << "no fused multiply-add here";
  const std::string fused = "g++ -std=c++17 -O1 -mavx2 -mfma -Iinclude -S -o - ";
  for (const auto& entry : std::filesystem::recursive_directory_iterator("src")) {
    const std::string file = entry.path().string();
    if (entry.path().extension() != ".cpp") continue;
    const std::string is_safe = "g++ -std=c++17 -Iinclude -MM " + file + " | grep arithmetic.hpp";
    if (run_command(is_safe).status == 0) continue;
    const CommandResult code = run_command(fused + file);
    EXPECT_EQ(code.status, 0) << code.output;
    EXPECT_EQ(count(code.output, "vfmadd") + count(code.output, "vfmsub") + count(code.output, "vfnm"), 0u)
        << file << " needs #include \"../core/arithmetic.hpp\"";
  }
  const CommandResult written = run_command(fused + "src/textbook/schedule.cpp");  // products and sums, none fused
  EXPECT_EQ(count(written.output, "vfmadd"), 0u);
}

TEST(CompilerOptions, OfClangNeitherReorderSumsNorFuseInSilence) {
  if (!has_program("clang++")) GTEST_SKIP() << "apt-get install clang";
  const TemporaryFolder folder;
  const std::string awk = "awk -f tools/package/amalgamate.awk -v part=";
  ASSERT_EQ(run_command(awk + "header include/mote/mote.hpp > " + folder.file("mote.hpp") + " && " + awk +
                        "source src/*/*.cpp > " + folder.file("mote.cpp"))
                .status,
            0);
  const auto learn = [&](const std::string& options) {
    const CommandResult built =
        run_command("clang++ -std=c++17 -O2 " + options + " -DMOTE_HEADER='\"mote.hpp\"' -I" + folder.path() +
                    " tests/consumer/main.cpp " + folder.file("mote.cpp") + " -o " + folder.file("learn"));
    EXPECT_EQ(built.status, 0) << built.output;
    return run_command(folder.file("learn"));
  };
  EXPECT_EQ(learn("-funsafe-math-optimizations").output, learn("").output);
  if (!has_fused_multiply_add()) return;
  const CommandResult contracted = learn("-mavx2 -mfma -ffp-contract=fast");
  EXPECT_EQ(contracted.status, 1);
  EXPECT_EQ(contracted.output, "compiled with fused products and sums: needs -ffp-contract=off\n");
}

}  // namespace
