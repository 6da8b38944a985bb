// SPDX-License-Identifier: MIT
// The folder of `make package`, compiled as each build system would. Arduino's IDE, PlatformIO, the SDKs of Zephyr and
// ESP-IDF, Conan and vcpkg are not needed: their manifests are checked against the documented fields, and CMake
// runs with stubs of their functions. Run from the root of the repository.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "mote/version.hpp"
#include "support/build.hpp"
#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

/// The package, made once in a folder of its own.
class Package : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_program("zip")) return;
    folder_ = new TemporaryFolder;
    made_ = run_command("unset MAKEFLAGS MFLAGS; make -s package BUILD=" + folder_->path());
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void SetUp() override {
    if (folder_ == nullptr) GTEST_SKIP() << "apt-get install zip";
    ASSERT_EQ(made_.status, 0) << made_.output;
  }

  static std::string file(const std::string& name) { return folder_->file("package/mote/" + name); }
  static std::string scratch(const std::string& name) { return folder_->file(name); }

 private:
  static TemporaryFolder* folder_;
  static CommandResult made_;
};
TemporaryFolder* Package::folder_ = nullptr;
CommandResult Package::made_;

/// The bits that exclusive or learns with and without fused multiply-add, as the sketch's comment says.
void expect_learned(const std::string& output) {
  const std::string sketch = contents("tools/package/examples/LearnXor/LearnXor.ino");
  const std::string fused = sketch.substr(sketch.find("parameters ") + 11, 8);
  const std::string separate = sketch.substr(sketch.find(" print ") + 7, 8);
  const std::string lower = output.substr(output.find("fingerprint ") + 12, 8);
  std::string learned;
  for (const char c : lower) learned += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_TRUE(output.rfind("accuracy 1 fingerprint ", 0) == 0 && (learned == fused || learned == separate)) << output;
}

/// Configures, builds and runs tests/consumer with CMake.
void expect_consumer(const std::string& build, const std::string& options) {
  const CommandResult result = run_command(
      "unset MAKEFLAGS MFLAGS; cmake -S tests/consumer -B " + build + " -DCMAKE_CXX_COMPILER='" + build::compiler() +
      "' " + options + " && cmake --build " + build + " -j2 && " + build + "/consumer > " + build + "/output");
  ASSERT_EQ(result.status, 0) << result.output;
  expect_learned(contents(build + "/output"));
}

TEST_F(Package, ServesCMakeAsASubdirectory) {
  if (!has_program("cmake")) GTEST_SKIP() << "apt-get install cmake";
  expect_consumer(scratch("subdirectory"), "-DCMAKE_BUILD_TYPE=Debug -DMOTE=" + file(""));
}

TEST_F(Package, ServesCMakeFromAGitAddress) {
  if (!has_program("cmake") || !has_program("git")) GTEST_SKIP() << "apt-get install cmake git";
  const std::string repository = scratch("repository");
  const CommandResult committed = run_command("mkdir -p " + repository + "/tools && cp -r src include " + repository +
                                              " && cp -r tools/package " + repository + "/tools && cd " + repository +
                                              " && git init -q -b main && git add . && git -c user.name=t -c "
                                              "user.email=t@example.org commit -qm 'Take the tree'");
  ASSERT_EQ(committed.status, 0) << committed.output;
  expect_consumer(scratch("fetched"), "-DCMAKE_BUILD_TYPE=Release -DMOTE=file://" + repository);
}

TEST_F(Package, ServesMesonAsASubproject) {
  if (!has_program("meson")) GTEST_SKIP() << "apt-get install meson";
  const std::string project = scratch("meson"), build = project + "/build";
  const CommandResult built =
      run_command("mkdir -p " + project + "/subprojects && cp tests/consumer/main.cpp tests/consumer/meson.build " +
                  project + " && cp -r " + file("") + " " + project + "/subprojects/mote && CXX='" + build::compiler() +
                  "' meson setup " + build + " " + project + " --buildtype=debug -Dmote:buildtype=debug && ninja -C " +
                  build + " -j2 && " + build + "/consumer > " + build + "/output");
  ASSERT_EQ(built.status, 0) << built.output;
  expect_learned(contents(build + "/output"));
}

