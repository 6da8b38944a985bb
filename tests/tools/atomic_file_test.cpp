// SPDX-License-Identifier: MIT
#include "common/atomic_file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "common/error.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

class AtomicFile : public testing::Test {
 protected:
  std::string contents(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_.file(name)).rdbuf();
    return text.str();
  }

  /// The error that writing a file ends with; expected is its exit status.
  std::string error_of(const std::string& name, const std::string& bytes, int expected) const {
    try {
      tools::write_file("--save", folder_.file(name), bytes);
    } catch (const tools::Error& error) {
      EXPECT_EQ(error.status, expected) << error.what();
      return error.what();
    }
    return "none";
  }

  TemporaryFolder folder_;
};

/// A limit on the size of files, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_;
};

TEST_F(AtomicFile, IsThereAfterCommitAndNotBefore) {
  tools::AtomicFile file("--save", folder_.file("a"));
  file.write("one ");
  EXPECT_TRUE(file.try_flush());
  EXPECT_EQ(contents("a.mote-part"), "one ");
  EXPECT_FALSE(fs::exists(folder_.file("a")));
  file.write(std::string_view("two\0", 4));
  file.commit();
  EXPECT_EQ(contents("a"), std::string("one two\0", 8));
  EXPECT_FALSE(fs::exists(folder_.file("a.mote-part")));
}

TEST_F(AtomicFile, LeavesTheOldFileUntilCommitAndWithoutIt) {
  folder_.write("a", "old");
  {
    tools::AtomicFile file("--save", folder_.file("a"));
    file.write("new");
    EXPECT_TRUE(file.try_flush());
    EXPECT_EQ(contents("a"), "old");
  }
  EXPECT_EQ(contents("a"), "old");
  EXPECT_FALSE(fs::exists(folder_.file("a.mote-part")));
}

TEST_F(AtomicFile, LeavesTheOldFileWhenTheDiskIsFull) {
  folder_.write("a", "old");
  {
    const FileSizeLimit limit(100000);
    EXPECT_EQ(
        error_of("a", std::string(100001, 'x'), tools::kExitFailed),
        "--save: " + folder_.file("a") + ": cannot be written: File too large; make room, or name a file elsewhere");
    EXPECT_FALSE(fs::exists(folder_.file("a.mote-part")));
    EXPECT_EQ(contents("a"), "old");
    EXPECT_EQ(error_of("a", std::string(100000, 'x'), 0), "none");
  }
  EXPECT_EQ(contents("a"), std::string(100000, 'x'));
}

// An exception through code without exceptions would end the program on some machines.
TEST_F(AtomicFile, TellsTheLibraryThatTheDiskIsFullWithoutThrowing) {
  const FileSizeLimit limit(100000);
  tools::AtomicFile file("--save", folder_.file("a"));
  const mote::ByteSink sink = tools::sink_of(file);
  const std::vector<unsigned char> bytes(60000);
  EXPECT_TRUE(sink.write(sink.context, {bytes.data(), bytes.size()}));
  EXPECT_NO_THROW(file.require_written());
  EXPECT_NO_THROW(EXPECT_FALSE(sink.write(sink.context, {bytes.data(), bytes.size()})));
  EXPECT_FALSE(sink.write(sink.context, {bytes.data(), 1})) << "though there is room for it";
  EXPECT_THROW(file.require_written(), tools::Error);
  EXPECT_THROW(file.commit(), tools::Error);
  EXPECT_FALSE(fs::exists(folder_.file("a")));
}

TEST_F(AtomicFile, TakesOverWhatAKilledProgramLeft) {
  folder_.write("a.mote-part", "much more than what follows");
  tools::write_file("--save", folder_.file("a"), "new");
  EXPECT_EQ(contents("a"), "new");
}

