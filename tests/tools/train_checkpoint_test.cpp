// SPDX-License-Identifier: MIT
// tools/train, interrupted in all ways and resumed. MOTE_KILLS: number of runs to kill (`make kill-test`: 1000).
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "support/train_program.hpp"

namespace {

namespace fs = std::filesystem;
using train_program::line_with;
using train_program::SmallSet;

// Together they use everything that a checkpoint must restore.
const char* const kRuns[] = {
    "--hidden 5 --epochs 25 --batch 10",
    "--hidden 5 --epochs 25 --batch 10 --optimizer adam --dropout 0.3 --input-dropout 0.1 --schedule cosine --warmup 1",
    "--hidden 6,5 --batch-norm --epochs 40 --batch 10 --early-stopping loss --stop-patience 8 --learning-rate 0.5",
    ("--hidden 5 --epochs 25 --batch 10 --optimizer nesterov --schedule plateau --patience 0 --clip-norm 0.5 --l2 0.01 "
     "--diagnose")};

class Checkpoints : public SmallSet {
 protected:
  std::string checkpoint() const { return folder_.file("checkpoint"); }
  std::string model() const { return folder_.file("model.safetensors"); }
  std::string log() const { return folder_.file("log.csv"); }
  std::string outputs() const { return " --save " + model() + " --log " + log(); }

  /// A log without the sixth column, the seconds.
  std::string epochs_of(const std::string& path) const {
    std::istringstream lines(contents(path));
    std::string text;
    for (std::string line; std::getline(lines, line);) text += without_seconds(line) + "\n";
    return text;
  }
  static std::string without_seconds(const std::string& line) {
    std::size_t begin = 0;
    for (int comma = 0; comma < 5; ++comma) begin = line.find(',', begin) + 1;
    const std::size_t end = line.find(',', begin);
    return line.substr(0, begin) + (end == std::string::npos ? "" : line.substr(end));
  }
  /// The result of an uninterrupted run.
  struct Outcome {
    std::string result, model, epochs;
  };
  Outcome outcome(const CommandResult& run) const {
    return {run.output.substr(run.output.rfind("test loss")), contents(model()), epochs_of(log())};
  }
  void expect_same(const Outcome& found, const Outcome& expected) const {
    EXPECT_EQ(found.result, expected.result);
    EXPECT_TRUE(found.model == expected.model) << "another model file";
    EXPECT_EQ(found.epochs, expected.epochs);
  }
  void remove_files() const {
    for (const std::string& path : {checkpoint(), model(), log()}) {
      fs::remove(path);
      fs::remove(path + ".mote-part");
      fs::remove(path + ".mote-lock");
    }
  }

