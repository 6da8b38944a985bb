// SPDX-License-Identifier: MIT
// tools/train stopping early, and training ensembles.
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

class TrainEnsembles : public SmallSet {};

TEST_F(TrainEnsembles, StopsEarlyWithTheParametersOfTheBestEpoch) {
  // At a rate that changes nothing the first epoch stays the best; otherwise the run is one of three epochs.
  const std::string options = "--validation 12 --batch 4 --seed 3 ";
  const CommandResult still = train_here(options +
                                         "--epochs 9 --learning-rate 1e-30 --early-stopping loss "
                                         "--stop-patience 3");
  EXPECT_EQ(still.status, 0) << still.output;
  EXPECT_NE(still.output.find("stopping  after 3 epochs in a row without a lower validation loss"), std::string::npos);
  EXPECT_NE(line_with(still.output, "epoch 4/9"), "");
  EXPECT_EQ(line_with(still.output, "epoch 5/9"), "");
  EXPECT_NE(still.output.find("early stopping: stopped after epoch 4 of 9, parameters of epoch 1 restored, validation "
                              "loss "),
            std::string::npos)
      << still.output;
  const CommandResult accuracy = train_here(options + "--epochs 40 --early-stopping accuracy --stop-patience 2");
  const std::string line = line_with(accuracy.output, "early stopping: stopped after epoch ");
  ASSERT_NE(line, "") << accuracy.output;
  const std::size_t at = line.find("parameters of epoch ");
  ASSERT_NE(at, std::string::npos) << line;
  const int best = std::stoi(line.substr(at + 20)), last = std::stoi(line.substr(36));
  EXPECT_EQ(best + 2, last) << line;
  const CommandResult plain = train_here(options + "--epochs " + std::to_string(best));
  for (const char* start : {"parameters fingerprint", "test accuracy", "test loss"}) {
    EXPECT_EQ(line_with(accuracy.output, start), line_with(plain.output, start)) << start;
  }
  const CommandResult longer = train_here(options + "--epochs " + std::to_string(last));
  EXPECT_NE(line_with(longer.output, "parameters fingerprint"), line_with(plain.output, "parameters fingerprint"));
}

TEST_F(TrainEnsembles, EarlyStoppingTakesTheBestEvenWhenEpochsEndFirst) {
  const CommandResult result = train_here("--epochs 2 --learning-rate 1e-30 --early-stopping loss --min-improvement 1");
  EXPECT_NE(result.output.find("without a lower validation loss by more than 1\n"), std::string::npos);
  EXPECT_NE(result.output.find("early stopping: ended after epoch 2 of 2, parameters of epoch 1 restored"),
            std::string::npos)
      << result.output;
}

TEST_F(TrainEnsembles, EarlyStoppingGoesWithAPlateau) {
  const CommandResult result = train_here(
      "--epochs 9 --learning-rate 1e-7 --early-stopping loss --min-improvement 1 --stop-patience 4 --schedule plateau "
      "--patience 1");
  EXPECT_NE(line_with(result.output, "epoch 3/9").find("  rate 1e-07  "), std::string::npos) << result.output;
  EXPECT_NE(line_with(result.output, "epoch 5/9").find("  rate 1e-08  "), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("stopped after epoch 5 of 9"), std::string::npos) << result.output;
}

/// The fingerprint behind "fingerprint " in the line that starts so.
std::uint32_t fingerprint_in(const std::string& output, const std::string& start) {
  const std::string line = line_with(output, start);
  const std::size_t at = line.find("fingerprint ");
  EXPECT_NE(at, std::string::npos) << output;
  return at == std::string::npos ? 0 : static_cast<std::uint32_t>(std::stoul(line.substr(at + 12), nullptr, 16));
}

TEST_F(TrainEnsembles, TrainsAnEnsemble) {
  const CommandResult result = train_here("--ensemble 3 --epochs 20 --batch 4");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("ensemble  3 members, each on its own bootstrap sample"), std::string::npos);
  std::vector<unsigned char> bytes;
  for (const char* member : {"1/3", "2/3", "3/3"}) {
    EXPECT_NE(line_with(result.output, std::string("member ") + member + "  epoch 20/20"), "") << result.output;
    const std::uint32_t own = fingerprint_in(result.output, std::string("member ") + member + "  test accuracy ");
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<unsigned char>(own >> shift));
  }
  EXPECT_NE(bytes[0], bytes[4]);
  EXPECT_EQ(fingerprint_in(result.output, "parameters fingerprint"), mote::crc32({bytes.data(), bytes.size()}));
  EXPECT_NE(result.output.find("test accuracy 1.0000 (12/12)"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("most confused: none"), std::string::npos);
  const CommandResult quiet = train_here("--ensemble 3 --epochs 20 --batch 4 --quiet");
  EXPECT_EQ(std::count(quiet.output.begin(), quiet.output.end(), '\n'), 6) << quiet.output;
  EXPECT_EQ(quiet.output.rfind("member 1/3  test accuracy", 0), 0u);
}

