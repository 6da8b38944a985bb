// SPDX-License-Identifier: MIT
// Use of mote by other projects: installed, found by pkg-config, or as two files. Run from the root of the repository.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "mote/version.hpp"
#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

void require(const CommandResult& result) {
  ASSERT_EQ(result.status, 0) << result.output;
}

CommandResult install(const std::string& root, const std::string& prefix) {
  return run_command("unset MAKEFLAGS MFLAGS; make -s install BUILD=" + build::folder() + " CXX='" + build::compiler() +
                     "' PREFIX='" + prefix + "' DESTDIR='" + root + "'");
}

/// Installs the build under folder/root; returns the environment in which pkg-config finds it.
std::string install(const TemporaryFolder& folder) {
  const std::string root = folder.file("root");
  require(install(root, "/usr"));
  return "PKG_CONFIG_PATH=" + root + "/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=" + root + " ";
}

constexpr const char* kLearned = "accuracy 1 fingerprint ";
constexpr const char* kConsumer = "-DMOTE_HEADER='\"mote/mote.hpp\"' tests/consumer/main.cpp";

TEST(Install, PutsEveryHeaderTheLibraryAndNothingElseUnderThePrefix) {
  const TemporaryFolder folder;
  install(folder);
  std::size_t headers = 0, files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.file("root"))) {
    if (!entry.is_regular_file()) continue;
    ++files;
    if (entry.path().extension() != ".hpp") continue;
    ++headers;
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::relative(entry.path(), folder.file("root/usr"))))
        << entry.path();
  }
  std::size_t expected = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("include/mote")) {
    expected += entry.path().extension() == ".hpp" ? 1 : 0;
  }
  EXPECT_EQ(headers, expected);
  EXPECT_EQ(files, expected + 4) << "libmote.a, mote.pc and two files for CMake";
  std::ofstream(folder.file("root/usr/lib/mine")) << "kept";
  require(run_command("unset MAKEFLAGS MFLAGS; make -s uninstall BUILD=" + build::folder() +
                      " PREFIX=/usr DESTDIR=" + folder.file("root")));
  std::string left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.file("root"))) {
    if (entry.is_regular_file()) left += entry.path().filename().string();
  }
  EXPECT_EQ(left, "mine") << "make uninstall removes the files of make install, and no others";
  EXPECT_FALSE(std::filesystem::exists(folder.file("root/usr/include/mote")));
}

TEST(Install, TakesAPrefixWithSpaces) {
  if (!has_program("pkg-config")) GTEST_SKIP() << "apt-get install pkg-config";
  const TemporaryFolder folder;
  const std::string prefix = folder.file("mine and yours");
  require(install("", prefix));
  require(run_command("eval \"set -- $(PKG_CONFIG_PATH='" + prefix +
                      "/lib/pkgconfig' pkg-config --cflags mote)\"; test -e \"${1#-I}/mote/mote.hpp\""));
}

TEST(Install, RefusesARelativePrefixBeforeItWrites) {
  const TemporaryFolder folder;
  const CommandResult result = install(folder.file("root"), "relative");
  EXPECT_NE(result.status, 0);
  EXPECT_NE(result.output.find("PREFIX: found 'relative', expected an absolute path"), std::string::npos)
      << result.output;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Install, ServesAProjectWithPlainMake) {
  if (!has_program("pkg-config")) GTEST_SKIP() << "apt-get install pkg-config";
  const TemporaryFolder folder;
  const std::string environment = install(folder);
  require(run_command("unset MAKEFLAGS MFLAGS; " + environment + "make -C tests/consumer OUT=" + folder.path() +
                      " CXX='" + build::compiler() + "' LDFLAGS='" + build::variable("MOTE_LINK", "") + "'"));
  const CommandResult result = run_command(folder.file("consumer"));
  EXPECT_EQ(result.output.rfind(kLearned, 0), 0u) << result.output;
}

TEST(Install, ServesAProjectWithCMake) {
  if (!has_program("pkg-config") || !has_program("cmake")) GTEST_SKIP() << "apt-get install cmake pkg-config";
  const TemporaryFolder folder;
  const std::string environment = install(folder), build = folder.file("build");
  require(run_command("unset MAKEFLAGS MFLAGS; " + environment + "cmake -S tests/consumer -B " + build +
                      " -DCMAKE_CXX_COMPILER='" + build::compiler() + "' && cmake --build " + build));
  const CommandResult result = run_command(build + "/consumer");
  EXPECT_EQ(result.output.rfind(kLearned, 0), 0u) << result.output;
}

