// SPDX-License-Identifier: MIT
// tools/train as a user meets it. Run from the root of the repository.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "command.hpp"
#include "image_files.hpp"
#include "mote/mote.hpp"
#include "temporary_folder.hpp"

namespace {

/// The program under test: that of the build that `make test` names.
std::string program() {
  const char* folder = std::getenv("MOTE_TOOLS");
  return std::string(folder == nullptr ? "tools" : folder) + "/train ";
}

CommandResult train(const std::string& options) {
  return run_command(program() + options);
}

std::string line_with(const std::string& text, const std::string& start) {
  const std::size_t at = text.find(start);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class SmallSet : public testing::Test {
 protected:
  SmallSet() { write_image_set(folder_); }
  CommandResult train_here(const std::string& options) { return train("--data " + folder_.path() + " " + options); }

  TemporaryFolder folder_;
};

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
  EXPECT_NE(result.output.find("images of 3 x 4 in 4 classes: 44 to train on, 4 to validate, 12 to test"),
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

TEST_F(SmallSet, AcceptsEveryLossActivationAndInitialisation) {
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

/// y = sin(2 pi x / 255), and its cosine, for every byte x to train on, and for every seventh to test.
void write_waves(const TemporaryFolder& folder) {
  const auto write = [&](const std::string& name, std::uint32_t step) {
    std::string inputs;
    std::vector<float> targets;
    for (std::uint32_t x = 0; x < 256; x += step) {
      inputs += static_cast<char>(x);
      const double angle = 2.0 * std::acos(-1.0) * x / 255.0;
      for (const double y : {std::sin(angle), std::cos(angle)}) targets.push_back(static_cast<float>(y));
    }
    const auto count = static_cast<std::uint32_t>(inputs.size());
    folder.write(name + "-images-idx3-ubyte", idx_header({count, 1, 1}) + inputs);
    folder.write(name + "-targets-idx2-float", idx_floats({count, 2}, targets));
  };
  write("train", 1);
  write("t10k", 7);
}

double test_loss(const CommandResult& result) {
  const std::string line = line_with(result.output, "test loss ");
  return line.empty() ? 1e30 : std::stod(line.substr(10));
}

TEST(Train, FitsASineFromFloatTargets) {
  TemporaryFolder folder;
  write_waves(folder);
  const std::string options =
      "--regression --hidden 30 --activation tanh --optimizer adam --learning-rate 0.01 --batch 16 --epochs 200 "
      "--validation 0 --data " +
      folder.path() + " ";
  for (const auto& [loss, bound] : std::vector<std::pair<std::string, double>>{
           {"quadratic", 0.005}, {"huber --huber-delta 0.1", 0.005}, {"mae", 0.1}}) {
    const CommandResult result = train(options + "--loss " + loss);
    ASSERT_EQ(result.status, 0) << result.output;
    EXPECT_LT(test_loss(result), bound) << "predicting 0 costs 0.5 (mae 1.27)\n" << result.output;
    EXPECT_NE(result.output.find("images of 1 x 1 with 2 targets each: 256 to train on"), std::string::npos);
    EXPECT_NE(result.output.find("1-30-2, tanh, identity with "), std::string::npos) << result.output;
    EXPECT_EQ(result.output.find("accuracy"), std::string::npos);
    EXPECT_EQ(result.output.find("confused"), std::string::npos);
  }
}

TEST(Train, RefusesLayersThatDoNotFitTheTargets) {
  TemporaryFolder folder;
  write_waves(folder);
  const CommandResult result = train("--regression --layers 1,5,3 --data " + folder.path());
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("--layers: ends with 3 outputs, but each image has 2 targets; end with 2"),
            std::string::npos)
      << result.output;
}

TEST_F(SmallSet, StopsEarlyWithTheParametersOfTheBestEpoch) {
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

TEST_F(SmallSet, EarlyStoppingTakesTheBestEvenWhenEpochsEndFirst) {
  const CommandResult result = train_here("--epochs 2 --learning-rate 1e-30 --early-stopping loss --min-improvement 1");
  EXPECT_NE(result.output.find("without a lower validation loss by more than 1\n"), std::string::npos);
  EXPECT_NE(result.output.find("early stopping: ended after epoch 2 of 2, parameters of epoch 1 restored"),
            std::string::npos)
      << result.output;
}

TEST_F(SmallSet, AnAutoencoderReproducesItsImages) {
  for (const char* name : {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"}) {
    std::filesystem::remove(folder_.file(name));
  }
  const std::string options = "--autoencoder --hidden 8 --batch 4 --log " + folder_.file("log.csv") + " ";
  const CommandResult little = train_here(options + "--epochs 1"), much = train_here(options + "--epochs 100");
  ASSERT_EQ(much.status, 0) << much.output;
  EXPECT_LT(test_loss(much), 0.2 * test_loss(little)) << much.output;
  EXPECT_NE(much.output.find("images of 3 x 4 to be reproduced"), std::string::npos);
  EXPECT_NE(much.output.find("12-8-12, relu, sigmoid with quadratic loss"), std::string::npos) << much.output;
  EXPECT_EQ(much.output.find("accuracy"), std::string::npos);
  std::istringstream log(contents(folder_.file("log.csv")));
  std::string line;
  std::getline(log, line);
  std::getline(log, line);
  EXPECT_EQ(std::count(line.begin(), line.end(), ','), 5) << line;
  EXPECT_NE(line.find(",,"), std::string::npos) << "no accuracy: " << line;
}

TEST_F(SmallSet, SaysTheNumbersOfTheLoss) {
  EXPECT_NE(train_here("--epochs 1 --loss huber --huber-delta 0.5").output.find("with huber loss (delta 0.5), "),
            std::string::npos);
  EXPECT_NE(train_here("--epochs 1 --label-smoothing 0.1").output.find("with cross-entropy loss (smoothing 0.1), "),
            std::string::npos);
}

TEST_F(SmallSet, EarlyStoppingGoesWithAPlateau) {
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

TEST_F(SmallSet, TrainsAnEnsemble) {
  const CommandResult result = train_here("--ensemble 3 --epochs 20 --batch 4");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("ensemble  3 members, each on a bootstrap sample of its own"), std::string::npos);
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

TEST_F(SmallSet, MembersDependOnNothingButSeedAndNumber) {
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

TEST_F(SmallSet, MembersAreWhatTheLibraryTrainsWithTheirSeeds) {
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

TEST_F(SmallSet, LogsAndPrintsMembersInTheirOrder) {
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
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 6) << line;
    found += line.substr(0, line.find(',', line.find(',') + 1)) + "\n";
  }
  EXPECT_EQ(found, expected);
}

TEST_F(SmallSet, EnsemblesGoWithWhatElseThereIs) {
  for (const char* options :
       {"--optimizer nesterov --schedule plateau --patience 0", "--loss quadratic --output-activation tanh",
        "--loss sigmoid-cross-entropy --batch full", "--schedule cosine --warmup 1 --l1 1e-4",
        "--validation 0 --batch 1", "--hidden none --train-limit 5", "--init orthogonal --optimizer adamw"}) {
    const CommandResult result = train_here(std::string(options) + " --epochs 2 --ensemble 2 --threads 2");
    EXPECT_EQ(result.status, 0) << options << "\n" << result.output;
    EXPECT_NE(line_with(result.output, "test accuracy"), "") << options << "\n" << result.output;
  }
}

TEST_F(SmallSet, SaysWhichMemberDiverged) {
  const std::string options = " --learning-rate 1e30 --loss quadratic --output-activation identity --ensemble 4";
  for (const char* threads : {"--threads 1", "--threads 3"}) {
    const CommandResult result = train_here(threads + options);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.output.find("train: member 1: training diverged: "), std::string::npos) << result.output;
  }
}

TEST_F(SmallSet, AnInterruptedEnsembleIsOfTheMembersThatHadBegun) {
  const CommandResult result = run_command("timeout --preserve-status -s INT 0.5 " + program() + "--data " +
                                           folder_.path() + " --epochs 1000000000 --ensemble 5 --threads 2");
  EXPECT_EQ(result.status, 130) << result.output;
  EXPECT_NE(result.output.find("interrupted after "), std::string::npos);
  EXPECT_NE(line_with(result.output, "member 1/5  test accuracy "), "") << result.output;
  EXPECT_EQ(line_with(result.output, "member 3/5"), "") << result.output;
  EXPECT_NE(line_with(result.output, "parameters fingerprint "), "");
}

TEST_F(SmallSet, LogsOneLineAnEpoch) {
  ASSERT_EQ(train_here("--epochs 2 --log " + folder_.file("log.csv")).status, 0);
  std::istringstream log(contents(folder_.file("log.csv")));
  std::string line;
  ASSERT_TRUE(std::getline(log, line));
  EXPECT_EQ(line, "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds");
  for (const char* epoch : {"1,", "2,"}) {
    ASSERT_TRUE(std::getline(log, line));
    EXPECT_EQ(line.rfind(epoch, 0), 0u) << line;
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 5) << line;
  }
  EXPECT_FALSE(std::getline(log, line));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("log.csv.part")));
}

TEST_F(SmallSet, LeavesAnOldLogAloneWhenItFails) {
  const std::string old = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds\n1,2,3,4,5,6\n";
  folder_.write("log.csv", old);
  const std::string log = " --log " + folder_.file("log.csv");
  EXPECT_EQ(train_here("--batch 100" + log).status, 2);
  EXPECT_EQ(train_here("--learning-rate 1e30 --loss quadratic --output-activation identity" + log).status, 1);
  EXPECT_EQ(contents(folder_.file("log.csv")), old);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("log.csv.part")));
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
  ASSERT_EQ(run_command("mkfifo " + folder_.file("pipe")).status, 0);
  const struct {
    const char* file;
    int status;
    const char* message;
  } cases[] = {
      {"notes.txt", 2, "notes.txt: exists and is not a log like the one to be written; name another file"},
      {"train-images-idx3-ubyte", 2, "train-images-idx3-ubyte: exists and is not a log"},
      {"pipe", 2, "pipe: is not a regular file"},
      {".", 2, "is not a regular file"},
      {"missing/log.csv", 1, "missing/log.csv.part: No such file"},
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
  EXPECT_EQ(result.output.find("test accuracy"), std::string::npos) << "of parameters that learnt nothing";
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

TEST_F(SmallSet, SaysWhatKeepsTrainingWithinLimits) {
  const CommandResult all = train_here("--epochs 1 --dropout 0.5 --input-dropout 0.25 --max-norm 3 --clip-norm 1.5");
  EXPECT_NE(line_with(all.output, "training  ")
                .find(", l2 0, dropout 0.5, input dropout 0.25, max-norm 3, gradients clipped to norm 1.5, full batch"),
            std::string::npos)
      << all.output;
  EXPECT_NE(train_here("--epochs 1 --clip-value 0.1").output.find(", gradients clipped to value 0.1, "),
            std::string::npos);
}

TEST_F(SmallSet, FinishesTheBatchWhenInterrupted) {
  const CommandResult result = run_command("timeout --preserve-status -s INT 0.5 " + program() + "--data " +
                                           folder_.path() + " --epochs 1000000000");
  EXPECT_EQ(result.status, 130) << result.output.substr(0, 500);
  EXPECT_NE(result.output.find("interrupted after "), std::string::npos);
  EXPECT_EQ(result.output.find("terminate"), std::string::npos);
  EXPECT_NE(result.output.find("test accuracy "), std::string::npos);
  EXPECT_NE(result.output.find("parameters fingerprint "), std::string::npos);
}

TEST_F(SmallSet, ReportsAClosedOutput) {
  const CommandResult result =
      run_command("{ " + program() + "--epochs 1 --data " + folder_.path() + " > /dev/full; }");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("standard output: cannot be written"), std::string::npos) << result.output;
}

TEST_F(SmallSet, RefusesWhatDoesNotFitTheData) {
  const struct {
    const char* options;
    const char* message;
  } cases[] = {
      {"--layers 13,5,4", "--layers: starts with 13 inputs, but the images have 12 pixels"},
      {"--layers 12,5,9", "--layers: ends with 9 outputs, but the labels have 4 classes"},
      {"--batch 45", "--batch: 45 is more than the 44 training images; use --batch full"},
      {"--batch-norm --batch 43", "--batch: 43 leaves a single one of the 44 training images for the last step"},
      {"--batch-norm --hidden none", "--batch-norm: there is no hidden layer to normalize"},
      {"--validation 48", "--validation: 48 images held out leaves none of 48"},
      {"--train-limit 45", "--train-limit: 45 asked for, but there are 44"},
      {"--hidden "
       "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
       "1,1,1,1,1,1,1,1,1,1,1",
       "--hidden: 65 layers asked for, at most 64 possible"},
      {"--validation 0 --early-stopping loss", "--early-stopping: there are no validation images to look at"},
      {"--ensemble 1000 --hidden 10000", "an ensemble of 1000 networks 12-10000-4, 1 at a time, needs 11"},
      {"--hidden 1000000,1000000",
       "bytes of static memory to train, but 536870912 are built in; rebuild with: make MEMORY_MB="},
  };
  for (const auto& c : cases) {
    const CommandResult result = train_here(c.options);
    EXPECT_EQ(result.status, 2) << c.options;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << c.options << "\n" << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
}

TEST(Train, RefusesWrongOptions) {
  const struct {
    const char* options;
    const char* message;
  } cases[] = {
      {"--frobnicate", "unknown option '--frobnicate'"},
      {"epochs", "unknown option 'epochs'"},
      {"--epochs", "--epochs: its value N is missing"},
      {"--epochs ''", "--epochs: its value N is empty"},
      {"--epochs 0", "--epochs: found '0', expected a whole number from 1"},
      {"--epochs 3x", "--epochs: found '3x'"},
      {"--epochs -3", "--epochs: found '-3'"},
      {"--epochs 99999999999999999999", "--epochs: found '99999999999999999999'"},
      {"--quiet=yes", "--quiet takes no value"},
      {"--batch 0", "--batch: found '0'"},
      {"--batch 1 --batch-norm", "--batch-norm needs at least 2 images at a time, not --batch 1"},
      {"--batch-norm=yes", "--batch-norm takes no value"},
      {"--learning-rate -1", "--learning-rate: found '-1', expected a finite number greater than 0"},
      {"--learning-rate 0", "--learning-rate: found '0'"},
      {"--learning-rate nan", "--learning-rate: found 'nan'"},
      {"--learning-rate inf", "--learning-rate: found 'inf'"},
      {"--learning-rate 1e99", "--learning-rate: found '1e99'"},
      {"--momentum 1", "--momentum: found '1', expected 0 <= X < 1"},
      {"--momentum 0.5 --optimizer sgd", "--momentum has no meaning with --optimizer sgd"},
      {"--momentum 0.5 --optimizer adam",
       "--momentum has no meaning with --optimizer adam; it is for momentum, nesterov"},
      {"--rho 1 --optimizer rmsprop", "--rho: found '1', expected 0 <= X < 1"},
      {"--rho 0.5 --optimizer adam", "--rho has no meaning with --optimizer adam; it is for rmsprop"},
      {"--beta1 0.5", "--beta1 has no meaning with --optimizer momentum; it is for adam, adamw, nadam"},
      {"--beta2 2", "--beta2: found '2', expected 0 <= X < 1"},
      {"--epsilon 0", "--epsilon: found '0', expected a finite number greater than 0"},
      {"--epsilon 1e-3 --optimizer sgd", "--epsilon has no meaning with --optimizer sgd"},
      {"--weight-decay 0.1 --optimizer adam", "--weight-decay has no meaning with --optimizer adam; it is for adamw"},
      {"--weight-decay -1", "--weight-decay: found '-1', expected a finite number, at least 0"},
      {"--l1 -0.1", "--l1: found '-0.1'"},
      {"--l1 nan", "--l1: found 'nan'"},
      {"--init-scale 0", "--init-scale: found '0', expected a finite number greater than 0"},
      {"--schedule magic", "--schedule: found 'magic', expected constant, step, exponential, cosine or plateau"},
      {"--warmup -1", "--warmup: found '-1'"},
      {"--decay-epochs 0 --schedule step", "--decay-epochs: found '0'"},
      {"--decay-epochs 3",
       "--decay-epochs has no meaning with --schedule constant; it is for step, exponential, cosine"},
      {"--decay-factor 1 --schedule step", "--decay-factor: found '1', expected 0 <= X < 1"},
      {"--decay-factor 0 --schedule step", "--decay-factor 0 is for --schedule cosine only"},
      {"--patience 3 --schedule step", "--patience has no meaning with --schedule step; it is for plateau"},
      {"--l2 -0.1", "--l2: found '-0.1'"},
      {"--clip-norm 0", "--clip-norm: found '0', expected a finite number greater than 0"},
      {"--clip-value inf", "--clip-value: found 'inf'"},
      {"--max-norm -1", "--max-norm: found '-1'"},
      {"--clip-norm 1 --clip-value 1", "--clip-norm and --clip-value contradict each other; give one of them"},
      {"--dropout 1", "--dropout: found '1', expected 0 <= P < 1"},
      {"--input-dropout -0.1", "--input-dropout: found '-0.1', expected 0 <= P < 1"},
      {"--dropout 0.5 --hidden none", "--dropout is for hidden units, of which there are none; --input-dropout is for"},
      {"--max-norm 3 --layers 784,10", "--max-norm is for hidden units, of which there are none"},
      {"--early-stopping always", "--early-stopping: found 'always', expected loss or accuracy"},
      {"--early-stopping loss --stop-patience 0", "--stop-patience: found '0', expected a whole number from 1"},
      {"--early-stopping loss --min-improvement -1", "--min-improvement: found '-1', expected a finite number"},
      {"--stop-patience 3", "--stop-patience has no meaning without --early-stopping"},
      {"--min-improvement 3", "--min-improvement has no meaning without --early-stopping"},
      {"--ensemble 1", "--ensemble: found '1', expected a whole number from 2 to 1000"},
      {"--layers 784", "--layers: found '784', expected at least two sizes"},
      {"--layers 784,,10", "--layers: found ''"},
      {"--layers 784,0,10", "--layers: found '0'"},
      {"--layers 784,10 --hidden 3", "--layers and --hidden contradict each other"},
      {"--activation softmax",
       "--activation: found 'softmax', expected identity, sigmoid, tanh, relu, leaky-relu, elu, "
       "selu, gelu, silu or softplus\n"},
      {"--activation swoosh", "--activation: found 'swoosh', expected identity,"},
      {"--output-activation swoosh", "gelu, silu, softplus or softmax"},
      {"--loss mse", "--loss: found 'mse', expected cross-entropy, sigmoid-cross-entropy, quadratic, mae or huber"},
      {"--loss huber --huber-delta 0", "--huber-delta: found '0', expected a finite number greater than 0"},
      {"--huber-delta 1", "--huber-delta has no meaning with --loss cross-entropy; it is for huber"},
      {"--label-smoothing 1", "--label-smoothing: found '1', expected 0 <= X < 1"},
      {"--label-smoothing 0.1 --loss quadratic",
       "--label-smoothing has no meaning with --loss quadratic; it is for cross-entropy, sigmoid-cross-entropy"},
      {"--label-smoothing 0.1 --autoencoder", "--label-smoothing has no meaning with --loss quadratic"},
      {"--autoencoder --regression", "--autoencoder and --regression contradict each other; give one of them"},
      {"--autoencoder --loss cross-entropy", "--autoencoder does not go with --loss cross-entropy: pixels do not"},
      {"--autoencoder --layers 784,32,10",
       "--layers: ends with 10 outputs, but --autoencoder reproduces 784 pixels; end with 784 or use --hidden"},
      {"--regression --loss sigmoid-cross-entropy --output-activation identity", "which needs sigmoid"},
      {"--regression", "train-targets-idx2-float: no such file (nor train-targets.idx2-float)"},
      {"--loss cross-entropy --output-activation sigmoid",
       "does not go with --loss cross-entropy, which needs softmax"},
      {"--init magic", "--init: found 'magic'"},
      {"--bias-init one", "--bias-init: found 'one', expected zero or gaussian, or a finite number"},
      {"--optimizer magic", "--optimizer: found 'magic', expected sgd, momentum, nesterov, adagrad"},
      {"--data README.md", "README.md: is not a folder; give the one that holds the four IDX files"},
      {"--threads 0", "--threads: found '0', expected a whole number from 1 to 64"},
      {"--isa v5", "--isa: found 'v5', expected baseline, v3 or v4"},
      {"--seed -1", "--seed: found '-1'"},
      {"--data /nowhere", "/nowhere: no such folder"},
  };
  for (const auto& c : cases) {
    const CommandResult result = train(c.options);
    EXPECT_EQ(result.status, 2) << c.options;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << c.options << "\n" << result.output;
    EXPECT_EQ(result.output.rfind("train: ", 0), 0u) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }
}

TEST(Train, HelpNamesEveryOptionAndItsDefault) {
  const CommandResult result = train("--help");
  EXPECT_EQ(result.status, 0);
  for (const char* option : {"--data",
                             "--layers",
                             "--hidden",
                             "--activation",
                             "--loss",
                             "--output-activation",
                             "--init",
                             "--bias-init",
                             "--optimizer",
                             "--learning-rate",
                             "--momentum",
                             "--l2",
                             "--batch",
                             "--epochs",
                             "--validation",
                             "--train-limit",
                             "--seed",
                             "--isa",
                             "--log",
                             "--quiet",
                             "--help",
                             "--init-scale",
                             "--rho",
                             "--beta1",
                             "--beta2",
                             "--epsilon",
                             "--weight-decay",
                             "--l1",
                             "--schedule",
                             "--warmup",
                             "--decay-epochs",
                             "--decay-factor",
                             "--patience",
                             "--huber-delta",
                             "--autoencoder",
                             "--label-smoothing",
                             "--regression",
                             "--clip-norm",
                             "--clip-value",
                             "--max-norm",
                             "--dropout",
                             "--input-dropout",
                             "--early-stopping",
                             "--stop-patience",
                             "--min-improvement",
                             "--ensemble",
                             "--batch-norm"}) {
    EXPECT_NE(result.output.find("\n  " + std::string(option)), std::string::npos) << option;
  }
  for (std::istringstream lines(result.output); !lines.eof();) {
    std::string line;
    std::getline(lines, line);
    EXPECT_LE(line.size(), 110u) << line;
  }
}

}  // namespace
