// SPDX-License-Identifier: MIT
// tools/train with targets that are numbers.
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

class TrainTargets : public SmallSet {};

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

TEST_F(TrainTargets, FitsASineFromFloatTargets) {
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

TEST_F(TrainTargets, RefusesLayersThatDoNotFitTheTargets) {
  TemporaryFolder folder;
  write_waves(folder);
  const CommandResult result = train("--regression --layers 1,5,3 --data " + folder.path());
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("--layers: found 3 outputs, but each image has 2 targets; end with 2"),
            std::string::npos)
      << result.output;
}

TEST_F(TrainTargets, AnAutoencoderReproducesItsImages) {
  for (const char* name : {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"}) {
    std::filesystem::remove(folder_.file(name));
  }
  const std::string options = "--autoencoder --hidden 8 --batch 4 --log " + folder_.file("log.csv") + " ";
  const CommandResult little = train_here(options + "--epochs 1"), much = train_here(options + "--epochs 100");
  ASSERT_EQ(much.status, 0) << much.output;
  EXPECT_LT(test_loss(much), 0.2 * test_loss(little)) << much.output;
  EXPECT_NE(much.output.find("images of 4 x 3 to be reproduced"), std::string::npos);
  EXPECT_NE(much.output.find("12-8-12, relu, sigmoid with quadratic loss"), std::string::npos) << much.output;
  EXPECT_EQ(much.output.find("accuracy"), std::string::npos);
  std::istringstream log(contents(folder_.file("log.csv")));
  std::string line;
  std::getline(log, line);
  std::getline(log, line);
  EXPECT_EQ(std::count(line.begin(), line.end(), ','), 6) << line;
  EXPECT_NE(line.find(",,"), std::string::npos) << "no accuracy: " << line;
}

TEST_F(TrainTargets, SaysTheNumbersOfTheLoss) {
  EXPECT_NE(train_here("--epochs 1 --loss huber --huber-delta 0.5").output.find("with huber loss (delta 0.5), "),
            std::string::npos);
  EXPECT_NE(train_here("--epochs 1 --label-smoothing 0.1").output.find("with cross-entropy loss (smoothing 0.1), "),
            std::string::npos);
}

}  // namespace