TEST(Install, IsFoundByCMakeInItsVersionOnly) {
  if (!has_program("cmake")) GTEST_SKIP() << "apt-get install cmake";
  const TemporaryFolder folder;
  install(folder);
  const std::string configure =
      "unset MAKEFLAGS MFLAGS; cmake -S tests/consumer -DMOTE=installed -DCMAKE_PREFIX_PATH=" +
      folder.file("root/usr") + " -DCMAKE_CXX_COMPILER='" + build::compiler() + "' -B " + folder.file("build") +
      " -DMOTE_VERSION=";
  const std::string version = mote::kVersion;
  require(run_command(configure + version + " && cmake --build " + folder.file("build")));
  const CommandResult result = run_command(folder.file("build/consumer"));
  EXPECT_EQ(result.output.rfind(kLearned, 0), 0u) << result.output;
  for (const char* other : {"0.1", "1.0", "0.2.99"}) {
    const CommandResult refused = run_command(configure + other);
    EXPECT_NE(refused.status, 0) << other;
    EXPECT_NE(refused.output.find("version: " + version), std::string::npos) << refused.output;
  }
}

TEST(Install, DoesNotLinkAProgramThatLaysOutMemoryOtherwise) {
  const TemporaryFolder folder;
  for (const char* other : {"-DMOTE_MAX_LAYERS=4", "-DMOTE_MICROCONTROLLER"}) {
    const CommandResult result = build::compile(other + std::string(" ") + kConsumer, folder.file("other"));
    EXPECT_NE(result.status, 0) << other;
    EXPECT_NE(result.output.find("undefined reference to `mote::"), std::string::npos) << result.output;
  }
}

TEST(Install, RejectsMoreLayersThanATopologyHolds) {
  const TemporaryFolder folder;
  const std::string program = folder.file("layers.cpp");
  const std::string compile =
      build::compiler() + " -std=c++17 -Iinclude -DMOTE_MAX_LAYERS=4 " + program + " -o " + folder.file("layers");
  const std::string five = "mote::Topology t{3, {3}, {3}, {3}, {3}, {2}};";
  std::ofstream(program) << "#include \"mote/topology.hpp\"\nint main() { constexpr " << five
                         << " return t.inputs; }\n";
  const CommandResult constant = run_command(compile);
  EXPECT_NE(constant.status, 0);
  EXPECT_NE(constant.output.find("define_MOTE_MAX_LAYERS"), std::string::npos) << constant.output;
  std::ofstream(program) << "#include \"mote/topology.hpp\"\nint main() { " << five
                         << " const mote::Result result = mote::check(t);\n"
                            "return result.status == mote::Status::too_many_layers && result.found == 5 ? 0 : 1; }\n";
  require(run_command(compile + " && " + folder.file("layers")));
}

TEST(Make, RefusesVariablesThatItWouldNotUnderstand) {
  const struct {
    const char *variable, *error;
  } cases[] = {{"ARITHMETIC=seperate", "ARITHMETIC: found 'seperate', expected native or separate"},
               {"MEMORY_MB=lots", "MEMORY_MB, DATA_MB: found 'lots', expected a number of MiB"},
               {"DATA_MB=", "MEMORY_MB, DATA_MB: found '', expected a number of MiB"}};
  for (const auto& c : cases) {
    const CommandResult result = run_command(std::string("unset MAKEFLAGS MFLAGS; make help ") + c.variable);
    EXPECT_EQ(result.status, 2) << c.variable;
    EXPECT_NE(result.output.find(c.error), std::string::npos) << result.output;
  }
}

/// Compiles without -ffp-contract=off: the sources themselves must keep the compiler from fusing.
TEST(Amalgamation, IsAllAProjectNeedsAndGivesTheSameBits) {
  const TemporaryFolder folder;
  const std::string awk = "awk -f tools/package/amalgamate.awk -v part=";
  require(run_command(awk + "header include/mote/mote.hpp > " + folder.file("mote.hpp") + " && " + awk +
                      "source src/*/*.cpp > " + folder.file("mote.cpp")));
  const std::string common =
      " -std=c++17 -O2 -Wall -Wextra -Werror -DMOTE_HEADER='\"mote.hpp\"' tests/consumer/main.cpp ";
  require(run_command(build::compiler() + common + "-I" + folder.path() + " " + folder.file("mote.cpp") + " -o " +
                      folder.file("alone")));
  const std::string alone = run_command(folder.file("alone")).output;
  EXPECT_EQ(alone.rfind(kLearned, 0), 0u) << alone;
  if (run_command("grep -qw fma /proc/cpuinfo").status != 0) return;  // no such class here
  require(run_command(build::compiler() + common + "-mfma -mavx2 -I" + folder.path() + " " + folder.file("mote.cpp") +
                      " -o " + folder.file("fused")));
  const std::string fused = run_command(folder.file("fused")).output;
  require(build::compile("-O2 " + std::string(kConsumer), folder.file("library")));
  const std::string library = run_command(folder.file("library")).output;
  EXPECT_TRUE(library == fused || library == alone) << library << fused << alone;
  EXPECT_NE(fused, alone) << "the two classes of arithmetic";
}

}  // namespace
