// SPDX-License-Identifier: MIT
// tools/train, run as a user does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>
#include <vector>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "support/train_program.hpp"

namespace {

using namespace train_program;

TEST(Train, LearnsMnistInOneEpoch) {
  const CommandResult result = train("--hidden 30 --epochs 1");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string line = line_with(result.output, "test accuracy ");
  EXPECT_GT(std::stod(line.substr(14)), 0.90) << result.output;
  EXPECT_NE(line.find("/10000)"), std::string::npos);
  EXPECT_NE(result.output.find("55000 to train on, 5000 to validate, 10000 to test"), std::string::npos);
  EXPECT_NE(result.output.find("784-30-10, relu, softmax with cross-entropy loss, 23860 parameters"),
            std::string::npos);
}

TEST_F(SmallSet, TakesSizesFromTheData) {
  const CommandResult result = train_here("--hidden 8 --epochs 60 --learning-rate 0.1 --batch 4");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("images of 4 x 3 in 4 classes: 44 to train on, 4 to validate, 12 to test"),
            std::string::npos)
      << result.output;
  EXPECT_NE(result.output.find("12-8-4"), std::string::npos);
  EXPECT_NE(result.output.find("test accuracy 1.0000 (12/12)"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("most confused: none"), std::string::npos);
}

TEST_F(SmallSet, ReadsTheDottedSpelling) {
  for (const char* name : {"train-images", "t10k-images"}) {
    std::filesystem::rename(folder_.file(std::string(name) + "-idx3-ubyte"),
                            folder_.file(std::string(name) + ".idx3-ubyte"));
  }
  for (const char* name : {"train-labels", "t10k-labels"}) {
    std::filesystem::rename(folder_.file(std::string(name) + "-idx1-ubyte"),
                            folder_.file(std::string(name) + ".idx1-ubyte"));
  }
  EXPECT_EQ(train_here("--epochs 1").status, 0);
}

TEST_F(SmallSet, RepeatsItselfToTheBit) {
  const std::string options = "--epochs 3 --batch 5 ";
  const std::string first = line_with(train_here(options).output, "parameters fingerprint");
  EXPECT_EQ(first.size(), std::string("parameters fingerprint 01234567").size());
  EXPECT_EQ(line_with(train_here(options).output, "parameters fingerprint"), first);
  EXPECT_NE(line_with(train_here(options + "--seed 2").output, "parameters fingerprint"), first);
}

TEST_F(SmallSet, ThreadsChangeNoBit) {
  const std::string options = "--epochs 3 --batch 40 --hidden 200,100 ";
  const std::string one = line_with(train_here(options).output, "parameters fingerprint");
  EXPECT_EQ(line_with(train_here(options + "--threads 2").output, "parameters fingerprint"), one);
  EXPECT_EQ(line_with(train_here(options + "--threads 5").output, "parameters fingerprint"), one);
}

TEST_F(SmallSet, BatchNormLearnsWithAnyNumberOfThreads) {
  const std::string options = "--hidden 20,8 --batch-norm --batch 21 --epochs 60 --learning-rate 0.1 ";
  const CommandResult result = train_here(options);
  EXPECT_NE(result.output.find("12-20-8-4, relu after batch normalization, softmax with"), std::string::npos);
  EXPECT_NE(result.output.find(" 492 parameters"), std::string::npos) << "12*20 + 2*20 + 20*8 + 2*8 + 8*4 + 4";
  EXPECT_NE(result.output.find("test accuracy 1.0000 (12/12)"), std::string::npos) << result.output;
  const std::string one = line_with(result.output, "parameters fingerprint");
  EXPECT_EQ(line_with(train_here(options + "--threads 2").output, "parameters fingerprint"), one);
  EXPECT_EQ(train_here("--batch-norm --batch full --epochs 1").status, 0);
}

TEST_F(SmallSet, TrainsOnlineInMiniBatchesAndOnTheFullBatch) {
  EXPECT_NE(train_here("--batch 1").output.find("online (batch of 1)"), std::string::npos);
  EXPECT_NE(train_here("--batch 7").output.find("mini-batches of 7"), std::string::npos);
  EXPECT_NE(train_here("--batch full").output.find("full batch"), std::string::npos);
}

TEST_F(SmallSet, AcceptsEveryLossActivationAndInitialization) {
  for (const char* options : {"--loss quadratic",
                              "--loss quadratic --output-activation tanh",
                              "--loss quadratic --output-activation softmax",
                              "--loss quadratic --output-activation identity",
                              "--loss sigmoid-cross-entropy",
                              "--loss mae",
                              "--loss huber --huber-delta 0.5",
                              "--loss huber --output-activation softmax",
                              "--label-smoothing 0.1",
                              "--loss sigmoid-cross-entropy --label-smoothing 0.1",
                              "--activation sigmoid",
                              "--activation tanh",
                              "--activation identity",
                              "--activation leaky-relu",
                              "--activation elu",
                              "--activation selu",
                              "--activation gelu",
                              "--activation silu",
                              "--activation softplus",
                              "--loss quadratic --output-activation gelu",
                              "--init glorot",
                              "--init normalized",
                              "--init scaled-gaussian",
                              "--init gaussian --bias-init gaussian",
                              "--init glorot-normal",
                              "--init he-uniform",
                              "--init lecun-normal",
                              "--init uniform --init-scale 0.05 --bias-init 0.1",
                              "--init orthogonal --init-scale 1.4",
                              "--optimizer sgd",
                              "--optimizer nesterov --momentum 0.8",
                              "--optimizer adagrad --epsilon 1e-6",
                              "--optimizer rmsprop --rho 0.95",
                              "--optimizer adam --beta1 0.8 --beta2 0.99",
                              "--optimizer adamw --weight-decay 0.1",
                              "--optimizer nadam",
                              "--l1 0.001",
                              "--clip-norm 0.5 --max-norm 2",
                              "--clip-value 0.01",
                              "--dropout 0.5 --input-dropout 0.2",
                              "--input-dropout 0.1 --hidden none",
                              "--schedule step --decay-epochs 0.5 --decay-factor 0.5",
                              "--schedule exponential --warmup 0.5",
                              "--schedule cosine --warmup 1",
                              "--schedule plateau --patience 0 --validation 0",
                              "--hidden none",
                              "--layers 12,5,6,4",
                              "--layers=12,5,4",
                              "--validation 0",
                              "--train-limit 10 --l2 0.001"}) {
    const CommandResult result = train_here(std::string(options) + " --epochs 2");
    EXPECT_EQ(result.status, 0) << options << "\n" << result.output;
    EXPECT_NE(result.output.find("test accuracy"), std::string::npos);
  }
}

TEST_F(SmallSet, SaysWhatTheLearningRateFollows) {
  const std::string many = "--epochs 4 --batch 11 --learning-rate 0.5 ";  // 4 steps an epoch
  const CommandResult step = train_here(many + "--schedule step --decay-epochs 2 --decay-factor 0.2");
  EXPECT_NE(step.output.find("rate      step decay by a factor of 0.2 every 8 steps"), std::string::npos)
      << step.output;
  EXPECT_NE(line_with(step.output, "epoch 2/4").find("  rate 0.5  "), std::string::npos) << step.output;
  EXPECT_NE(line_with(step.output, "epoch 3/4").find("  rate 0.1  "), std::string::npos) << step.output;
  const CommandResult cosine = train_here(many + "--schedule cosine --warmup 1");
  EXPECT_NE(cosine.output.find("rate      warm-up of 4 steps, then cosine decay by a factor of 0 in 12 steps"),
            std::string::npos)
      << cosine.output;
  EXPECT_NE(line_with(cosine.output, "epoch 1/4").find("  rate 0.125  "), std::string::npos) << cosine.output;
  const CommandResult plateau = train_here("--epochs 3 --learning-rate 1e-30 --schedule plateau --patience 0");
  EXPECT_NE(plateau.output.find("a factor of 0.1 after more than 0 epochs without improvement"), std::string::npos)
      << plateau.output;
  EXPECT_EQ(line_with(train_here(many).output, "epoch 1/4").find("  rate"), std::string::npos);
}

TEST_F(SmallSet, EveryNumberOfAnOptimizerAndOfAScheduleCounts) {
  const auto result = [&](const std::string& options) {
    return line_with(train_here("--epochs 2 --batch 11 " + options).output, "parameters fingerprint");
  };
  for (const auto& [plain, changed] :
       std::vector<std::pair<std::string, std::string>>{{"--optimizer nesterov", "--momentum 0.8"},
                                                        {"--optimizer rmsprop", "--rho 0.8"},
                                                        {"--optimizer rmsprop", "--epsilon 1e-3"},
                                                        {"--optimizer adagrad", "--epsilon 1e-3"},
                                                        {"--optimizer adam", "--beta1 0.8"},
                                                        {"--optimizer adam", "--beta2 0.9"},
                                                        {"--optimizer nadam", "--epsilon 1e-3"},
                                                        {"--optimizer adamw", "--weight-decay 0.5"},
                                                        {"", "--l1 0.01"},
                                                        {"", "--label-smoothing 0.1"},
                                                        {"--loss huber", "--huber-delta 0.1"},
                                                        {"--loss quadratic", "--autoencoder"},
                                                        {"", "--clip-norm 0.1"},
                                                        {"", "--clip-value 0.001"},
                                                        {"", "--max-norm 0.5"},
                                                        {"", "--dropout 0.3"},
                                                        {"--optimizer rmsprop", "--epsilon-inside"},
                                                        {"", "--input-dropout 0.3"},
                                                        {"", "--init orthogonal"},
                                                        {"", "--init-scale 0.5"},
                                                        {"", "--bias-init 0.1"},
                                                        {"", "--warmup 1"},
                                                        {"--schedule step", "--decay-epochs 1.5"},
                                                        {"--schedule exponential", "--decay-factor 0.2"},
                                                        {"--schedule cosine", "--decay-factor 0.2"}}) {
    const std::string before = result(plain);
    EXPECT_EQ(before.size(), std::string("parameters fingerprint 01234567").size()) << plain;
    EXPECT_NE(result(plain + " " + changed), before) << plain << " " << changed;
  }
}

TEST_F(SmallSet, LogsOneLineAnEpoch) {
  ASSERT_EQ(train_here("--epochs 2 --learning-rate 0.5 --schedule step --decay-epochs 1 --decay-factor 0.5 --log " +
                       folder_.file("log.csv"))
                .status,
            0);
  std::istringstream log(contents(folder_.file("log.csv")));
  std::string line;
  ASSERT_TRUE(std::getline(log, line));
  EXPECT_EQ(line, "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds,learning_rate");
  for (const char* epoch : {"1,", "2,"}) {
    ASSERT_TRUE(std::getline(log, line));
    EXPECT_EQ(line.rfind(epoch, 0), 0u) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 6) << line;
    EXPECT_EQ(line.substr(line.rfind(',')), epoch[0] == '1' ? ",0.5" : ",0.25") << line;
  }
  EXPECT_FALSE(std::getline(log, line));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("log.csv.mote-part")));
}