  /// Starts train and kills it after a time. Returns whether it had ended by then.
  bool run_and_kill(const std::string& options, std::chrono::microseconds after) const {
    const std::string command = "exec " + train_program::program() + "--quiet --data " + folder_.path() + " " + options;
    std::fflush(nullptr);  // the child would write the buffer again
    const pid_t child = fork();
    if (child == 0) {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
      execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    std::this_thread::sleep_for(after);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status);
  }
};

TEST_F(Checkpoints, ChangeNothingAndResumeToTheSame) {
  for (const std::string run : kRuns) {
    remove_files();
    const CommandResult plain = train_here("--quiet " + run + outputs());
    ASSERT_EQ(plain.status, 0) << plain.output;
    const Outcome expected = outcome(plain);
    const CommandResult written = train_here("--quiet " + run + outputs() + " --checkpoint " + checkpoint());
    expect_same(outcome(written), expected);
    // The run has finished; resuming it only evaluates and writes.
    fs::remove(model());
    fs::remove(log());
    const CommandResult resumed = train_here("--quiet --resume " + checkpoint() + outputs());
    EXPECT_EQ(resumed.status, 0) << resumed.output;
    expect_same(outcome(resumed), expected);
  }
}

TEST_F(Checkpoints, AreWrittenOnInterrupt) {
  const std::string run = "--hidden 5 --epochs 300 --batch 10 --optimizer adam";
  const Outcome expected = outcome(train_here("--quiet " + run + outputs()));
  CommandResult stopped;
  for (double seconds = 0.05; seconds < 60 && !fs::exists(checkpoint()); seconds *= 2) {  // slow machines start slowly
    remove_files();
    stopped = run_command("timeout -s INT " + std::to_string(seconds) + " " + train_program::program() +
                          "--quiet --data " + folder_.path() + " " + run + outputs() + " --checkpoint " + checkpoint());
  }
  ASSERT_TRUE(stopped.status == 124 || stopped.status == 130 || stopped.status == 0) << stopped.output;
  const CommandResult resumed = train_here("--quiet --resume " + checkpoint() + outputs());
  EXPECT_EQ(resumed.status, 0) << resumed.output;
  expect_same(outcome(resumed), expected);
}

TEST_F(Checkpoints, SurviveKillsAtAnyMoment) {
  const char* wanted = std::getenv("MOTE_KILLS");
  const int kills = wanted == nullptr ? 8 : std::atoi(wanted);
  std::mt19937 random(1);
  int before = 0, between = 0, after = 0;
  for (std::size_t r = 0; r < std::size(kRuns); ++r) {
    const std::string run = kRuns[r] + outputs() + " --checkpoint " + checkpoint() + " --checkpoint-seconds 0";
    remove_files();
    const auto start = std::chrono::steady_clock::now();
    const Outcome expected = outcome(train_here("--quiet " + run));
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    for (int killed = 0; killed < kills / static_cast<int>(std::size(kRuns));) {
      remove_files();
      std::uniform_int_distribution<std::chrono::microseconds::rep> moment(0, whole.count());
      const bool ended = run_and_kill(run, std::chrono::microseconds(moment(random)));
      const bool is_there = fs::exists(checkpoint());
      killed += !ended;
      ++(ended ? after : is_there ? between : before);
      const CommandResult resumed = train_here(
          "--quiet " + (is_there ? "--resume " + checkpoint() + " --checkpoint-seconds 0" + outputs() : run));
      ASSERT_EQ(resumed.status, 0) << resumed.output;
      expect_same(outcome(resumed), expected);
      ASSERT_FALSE(HasFailure()) << "run " << r << ", kill " << killed;
    }
  }
  std::printf(
      "killed %d runs, %d of them before their first checkpoint, and %d too late; all ended with equal parameters\n",
      before + between, before, after);
  EXPECT_GT(between, 0);
}

TEST_F(Checkpoints, RefuseContradictions) {
  const std::string run = "--hidden 5 --epochs 2 --batch 10 --learning-rate 0.1 --train-limit 40 --checkpoint ";
  ASSERT_EQ(train_here(run + checkpoint()).status, 0);
  const std::string before = contents(checkpoint()), resume = "--resume " + checkpoint() + " ";
  fs::create_directory(folder_.file("other"));
  for (const char* name :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    std::string bytes = contents(folder_.file(name));
    if (name == std::string("train-images-idx3-ubyte")) bytes[100] = static_cast<char>(bytes[100] ^ 1);
    folder_.write(std::string("other/") + name, bytes);
  }
  fs::create_directory(folder_.file("few"));
  write_image_set(folder_, 12, "few/");
  folder_.write("notes", "mine, and no checkpoint of train, whatever its name");
  folder_.write("short", "mine too");
  folder_.write("damaged", before.substr(0, before.size() / 2) + "x" + before.substr(before.size() / 2 + 1));
  const struct {
    std::string options, error;
  } cases[] = {
      {resume + "--learning-rate 0.2", "--learning-rate 0.2 contradicts --resume; " + checkpoint() +
                                           " was made with --learning-rate 0.1; leave it out"},
      {resume + "--seed 2", "--seed 2 contradicts --resume; " + checkpoint() + " was made without --seed"},
      {resume + "--batch-norm", "--batch-norm contradicts --resume"},
      {resume + "--isa baseline", "made with another value of: fused multiply-add"},
      {resume + "--data " + folder_.file("other"),
       "images, labels, targets or input scale differ from those of --data and --load"},
      {resume + "--data " + folder_.file("few"),
       "train: --resume: " + checkpoint() +
           ": its --train-limit: found 40, expected at most the 11 training images that are not held out"},
      {"--resume " + folder_.path(), "train: --resume: " + folder_.path() + ": is a directory, expected a checkpoint"},
      {"--resume " + folder_.file("notes"), "notes: not a checkpoint"},
      {"--resume " + folder_.file("damaged"), "damaged: damaged checkpoint: wrong checksum"},
      {"--resume " + folder_.file("none"), "none: No such file or directory"},
      {"--checkpoint " + folder_.file("notes"), "notes: exists and is not a checkpoint; name another file"},
      {"--checkpoint " + folder_.file("short"), "short: exists and is not a checkpoint; name another file"},
      {"--ensemble 2 --checkpoint " + checkpoint(), "--checkpoint and --ensemble contradict each other"},
      {"--checkpoint-seconds 3", "--checkpoint-seconds: needs --checkpoint"},
  };
  for (const auto& c : cases) {
    if (c.options.find("--isa") != std::string::npos && !mote::is_supported(mote::InstructionSet::v3)) continue;
    const CommandResult result = train_here(c.options);
    EXPECT_EQ(result.status, 2) << c.options << "\n" << result.output;
    EXPECT_NE(result.output.find(c.error), std::string::npos) << result.output;
  }
  EXPECT_EQ(contents(checkpoint()), before);
  EXPECT_EQ(train_here(resume + "--learning-rate 0.1 --threads 2 --quiet").status, 0);
}

TEST_F(Checkpoints, TakeTheLastOfAnOptionGivenTwice) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --seed 1 --seed 2 --checkpoint " + checkpoint()).status, 0);
  const CommandResult first = train_here("--resume " + checkpoint() + " --seed 1");
  EXPECT_EQ(first.status, 2);
  EXPECT_NE(first.output.find("--seed 1 contradicts --resume; " + checkpoint() + " was made with --seed 2"),
            std::string::npos)
      << first.output;
  EXPECT_EQ(train_here("--resume " + checkpoint() + " --seed 2").status, 0);
}