TEST_F(AtomicFile, IsWrittenByOneAtATime) {
  std::optional<tools::AtomicFile> first;
  first.emplace("--save", folder_.file("a"));
  first->write("first");
  EXPECT_EQ(error_of("a", "second", tools::kExitFailed),
            "--save: " + folder_.file("a") + ": is being written by another program");
  first->commit();
  EXPECT_EQ(contents("a"), "first");
  EXPECT_EQ(error_of("a", "second", 0), "none");  // though `first` lives
  EXPECT_EQ(contents("a"), "second");
}

TEST_F(AtomicFile, GoesThroughLinks) {
  fs::create_directory(folder_.file("b"));
  folder_.write("b/target", "old");
  fs::create_symlink("b/target", folder_.file("link"));
  EXPECT_EQ(error_of("link", "new", 0), "none");
  EXPECT_TRUE(fs::is_symlink(folder_.file("link")));
  EXPECT_EQ(contents("b/target"), "new");
}

TEST_F(AtomicFile, KeepsPermissions) {
  folder_.write("a", "old");
  for (const mode_t mode : {0600u, 0754u}) {
    ASSERT_EQ(chmod(folder_.file("a").c_str(), mode), 0);
    EXPECT_EQ(error_of("a", "new", 0), "none");
    struct stat info;
    ASSERT_EQ(stat(folder_.file("a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, mode);
  }
}

TEST_F(AtomicFile, RefusesWhatIsNoRegularFile) {
  fs::create_directory(folder_.file("folder"));
  fs::create_symlink("nowhere", folder_.file("dangling"));
  ASSERT_EQ(mkfifo(folder_.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of("folder", "x", tools::kExitRefused),
            "--save: " + folder_.file("folder") + ": is a directory; name a file in it");
  EXPECT_EQ(error_of("pipe", "x", tools::kExitRefused), "--save: " + folder_.file("pipe") + ": is not a regular file");
  ASSERT_EQ(mkfifo(folder_.file("b.mote-part").c_str(), 0600), 0);
  EXPECT_EQ(error_of("b", "x", tools::kExitRefused), "--save: " + folder_.file("b") + ": temporary file " +
                                                         folder_.file("b.mote-part") +
                                                         " exists and is not a regular file; remove it");
  EXPECT_TRUE(fs::is_fifo(folder_.file("b.mote-part")));
  EXPECT_EQ(error_of("dangling", "x", tools::kExitRefused),
            "--save: " + folder_.file("dangling") + ": is a broken link");
  EXPECT_THROW(tools::AtomicFile("--save", "-"), tools::Error) << "rather than making a file of that name";
  EXPECT_EQ(error_of("missing/a", "x", tools::kExitFailed),
            "--save: " + folder_.file("missing/a") + ": cannot be written: no folder " + folder_.file("missing") +
                "; create it, or name a file elsewhere");
}

TEST_F(AtomicFile, RefusesWithoutPermission) {
  folder_.write("a", "old");
  fs::create_directory(folder_.file("b"));
  fs::permissions(folder_.file("a"), fs::perms::owner_read);
  fs::permissions(folder_.file("b"), fs::perms::owner_read | fs::perms::owner_exec);
  const uid_t user = geteuid();
  const uid_t nobody = 65534;
  if (user == 0) {  // may do everything
    for (const char* name : {".", "a", "b"}) ASSERT_EQ(chown(folder_.file(name).c_str(), nobody, nobody), 0);
    // access() asks for the real user.
    ASSERT_EQ(setresuid(nobody, nobody, 0), 0);
  }
  const std::string of_file = error_of("a", "new", tools::kExitFailed);
  const std::string of_folder = error_of("b/c", "new", tools::kExitFailed);
  ASSERT_EQ(setresuid(user, user, user), 0);
  const std::string denied = ": cannot be written: Permission denied; name a file where you may write";
  EXPECT_EQ(of_file, "--save: " + folder_.file("a") + denied);
  EXPECT_EQ(of_folder, "--save: " + folder_.file("b/c") + denied);
  EXPECT_EQ(contents("a"), "old");
}

}  // namespace