TEST_F(SmallSet, LeavesAnOldLogAloneWhenItFails) {
  const std::string old =
      "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds,learning_rate\n1,2,3,4,5,6,7\n";
  folder_.write("log.csv", old);
  const std::string log = " --log " + folder_.file("log.csv");
  EXPECT_EQ(train_here("--batch 100" + log).status, 2);
  EXPECT_EQ(train_here("--learning-rate 1e30 --loss quadratic --output-activation identity" + log).status, 1);
  EXPECT_EQ(contents(folder_.file("log.csv")), old);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("log.csv.mote-part")));
  EXPECT_EQ(train_here("--epochs 1" + log).status, 0);
  EXPECT_NE(contents(folder_.file("log.csv")), old);
}

TEST_F(SmallSet, LogsThroughALinkAndReplacesNothingElse) {
  folder_.write("notes.txt", "mine\n");
  std::filesystem::create_symlink("target.csv", folder_.file("link.csv"));
  folder_.write("target.csv", "");
  EXPECT_EQ(train_here("--epochs 1 --log " + folder_.file("link.csv")).status, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_.file("link.csv")));
  EXPECT_NE(contents(folder_.file("target.csv")), "");
  folder_.write("blank.txt", "\nmine, after a blank line\n");
  ASSERT_EQ(run_command("mkfifo " + folder_.file("pipe")).status, 0);
  const struct {
    const char* file;
    int status;
    const char* message;
  } cases[] = {
      {"notes.txt", 2, "notes.txt: exists and is not a log with these columns; name another file"},
      {"blank.txt", 2, "blank.txt: exists and is not a log"},
      {"train-images-idx3-ubyte", 2, "train-images-idx3-ubyte: exists and is not a log"},
      {"pipe", 2, "pipe: is not a regular file"},
      {".", 2, "is a directory; name a file in it"},
      {"missing/log.csv", 1, "missing/log.csv: cannot be written: no folder "},
  };
  for (const auto& c : cases) {
    const CommandResult result = train_here("--quiet --epochs 1 --log " + folder_.file(c.file));
    EXPECT_EQ(result.status, c.status) << c.file;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
  EXPECT_EQ(contents(folder_.file("notes.txt")), "mine\n");
}

