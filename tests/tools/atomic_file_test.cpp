// SPDX-License-Identifier: MIT
#include "common/atomic_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "common/error.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

class AtomicFile : public testing::Test {
 protected:
  std::string contents(const std::string& name) const { return ::contents(folder_.file(name)); }

  /// The error that writing a file ends with; expected is its exit status.
  std::string error_of(const std::string& name, const std::string& bytes, int expected) const {
    try {
      tools::AtomicFile file("--save", folder_.file(name), kind_);
      file.write(bytes);
      file.commit();
    } catch (const tools::Error& error) {
      EXPECT_EQ(error.status, expected) << error.what();
      return error.what();
    }
    return "none";
  }

  TemporaryFolder folder_;
  tools::FileKind kind_ = {"a file of any kind", ""};
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
  tools::AtomicFile file("--save", folder_.file("a"), kind_);
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
    tools::AtomicFile file("--save", folder_.file("a"), kind_);
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
  tools::AtomicFile file("--save", folder_.file("a"), kind_);
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
  EXPECT_EQ(error_of("a", "new", 0), "none");
  EXPECT_EQ(contents("a"), "new");
}

TEST_F(AtomicFile, ReplacesOnlyFilesOfItsKind) {
  kind_ = {"a page", "page", 2};
  folder_.write("empty", "");
  folder_.write("own", "a page with text");
  folder_.write("foreign", "page");
  folder_.write("short", "a pag");
  EXPECT_EQ(error_of("empty", "b page", 0), "none");
  EXPECT_EQ(error_of("own", "b page", 0), "none");
  for (const char* name : {"foreign", "short"}) {
    const std::string before = contents(name);
    EXPECT_EQ(error_of(name, "b page", tools::kExitRefused),
              "--save: " + folder_.file(name) + ": exists and is not a page; name another file");
    EXPECT_EQ(contents(name), before);
    // Left by a killed program, or the user's own.
    const std::string part = folder_.file(std::string("new") + ".mote-part");
    fs::copy_file(folder_.file(name), part, fs::copy_options::overwrite_existing);
    EXPECT_EQ(error_of("new", "b page", tools::kExitRefused),
              "--save: " + folder_.file("new") + ": temporary file " + part + " exists and is not a page; remove it");
    EXPECT_EQ(contents("new.mote-part"), before);
  }
}

TEST_F(AtomicFile, RefusesTheNamesOfTemporaryFiles) {
  for (const char* name : {"a.mote-part", "a.mote-lock"}) {
    EXPECT_EQ(error_of(name, "x", tools::kExitRefused), "--save: " + folder_.file(name) + ": names that end in " +
                                                            std::string(name).substr(1) +
                                                            " are of temporary files; name another file");
    EXPECT_FALSE(fs::exists(folder_.file(name)));
  }
}

TEST_F(AtomicFile, RefusesTheFileOfAStandardStream) {
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    std::fflush(nullptr);
    const int before = dup(stream), file = open(folder_.file("a").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, stream);
    const std::string error = error_of("a", "x", tools::kExitRefused);
    dup2(before, stream);
    close(before);
    close(file);
    EXPECT_EQ(error, "--save: " + folder_.file("a") + ": standard " + (stream == STDOUT_FILENO ? "output" : "error") +
                         " goes to this file; name another file");
  }
  EXPECT_EQ(error_of("a", "x", 0), "none");
}

TEST_F(AtomicFile, IsLockedForOneRun) {
  std::optional<tools::FileLock> first;
  first.emplace("--checkpoint", folder_.file("a"));
  fs::create_symlink("a", folder_.file("link"));
  folder_.write("a", "old");
  for (const char* name : {"a", "link"}) {
    try {
      const tools::FileLock second("--checkpoint", folder_.file(name));
      ADD_FAILURE() << name;
    } catch (const tools::Error& error) {
      EXPECT_EQ(error.what(), "--checkpoint: " + folder_.file(name) + ": is being written by another program");
      EXPECT_EQ(error.status, tools::kExitFailed);
    }
  }
  EXPECT_EQ(error_of("a", "new", 0), "none") << "a lock does not stop its own run";
  first.reset();
  EXPECT_FALSE(fs::exists(folder_.file("a.mote-lock")));
  folder_.write("a.mote-lock", "mine");
  EXPECT_THROW(tools::FileLock("--checkpoint", folder_.file("a")), tools::Error);
  EXPECT_EQ(contents("a.mote-lock"), "mine");
  folder_.write("a.mote-lock", "");  // of a killed run
  EXPECT_NO_THROW(tools::FileLock("--checkpoint", folder_.file("a")));
}

TEST_F(AtomicFile, IsWrittenByOneAtATime) {
  std::optional<tools::AtomicFile> first;
  first.emplace("--save", folder_.file("a"), kind_);
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
  EXPECT_THROW(tools::AtomicFile("--save", "-", kind_), tools::Error) << "rather than making a file of that name";
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