/// Compiles all sources below src/ with the flags of an IDE for a Cortex-M4F, none of which are mote's.
TEST_F(Package, RunsAsAnArduinoLibraryWithTheBitsOfTheHost) {
  if (!has_program("arm-none-eabi-g++") || !has_program("qemu-system-arm"))
    GTEST_SKIP() << "no gcc-arm-none-eabi, qemu-system-arm";
  const std::string out = scratch("arduino"), processor = " -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16";
  const std::string gcc = "arm-none-eabi-g++" + processor +
                          " -Os -w -std=gnu++17 -ffunction-sections -fdata-sections -fno-threadsafe-statics -fno-rtti"
                          " -fno-exceptions -DARDUINO=10819 -DARDUINO_ARCH_TEST";
  const std::string test = " -Itests -Itests/target -DMOTE_CLOCK_MHZ=25 -fno-tree-loop-distribute-patterns";
  CommandResult built = run_command("mkdir -p " + out + " && cd " + file("") + " && find src -name '*.cpp' | sort > " +
                                    out + "/list && xargs -P2 -I{} sh -c '" + gcc + " -Isrc -c {} -o " + out +
                                    "/$(echo {} | tr / _).o' < " + out + "/list");
  ASSERT_EQ(built.status, 0) << built.output;
  built =
      run_command("for file in tests/target/startup.cpp tests/target/board.cpp tests/packages/arduino/core.cpp; do " +
                  gcc + test + " -c $file -o " + out + "/$(basename $file).o || exit 1; done");
  ASSERT_EQ(built.status, 0) << built.output;
  std::size_t sketches = 0;
  for (const auto& entry : fs::directory_iterator(file("examples"))) {
    ++sketches;
    const std::string name = entry.path().filename(), sketch = entry.path() / (name + ".ino"), image = out + "/" + name;
    const CommandResult run = run_command(
        gcc + " -Itests/packages/arduino -I" + file("src") + " -I" + entry.path().string() +
        " -include Arduino.h -x c++ -c " + sketch + " -o " + image + ".sketch && arm-none-eabi-g++" + processor +
        " -nostartfiles -Wl,--gc-sections -Wl,--defsym=flash_start=0 -Wl,--defsym=flash_size=4M"
        " -Wl,--defsym=ram_start=0x20000000 -Wl,--defsym=ram_size=4M -Wl,--defsym=stack_size=16384"
        " -T tests/target/board.ld " +
        image + ".sketch " + out + "/*.o -lm -o " + image +
        ".elf && qemu-system-arm"
        " -M mps2-an386 -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel " +
        image + ".elf");
    EXPECT_EQ(run.status, 0) << run.output;
    const std::string text = contents(sketch);  // its comment has the output
    std::istringstream lines(run.output);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      EXPECT_NE(text.find("\n//   " + line + "\n"), std::string::npos) << name << ": " << line;
    }
    EXPECT_GE(count, 1u) << name;
  }
  EXPECT_EQ(sketches, 2u);
}

TEST_F(Package, HasTheFieldsThatArduinoRequires) {
  std::set<std::string> keys;
  std::istringstream lines(contents(file("library.properties")));
  for (std::string line; std::getline(lines, line);) {
    ASSERT_NE(line.find('='), std::string::npos) << line;
    keys.insert(line.substr(0, line.find('=')));
  }
  const std::set<std::string> required = {"name",      "version",  "author", "maintainer",    "sentence",
                                          "paragraph", "category", "url",    "architectures", "includes"};
  EXPECT_EQ(keys, required);
  EXPECT_NE(contents(file("library.properties")).find(std::string("\nversion=") + mote::kVersion + "\n"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(file("src/mote.h")));
  std::istringstream words(contents(file("keywords.txt")));
  for (std::string line; std::getline(words, line);) {
    EXPECT_TRUE(line[0] == '#' || line.find("\tKEYWORD") != std::string::npos) << line;
  }
}

TEST_F(Package, NamesItsVersionEverywhere) {
  for (const char* name : {"library.json", "idf_component.yml", "meson.build", "conanfile.py", "vcpkg/vcpkg.json",
                           "cmake/moteConfigVersion.cmake", "README.md", "CHANGELOG.md"}) {
    EXPECT_NE(contents(file(name)).find(mote::kVersion), std::string::npos) << name;
  }
  const CommandResult left = run_command("grep -r @VERSION@ " + file(""));
  EXPECT_EQ(left.status, 1) << left.output;
  EXPECT_TRUE(fs::exists(file("../mote-" + std::string(mote::kVersion) + ".zip")));
}

/// Parses the manifests as their tools do, and compares the keys with those that the tools document.
TEST_F(Package, HasManifestsThatParse) {
  if (run_command("python3 -c 'import yaml'").status != 0) GTEST_SKIP() << "apt-get install python3-yaml";
  const CommandResult result = run_command("python3 tests/packages/manifests.py " + file(""));
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST_F(Package, ServesTheCMakeOfZephyrAndEspIdf) {
  if (!has_program("cmake")) GTEST_SKIP() << "apt-get install cmake";
  for (const char* sdk : {"zephyr", "esp_idf"}) {
    const CommandResult result = run_command("cmake -DMOTE=" + file("") + " -P tests/packages/" + sdk + ".cmake");
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_NE(result.output.find("-ffp-contract=off"), std::string::npos) << result.output;
  }
}

}  // namespace