TEST_F(SmallSet, QuietPrintsTheResultOnly) {
  const CommandResult result = train_here("--quiet");
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 3) << result.output;
  EXPECT_EQ(result.output.rfind("test loss", 0), 0u);
}

TEST_F(SmallSet, SaysHowDivergenceShowed) {
  const CommandResult result =
      train_here("--learning-rate 1e30 --loss quadratic --output-activation identity --batch 10");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("training diverged: the loss is not finite: layer 2 (outputs), epoch 1, batch 2;"),
            std::string::npos)
      << result.output;
  EXPECT_NE(result.output.find("; lower --learning-rate, or clip gradients with --clip-norm 1\n"), std::string::npos);
  EXPECT_EQ(result.output.find("test accuracy"), std::string::npos) << "of parameters that learned nothing";
}

TEST_F(SmallSet, DivergenceLeavesTheLastGoodParameters) {
  const std::string options = "--hidden none --loss quadratic --output-activation identity --batch full --warmup 1000 ";
  const CommandResult result = train_here(options + "--learning-rate 3000 --epochs 1000");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("the loss is not finite: layer 1 (outputs), epoch "), std::string::npos);
  const std::string line = line_with(result.output, "result of the parameters after epoch ");
  ASSERT_NE(line, "") << result.output;
  const std::string epoch = line.substr(37, line.find(',') - 37);
  EXPECT_GT(std::stoi(epoch), 1);
  const CommandResult shorter = train_here(options + "--learning-rate 3000 --epochs " + epoch);
  EXPECT_EQ(shorter.status, 0);
  EXPECT_EQ(line_with(result.output, "parameters fingerprint "), line_with(shorter.output, "parameters fingerprint "));
}