TEST_F(TrainEnsembles, MembersDependOnNothingButSeedAndNumber) {
  const std::string options = "--epochs 7 --batch 5 --quiet --validation 8 --ensemble ";
  const CommandResult five = train_here(options + "5 --early-stopping loss --stop-patience 2");
  for (const char* threads : {" --threads 2", " --threads 3", " --threads 9"}) {
    EXPECT_EQ(train_here(options + "5 --early-stopping loss --stop-patience 2" + threads).output, five.output);
  }
  const CommandResult two = train_here(options + "2 --early-stopping loss --stop-patience 2");
  for (const char* member : {"member 1/", "member 2/"}) {
    EXPECT_EQ(fingerprint_in(two.output, member), fingerprint_in(five.output, member));
  }
  EXPECT_NE(train_here(options + "2 --seed 2").output, train_here(options + "2").output);
}

TEST_F(TrainEnsembles, MembersDifferOnAllOfTheDataToo) {
  const CommandResult result = train_here("--ensemble 2 --no-bootstrap --epochs 5 --batch 4");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("ensemble  2 members, each on all training images, mean outputs"), std::string::npos);
  const std::uint32_t first = fingerprint_in(result.output, "member 1/2  test accuracy");
  EXPECT_NE(fingerprint_in(result.output, "member 2/2  test accuracy"), first);
  const CommandResult bagged = train_here("--ensemble 2 --epochs 5 --batch 4");
  EXPECT_NE(fingerprint_in(bagged.output, "member 1/2  test accuracy"), first);
}

TEST_F(TrainEnsembles, MembersAreWhatTheLibraryTrainsWithTheirSeeds) {
  static mote::Storage<1 << 16> data_memory, memory;
  const tools::ImageSet images = tools::load_image_set(folder_.path(), data_memory);
  const mote::Topology topology{12, {8, mote::Activation::relu}, {4, mote::Activation::softmax}};
  const CommandResult result = train_here(
      "--hidden 8 --seed 5 --ensemble 2 --epochs 3 --batch 4 --validation 0 "
      "--optimizer sgd --learning-rate 0.25");
  for (const std::size_t member : {0u, 1u}) {
    mote::TrainingOptions options;
    options.optimizer = {mote::Optimizer::sgd, 0.25f};
    options.batch_size = 4;
    options.bootstrap = true;
    options.seed = mote::derived_seed(5, member);
    mote::Trainer trainer;
    ASSERT_TRUE(trainer.bind(topology, options, images.train.count, memory).ok());
    trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
    for (int epoch = 0; epoch < 3; ++epoch) ASSERT_TRUE(trainer.train_epoch(images.train).ok());
    EXPECT_EQ(fingerprint_in(result.output, "member " + std::to_string(member + 1) + "/2  test accuracy "),
              mote::fingerprint(topology, trainer.parameters()));
  }
}

TEST_F(TrainEnsembles, LogsAndPrintsMembersInTheirOrder) {
  const CommandResult result = train_here("--ensemble 4 --threads 4 --epochs 3 --log " + folder_.file("log.csv"));
  ASSERT_EQ(result.status, 0) << result.output;
  std::size_t at = 0;
  std::string expected = "member,epoch\n";
  for (const char* member : {"1", "2", "3", "4"}) {
    const std::size_t next = result.output.find("\nmember " + std::string(member) + "/4  epoch 3/3", at);
    ASSERT_NE(next, std::string::npos) << result.output;
    at = next;
    for (const char* epoch : {"1", "2", "3"}) expected += std::string(member) + "," + epoch + "\n";
  }
  std::string found;
  std::istringstream log(contents(folder_.file("log.csv")));
  for (std::string line; std::getline(log, line);) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 7) << line;
    found += line.substr(0, line.find(',', line.find(',') + 1)) + "\n";
  }
  EXPECT_EQ(found, expected);
}

TEST_F(TrainEnsembles, EnsemblesGoWithWhatElseThereIs) {
  for (const char* options :
       {"--optimizer nesterov --schedule plateau --patience 0", "--loss quadratic --output-activation tanh",
        "--loss sigmoid-cross-entropy --batch full", "--schedule cosine --warmup 1 --l1 1e-4",
        "--validation 0 --batch 1", "--hidden none --train-limit 5", "--init orthogonal --optimizer adamw"}) {
    const CommandResult result = train_here(std::string(options) + " --epochs 2 --ensemble 2 --threads 2");
    EXPECT_EQ(result.status, 0) << options << "\n" << result.output;
    EXPECT_NE(line_with(result.output, "test accuracy"), "") << options << "\n" << result.output;
  }
}

TEST_F(TrainEnsembles, SaysWhichMemberDiverged) {
  const std::string options = " --learning-rate 1e30 --loss quadratic --output-activation identity --ensemble 4";
  for (const char* threads : {"--threads 1", "--threads 3"}) {
    const CommandResult result = train_here(threads + options);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.output.find("train: member 1: training diverged: "), std::string::npos) << result.output;
  }
}

TEST_F(TrainEnsembles, AnInterruptedEnsembleIsOfTheMembersThatHadBegun) {
  const CommandResult result = run_command("timeout --preserve-status -s INT 0.5 " + program() + "--data " +
                                           folder_.path() + " --epochs 1000000000 --ensemble 5 --threads 2");
  EXPECT_EQ(result.status, 130) << result.output;
  EXPECT_NE(result.output.find("interrupted after "), std::string::npos);
  EXPECT_NE(line_with(result.output, "member 1/5  test accuracy "), "") << result.output;
  EXPECT_EQ(line_with(result.output, "member 3/5"), "") << result.output;
  EXPECT_NE(line_with(result.output, "parameters fingerprint "), "");
}

}  // namespace