TEST_F(Checkpoints, AreNotOverwrittenByAnotherTrainingBeforeTheirEnd) {
  const std::string run = "--quiet --hidden 5 --epochs 100000 --batch 10 --checkpoint " + checkpoint();
  const std::string command = train_program::program() + "--data " + folder_.path() + " " + run;
  for (double seconds = 0.1; seconds < 60 && !fs::exists(checkpoint()); seconds *= 2) {  // slow machines start slowly
    run_command("timeout -s INT " + std::to_string(seconds) + " " + command + " --checkpoint-seconds 0");
  }
  const std::string before = contents(checkpoint());
  ASSERT_FALSE(before.empty());
  const CommandResult again = train_here(run);
  EXPECT_EQ(again.status, 2) << again.output;
  EXPECT_NE(again.output.find("train: --checkpoint: " + checkpoint() + ": holds epoch "), std::string::npos);
  EXPECT_NE(again.output.find(" of 100000 of an unfinished training; continue with --resume " + checkpoint() +
                              ", or remove the file to start again"),
            std::string::npos)
      << again.output;
  EXPECT_EQ(contents(checkpoint()), before);
  fs::remove(checkpoint());
  const std::string whole = "--quiet --hidden 5 --epochs 2 --checkpoint " + checkpoint();
  EXPECT_EQ(train_here(whole).status, 0);
  EXPECT_EQ(train_here(whole).status, 0) << "a finished training may be overwritten";
}

TEST_F(Checkpoints, AreOverwrittenOnlyWhereTheyCanBeReadAsFinished) {
  const std::string run = "--quiet --hidden 5 --epochs 1 --checkpoint ";
  ASSERT_EQ(train_here(run + checkpoint()).status, 0);
  const std::string whole = contents(checkpoint());
  std::string flipped = whole;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 4);
  folder_.write("flipped", flipped);
  folder_.write("cut", whole.substr(0, whole.size() - 1));
  // An option of another version: the note begins at byte 24 with the number of options and the length of the first.
  std::string other = whole;
  other.replace(other.find("--data="), 6, "--dada");
  std::uint32_t crc = mote::crc32({reinterpret_cast<const unsigned char*>(other.data()), other.size() - 4});
  for (std::size_t i = 0; i < 4; ++i) other[other.size() - 4 + i] = static_cast<char>(crc >> 8 * i);
  folder_.write("other", other);
  for (const char* name : {"flipped", "cut", "other"}) {
    const std::string before = contents(folder_.file(name));
    const CommandResult again = train_here(run + folder_.file(name));
    EXPECT_EQ(again.status, 2) << again.output;
    EXPECT_EQ(again.output.find("train: --checkpoint: " + folder_.file(name) + ": "), 0u) << again.output;
    EXPECT_NE(again.output.find("; only a finished training is overwritten: name another file, or remove this one"),
              std::string::npos)
        << again.output;
    EXPECT_EQ(contents(folder_.file(name)), before);
  }
  EXPECT_NE(train_here(run + folder_.file("other")).output.find(": its options: unknown option '--dada'"),
            std::string::npos);
  EXPECT_NE(train_here("--resume " + folder_.file("other"))
                .output.find("train: --resume: " + folder_.file("other") + ": its options: unknown option '--dada'"),
            std::string::npos);
}

TEST_F(Checkpoints, BelongToOneRunAtATime) {
  const std::string run = "--quiet --hidden 5 --epochs 100000 --checkpoint " + checkpoint();
  const std::string first = train_program::program() + "--data " + folder_.path() + " " + run;
  for (const std::string& second : {run, "--quiet --resume " + checkpoint()}) {
    remove_files();
    const CommandResult both =
        run_command("{ exec timeout 60 " + first + " > /dev/null 2>&1 & first=$!; " + "until [ -s " + checkpoint() +
                    " ]; do sleep 0.01; done; } 2>&1; timeout 60 " + train_program::program() + "--data " +
                    folder_.path() + " " + second + " 2>&1; echo status $?; kill $first; wait");
    EXPECT_EQ(both.output,
              "train: --checkpoint: " + checkpoint() + ": is being written by another program\nstatus 1\n");
  }
}