TEST_F(SmallSet, DivergenceLeavesTheLogAndTheBestParametersOfEarlyStopping) {
  const std::string log = folder_.file("log.csv");
  const std::string options =
      "--hidden none --loss quadratic --output-activation identity --batch full --warmup 1000 "
      "--early-stopping loss --stop-patience 1000 --learning-rate 3000 --epochs 1000 --log ";
  const CommandResult result = train_here(options + log);
  EXPECT_EQ(result.status, 1);
  const std::string line = line_with(result.output, "result of the parameters after epoch ");
  ASSERT_NE(line.find(", the best ones"), std::string::npos) << result.output;
  const int epoch = std::stoi(line.substr(37));
  std::istringstream lines(contents(log));
  std::string row, best_row;
  double best = HUGE_VAL;
  int best_epoch = 0, rows = 0;
  for (std::getline(lines, row); std::getline(lines, row); ++rows) {
    std::istringstream cells(row);
    std::vector<std::string> values;
    for (std::string cell; std::getline(cells, cell, ',');) values.push_back(cell);
    const double loss = std::stod(values.at(3));
    if (loss < best) best = loss, best_epoch = rows + 1;
  }
  EXPECT_GT(rows, epoch);
  EXPECT_EQ(epoch, best_epoch);
}

TEST_F(SmallSet, AClosedStandardOutputHarmsNoFile) {
  const std::string report = folder_.file("report.html"), options = "--epochs 1 --report " + report;
  ASSERT_EQ(train_here(options).status, 0);
  const std::string before = contents(report);
  const CommandResult result = run_command("{ " + program() + "--data " + folder_.path() + " " + options + " >&-; }");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(contents(report), before);
}

TEST_F(SmallSet, WritesItsFilesThoughStandardOutputBreaks) {
  const std::string log = folder_.file("log.csv"), model = folder_.file("model"), error = folder_.file("error");
  const auto run = [&](const std::string& options) {
    run_command("{ timeout 30 " + program() + "--data " + folder_.path() + " " + options + "; echo $? >&2; } 2> " +
                error + " | head -n 1");
    EXPECT_EQ(contents(error), "train: standard output: cannot be written: Broken pipe\n1\n");
  };
  for (const std::string many : {"", "--ensemble 3 "}) {
    run(many + "--epochs 1000 --log " + log + (many.empty() ? " --save " + model : ""));
    const std::string written = contents(log);
    EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), many.empty() ? 1001 : 3001);
    std::filesystem::remove(log);
  }
  EXPECT_EQ(train_here("--evaluate --load " + model).status, 0);
  run("--epochs 100000000");  // nothing is left to do
}

