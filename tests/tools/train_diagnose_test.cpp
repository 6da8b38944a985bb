// SPDX-License-Identifier: MIT
// tools/train --diagnose.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <vector>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "run/diagnosis.hpp"
#include "support/train_program.hpp"

namespace {

using namespace train_program;

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::istringstream text(line);
  for (std::string part; std::getline(text, part, separator);) parts.push_back(part);
  return parts;
}

class TrainDiagnose : public SmallSet {
 protected:
  /// The line of the given epoch (1: the first) in the log of a run, by column.
  std::map<std::string, std::string> logged(const std::string& options, std::size_t epoch = 1) {
    const CommandResult result = train_here(options + " --diagnose --log " + folder_.file("log.csv"));
    EXPECT_EQ(result.status, 0) << result.output;
    const std::vector<std::string> lines = split(contents(folder_.file("log.csv")), '\n');
    std::map<std::string, std::string> columns;
    if (lines.size() <= epoch) return columns;
    const std::vector<std::string> names = split(lines[0], ','), values = split(lines[epoch], ',');
    EXPECT_EQ(names.size(), values.size());
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) columns[names[i]] = values[i];
    return columns;
  }

  mote::Storage<1 << 16> data_;
};

/// A line without its seconds.
std::string timeless(const std::string& line) {
  const std::size_t end = line.find(" s", line.find("loss")), start = line.rfind("  ", end);
  return line.substr(0, start) + line.substr(end + 2);
}

TEST_F(TrainDiagnose, AddsTheLayersToEachLineAndChangesNoBit) {
  const std::string options = "--hidden 7,6 --epochs 2";
  const std::string plain = train_here(options).output, diagnosed = train_here(options + " --diagnose").output;
  EXPECT_EQ(line_with(plain, "parameters fingerprint"), line_with(diagnosed, "parameters fingerprint"));
  for (const char* start : {"epoch 1/2", "epoch 2/2"}) {
    const std::string without = timeless(line_with(plain, start)), with = timeless(line_with(diagnosed, start));
    ASSERT_EQ(with.substr(0, without.size() + 17), without + "  gradient norms ") << diagnosed;
    std::istringstream numbers(with.substr(without.size() + 17));
    double number = 0.0;
    int layers = 0;
    for (; numbers >> number; ++layers) EXPECT_GT(number, 0.0) << with;
    EXPECT_EQ(layers, 3) << with;
  }
}

// A step too small to move a weight: the log holds the library's diagnosis of the initial parameters.
TEST_F(TrainDiagnose, LogsWhatTheLibraryFinds) {
  const auto columns = logged("--hidden 7 --epochs 1 --optimizer sgd --learning-rate 1e-30 --seed 5");
  const tools::ImageSet images = tools::load_image_set(folder_.path(), data_);
  const mote::Topology topology{12, {7, mote::Activation::relu}, {4, mote::Activation::softmax}};
  std::vector<float> parameters(topology.parameter_count());
  mote::Random random(5, mote::Stream::initialization);
  mote::initialize(topology, mote::WeightInit::he_normal, mote::BiasInit::zero, random,
                   {parameters.data(), parameters.size()});
  std::vector<unsigned char> bytes(mote::diagnosis_bytes(topology, 44) + mote::kAlignment);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(bytes.data()) % mote::kAlignment;
  mote::LayerDiagnostics layers[2];
  ASSERT_TRUE(
      mote::diagnose(
          topology, {parameters.data(), parameters.size()}, mote::Loss::cross_entropy, images.train.subset(0, 44), 44,
          mote::Memory{bytes.data(), bytes.size()}.subspan(mote::kAlignment - past, bytes.size() - mote::kAlignment),
          layers)
          .ok());
  const auto expect = [&](const std::string& name, float value) {
    ASSERT_EQ(columns.count(name), 1u) << name;
    EXPECT_FLOAT_EQ(std::strtof(columns.at(name).c_str(), nullptr), value) << name;
  };
  for (int l = 0; l < 2; ++l) {
    const std::string start = "layer" + std::to_string(l + 1) + "_";
    // The biases have moved from 0 by about 1e-30, which changes these numbers at most in the last place.
    expect(start + "bias_gradient", layers[l].bias_gradient);
    expect(start + "weight_gradient", layers[l].weight_gradient);
    expect(start + "weight_norm", layers[l].weight_norm);
    expect(start + "update_ratio", 0.0f);
    expect(start + "delta_deviation", layers[l].deltas.deviation);
    expect(start + "z_mean", layers[l].pre_activations.mean);
    expect(start + "z_deviation", layers[l].pre_activations.deviation);
    expect(start + "a_mean", layers[l].activations.mean);
    expect(start + "a_deviation", layers[l].activations.deviation);
    expect(start + "forward_ratio", layers[l].forward_ratio);
    expect(start + "backward_ratio", layers[l].backward_ratio);
    expect(start + "saturated", layers[l].saturated);
    expect(start + "dead", layers[l].dead);
    EXPECT_EQ(columns.at(start + "verdict"), mote::to_string(layers[l].verdict));
  }
}

// The last step of an epoch has the last batch: 44 images in batches of 43 leave one image.
TEST_F(TrainDiagnose, MeasuresTheLastStepOfTheEpoch) {
  const auto slow = logged("--hidden 7 --epochs 1 --batch 43 --optimizer sgd --learning-rate 0.001 --clip-norm 1e-3");
  const double ratio = std::atof(slow.at("layer1_update_ratio").c_str());
  const double norm = std::atof(slow.at("layer1_weight_norm").c_str());
  EXPECT_GT(ratio, 0.0);
  EXPECT_LE(ratio * norm, 0.001 * 1e-3 * 1.05);  // one step of at most rate times the clipped norm
}

TEST_F(TrainDiagnose, SaysWhatIsWrong) {
  EXPECT_NE(train_here("--hidden 7 --epochs 1 --bias-init -100 --diagnose").output.find(" (dead) "), std::string::npos);
  EXPECT_EQ(logged("--hidden 7 --epochs 1 --bias-init -100")["layer1_verdict"], "dead");
  EXPECT_EQ(logged("--hidden 7 --activation sigmoid --epochs 1 --bias-init 4")["layer1_verdict"], "saturated");
}

TEST_F(TrainDiagnose, GoesWithEveryKindOfNetwork) {
  for (const char* options : {"--epochs 1 --batch-norm", "--epochs 2 --autoencoder", "--epochs 1 --hidden none",
                              "--epochs 1 --dropout 0.5 --threads 2", "--epochs 9 --early-stopping loss",
                              "--epochs 1 --activation gelu --optimizer nesterov --batch full"}) {
    const CommandResult result = train_here(std::string(options) + " --diagnose");
    EXPECT_EQ(result.status, 0) << options << "\n" << result.output;
    EXPECT_NE(result.output.find("  gradient norms "), std::string::npos) << options << "\n" << result.output;
  }
}

TEST_F(TrainDiagnose, RefusesAnEnsemble) {
  const CommandResult result = train_here("--diagnose --ensemble 2");
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("--diagnose and --ensemble contradict each other; a diagnosis is of one network"),
            std::string::npos);
}

TEST(Diagnosis, TextNamesWhatIsNotHealthy) {
  mote::LayerDiagnostics vanishing, healthy;
  vanishing.bias_gradient = 0.000123456f;
  vanishing.verdict = mote::Verdict::vanishing;
  healthy.bias_gradient = 0.25f;
  EXPECT_EQ(tools::diagnosis_text({vanishing, healthy}), "gradient norms 0.000123 (vanishing) 0.25");
}

}  // namespace