TEST_F(Checkpoints, DoNotChooseTheFilesThatAResumedRunWrites) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --checkpoint " + checkpoint() + outputs()).status, 0);
  const std::string saved = contents(model());
  fs::remove(log());
  const CommandResult resumed = train_here("--resume " + checkpoint() + " --log " + folder_.file("new.csv"));
  EXPECT_EQ(resumed.status, 2);
  EXPECT_EQ(resumed.output, "train: --resume: " + checkpoint() +
                                ": its training writes more files; repeat their options, with these or other names: "
                                "--save " +
                                model() + "\n");
  EXPECT_FALSE(fs::exists(folder_.file("new.csv")));
  const std::string other = " --save " + folder_.file("other") + " --log " + folder_.file("new.csv");
  EXPECT_EQ(train_here("--resume " + checkpoint() + other).status, 0);
  EXPECT_EQ(contents(folder_.file("other")), saved);
  EXPECT_FALSE(fs::exists(log()));
}

TEST_F(Checkpoints, GoOnForMoreEpochs) {
  const std::string run =
      "--quiet --hidden 5 --batch 10 --schedule plateau --early-stopping loss --stop-patience 1000 ";
  const Outcome expected = outcome(train_here(run + "--epochs 12" + outputs()));
  remove_files();
  ASSERT_EQ(train_here(run + "--epochs 5 --checkpoint " + checkpoint()).status, 0);
  const CommandResult more = train_here("--quiet --resume " + checkpoint() + " --epochs 12" + outputs());
  EXPECT_EQ(more.status, 0) << more.output;
  expect_same(outcome(more), expected);
  const CommandResult again = train_here("--quiet --resume " + checkpoint() + outputs());
  expect_same(outcome(again), expected);
  const CommandResult fewer = train_here("--resume " + checkpoint() + " --epochs 11" + outputs());
  EXPECT_EQ(fewer.status, 2);
  EXPECT_NE(fewer.output.find("--epochs 11 contradicts --resume; " + checkpoint() +
                              " has finished 12 epochs; ask for at least as many"),
            std::string::npos)
      << fewer.output;
}

TEST_F(Checkpoints, GoOnWithMorePatience) {
  const std::string run = "--quiet --hidden 5 --batch 10 --learning-rate 2 --epochs 60 --early-stopping loss ";
  const Outcome expected = outcome(train_here(run + "--stop-patience 9" + outputs()));
  remove_files();
  ASSERT_EQ(train_here(run + "--stop-patience 2 --checkpoint " + checkpoint()).status, 0);
  const CommandResult more =
      train_here("--quiet --resume " + checkpoint() + " --stop-patience 9 --min-improvement 0" + outputs());
  EXPECT_EQ(more.status, 0) << more.output;
  expect_same(outcome(more), expected);
}

TEST_F(Checkpoints, SayWhyEpochsCannotChange) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 4 --schedule cosine --checkpoint " + checkpoint()).status, 0);
  const CommandResult more = train_here("--resume " + checkpoint() + " --epochs 5");
  EXPECT_EQ(more.status, 2);
  EXPECT_NE(more.output.find("--epochs 5 contradicts --resume; " + checkpoint() +
                             " was made with --epochs 4, and its --schedule depends on them; leave it out"),
            std::string::npos)
      << more.output;
  ASSERT_EQ(train_here("--hidden 5 --epochs 4 --schedule step --decay-epochs 2 --checkpoint " + checkpoint()).status,
            0);
  EXPECT_EQ(train_here("--resume " + checkpoint() + " --epochs 6").status, 0);
}

TEST_F(Checkpoints, StayWholeWhenTheDiskIsFull) {
  ASSERT_EQ(train_here("--hidden 5 --epochs 1 --checkpoint " + checkpoint()).status, 0);
  const std::string before = contents(checkpoint());
  const CommandResult full = run_command("ulimit -f 2; " + train_program::program() + "--data " + folder_.path() +
                                         " --hidden 300 --epochs 1 --checkpoint " + checkpoint());
  EXPECT_EQ(full.status, 1) << full.output;
  EXPECT_NE(full.output.find("train: --checkpoint: " + checkpoint() + ": cannot be written: File too large"),
            std::string::npos)
      << full.output;
  EXPECT_EQ(contents(checkpoint()), before);
  EXPECT_FALSE(fs::exists(checkpoint() + ".mote-part"));
}

}  // namespace