TEST_F(SmallSet, RefusesToReplaceTheFileOfStandardOutput) {
  const std::string file = folder_.file("out");
  for (const std::string option :
       {"--report ", "--quiet --save ", "--quiet --log ", "--quiet --export-header ", "--quiet --checkpoint "}) {
    for (const std::string& path : {file, std::string("/dev/stdout")}) {
      const CommandResult result = run_command("{ " + program() + "--epochs 1 --data " + folder_.path() + " " + option +
                                               path + " > " + file + "; }");
      EXPECT_EQ(result.status, 2) << option << result.output;
      EXPECT_NE(result.output.find(": standard output goes to this file; name another file\n"), std::string::npos)
          << option << result.output;
    }
  }
}

TEST_F(SmallSet, ShowsControlCharactersOfPathsAsQuestionMarks) {
  const CommandResult result = train_here("--quiet --save 'a\x1b[2J\x7f/b\xc3\xa9'");
  EXPECT_EQ(result.output,
            "train: --save: a?[2J?/b\xc3\xa9: cannot be written: no folder a?[2J?; create it, or name a "
            "file elsewhere\n");
}

TEST_F(SmallSet, RefusesOutputsThatAreTemporaryFilesOfOthers) {
  const std::string file = folder_.file("x.hpp");
  const CommandResult result = train_here("--epochs 1 --save " + file + ".mote-part --export-header " + file);
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("x.hpp.mote-part: names that end in .mote-part are of temporary files; name another"),
            std::string::npos)
      << result.output;
}

TEST_F(SmallSet, LooksOnlyAtTheStartOfAnOldLogUnderAMemoryLimit) {
  const std::string log = folder_.file("large.csv");
  std::ofstream(log).seekp((std::streamoff{3} << 30) - 1).put('x');  // zeros without a line break, which take no disk
  const CommandResult result =
      run_command("ulimit -v 1500000; " + program() + "--epochs 1 --data " + folder_.path() + " --log " + log);
  EXPECT_EQ(result.status, 2) << result.output;
  EXPECT_NE(result.output.find("large.csv: exists and is not a log with these columns"), std::string::npos)
      << result.output;
}

TEST_F(SmallSet, SaysWhatKeepsTrainingWithinLimits) {
  const CommandResult all = train_here("--epochs 1 --dropout 0.5 --input-dropout 0.25 --max-norm 3 --clip-norm 1.5");
  EXPECT_NE(line_with(all.output, "training  ")
                .find(", l2 0, dropout 0.5, input dropout 0.25, max-norm 3, gradients clipped to norm 1.5, full batch"),
            std::string::npos)
      << all.output;
  EXPECT_NE(train_here("--epochs 1 --clip-value 0.1").output.find(", gradients clipped to value 0.1, "),
            std::string::npos);
}

TEST_F(SmallSet, FinishesTheBatchAndWritesItsFilesWhenInterrupted) {
  const struct {
    const char* signal;
    int status;
  } signals[] = {{"INT", 130}, {"TERM", 143}, {"HUP", 129}};
  for (const auto& s : signals) {
    const std::string name = folder_.file(s.signal);
    const CommandResult result = run_command(std::string("timeout --preserve-status -s ") + s.signal + " 0.5 " +
                                             program() + "--data " + folder_.path() + " --epochs 1000000000 --save " +
                                             name + ".model --checkpoint " + name + ".checkpoint");
    EXPECT_EQ(result.status, s.status) << result.output.substr(0, 500);
    EXPECT_NE(result.output.find("interrupted after "), std::string::npos);
    EXPECT_EQ(result.output.find("terminate"), std::string::npos);
    EXPECT_NE(result.output.find("test accuracy "), std::string::npos);
    EXPECT_NE(result.output.find("parameters fingerprint "), std::string::npos);
    EXPECT_EQ(train_here("--evaluate --quiet --load " + name + ".model").status, 0) << s.signal;
    EXPECT_TRUE(std::filesystem::exists(name + ".checkpoint")) << s.signal;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_NE(entry.path().extension(), ".mote-part") << entry.path();
  }
}

TEST_F(SmallSet, IgnoresTheSignalsThatItsCallerIgnores) {
  const CommandResult result = run_command("trap '' HUP; " + program() + "--data " + folder_.path() +
                                           " --epochs 100000000 --quiet & sleep 0.5; kill -HUP $!; sleep 0.3; "
                                           "kill -TERM $!; wait $!; echo status $?");
  EXPECT_NE(result.output.find("status 143\n"), std::string::npos) << result.output;
}

TEST_F(SmallSet, ReportsAClosedOutput) {
  const CommandResult result =
      run_command("{ " + program() + "--epochs 1 --data " + folder_.path() + " > /dev/full; }");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("standard output: cannot be written"), std::string::npos) << result.output;
}

}  // namespace
