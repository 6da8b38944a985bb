// SPDX-License-Identifier: MIT
// Training as PyTorch trains: every step's loss, the last parameters and the loss of inference with them, for the cases
// in tests/pytorch/golden.txt, which tests/pytorch/golden.py made in double precision and explains.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "common/names.hpp"
#include "support/double_batch_norm.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Topology;
using mote::TrainingOptions;

constexpr const char* kGoldenFile = "tests/pytorch/golden.txt";

/// "key value key value ...".
using Settings = std::map<std::string, std::string>;

/// One network and how it is trained.
struct Case {
  std::string description;
  Settings settings;
  // What PyTorch found, by name: "losses" [steps], of each mini-batch before its step; "inference_loss" [1], of all
  // samples afterwards; "parameters", layer by layer weights [inputs][outputs], biases, scales; "running_means" and
  // "running_variances", of one layer with batch normalization after the other.
  std::map<std::string, std::vector<double>> found;

  const std::string& text(const char* key) const { return settings.at(key); }
  float number(const char* key) const { return std::stof(text(key)); }
  std::uint32_t count(const char* key) const { return static_cast<std::uint32_t>(std::stoul(text(key))); }
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  Settings common;
  std::ifstream file(kGoldenFile);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, key, value;
    words >> kind;
    if (kind == "common") {
      while (words >> key >> value) common[key] = value;
    } else if (kind == "case") {
      cases.push_back({line, common, {}});
      while (words >> key >> value) cases.back().settings[key] = value;
    } else if (kind != "#") {
      while (words >> value) cases.back().found[kind].push_back(std::stod(value));
    }
  }
  return cases;
}

/// The generator of golden.py.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t power_of_two) {
    state_ = 1664525u * state_ + 1013904223u;
    return static_cast<std::uint32_t>(std::uint64_t{state_} * power_of_two >> 32);
  }
  float weight() { return (2.0f * static_cast<float>(below(1024)) - 1023.0f) / 1024.0f; }

 private:
  std::uint32_t state_;
};

template <typename Enum, std::size_t N>
Enum named(const tools::Named<Enum> (&names)[N], const std::string& name) {
  Enum value{};
  EXPECT_TRUE(tools::find_name(names, name, value)) << name;
  return value;
}

Topology topology_of(const Case& c) {
  const mote::Activation hidden = named(tools::kActivations, c.text("hidden"));
  const mote::Activation output = named(tools::kActivations, c.text("output"));
  const bool norm = c.number("batch_norm") != 0.0f;
  return {c.count("inputs"),
          {c.count("first"), hidden, norm},
          {c.count("second"), hidden, norm},
          {c.count("outputs"), output}};
}

TrainingOptions options_of(const Case& c) {
  TrainingOptions options;
  options.loss = {named(tools::kLosses, c.text("loss")), c.number("huber_delta"), c.number("smoothing")};
  options.clip_value = c.number("clip_value");
  options.clip_norm = c.number("clip_norm");
  mote::OptimizerOptions& optimizer = options.optimizer;
  optimizer.method = named(tools::kOptimizers, c.text("optimizer"));
  optimizer.learning_rate = c.number("rate");
  optimizer.momentum = c.number("momentum");
  optimizer.beta1 = c.number("beta1");
  optimizer.beta2 = c.number("beta2");
  optimizer.epsilon = c.number("epsilon");
  optimizer.rho = c.number("rho");
  optimizer.weight_decay = c.number("decay");
  options.l1 = c.number("l1");
  options.l2 = c.number("l2");
  const std::map<std::string, mote::Decay> decays = {{"none", mote::Decay::none},
                                                     {"step", mote::Decay::step},
                                                     {"exponential", mote::Decay::exponential},
                                                     {"cosine", mote::Decay::cosine}};
  options.schedule = {decays.at(c.text("schedule")), c.count("decay_steps"), c.number("factor"), c.count("warmup")};
  options.batch_size = c.count("batch");
  options.shuffle = false;
  return options;
}

void draw_parameters(const Topology& topology, Generator& random, mote::Span<float> parameters) {
  std::fill(parameters.begin(), parameters.end(), 0.0f);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const auto draw_row = [&](std::size_t offset) {
      for (std::size_t j = 0; j < topology.outputs_of(l); ++j) parameters[offset + j] = random.weight();
    };
    for (std::size_t i = 0; i < topology.inputs_of(l); ++i) {
      draw_row(topology.weights_offset(l) + i * topology.stride_of(l));
    }
    draw_row(topology.biases_offset(l));
    if (topology.layers[l].batch_norm) draw_row(topology.scales_offset(l));
  }
}

std::vector<std::uint8_t> draw_bytes(std::size_t count, std::uint32_t modulus, Generator& random) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256) % modulus);
  return bytes;
}

/// Largest differences from what PyTorch found.
struct Errors {
  double loss = 0.0;        // relative
  double parameter = 0.0;   // relative to the largest of the layer's weights, biases or scales
  double statistics = 0.0;  // relative to the largest of the layer's running means or variances
};

/// |value - expected| / scale; infinite where value is NaN, so that a maximum keeps it.
double error_of(double value, double expected, double scale) {
  return value == value ? std::fabs(value - expected) / scale : mote::test::wide(mote::test::kInf);
}

/// Largest error in any of the arrays, which `expected` holds one after another.
double largest_error(const std::vector<twin::Vector>& arrays, const std::vector<double>& expected) {
  std::size_t at = 0;
  double largest = 0.0;
  for (const twin::Vector& values : arrays) {
    double scale = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) scale = std::max(scale, std::fabs(expected.at(at + i)));
    for (const double value : values) largest = std::max(largest, error_of(value, expected[at++], scale));
  }
  EXPECT_EQ(at, expected.size());
  return largest;
}

std::vector<twin::Vector> parameter_arrays(const mote::Trainer& trainer) {
  std::vector<twin::Vector> arrays;
  twin::NormalizedNetwork network(trainer.topology(), trainer.parameters());
  for (const twin::Vector* array : network.arrays()) arrays.push_back(*array);
  return arrays;
}

/// Of each layer with batch normalization, from `statistics`, which is laid out like scales.
std::vector<twin::Vector> statistics_arrays(const Topology& topology, const float* statistics) {
  std::vector<twin::Vector> arrays;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (!topology.layers[l].batch_norm) continue;
    const float* row = statistics + topology.scale_floats_before(l);
    arrays.emplace_back(row, row + topology.outputs_of(l));
  }
  return arrays;
}

/// Trains with mote. Each step is an epoch of a data set that is one mini-batch, so that totals are its loss.
Errors train(const Case& c) {
  const Topology topology = topology_of(c);
  const TrainingOptions options = options_of(c);
  training::Bound bound(topology, options, options.batch_size);
  mote::Trainer& trainer = bound.trainer;
  Generator random(c.count("seed"));
  draw_parameters(topology, random, trainer.parameters());
  const std::uint32_t samples = c.count("samples");
  const std::vector<std::uint8_t> inputs = draw_bytes(samples * topology.inputs, 256, random);
  const std::vector<std::uint8_t> labels = draw_bytes(samples, c.count("outputs"), random);
  const mote::Dataset data{inputs.data(), labels.data(), samples, topology.inputs, topology.outputs(), 1.0f / 256.0f};

  Errors errors;
  const auto compare_loss = [&errors](const mote::LossTotals& totals, double expected) {
    errors.loss = std::max(errors.loss, error_of(mote::test::wide(totals.mean_loss()), expected, expected));
  };
  const std::vector<double>& losses = c.found.at("losses");
  EXPECT_EQ(losses.size(), c.count("steps"));
  for (std::size_t step = 0; step < losses.size(); ++step) {
    const mote::Dataset batch = data.subset(step * options.batch_size % samples, options.batch_size);
    EXPECT_TRUE(trainer.train_epoch(batch).ok());
    compare_loss(trainer.epoch_totals(), losses[step]);
  }
  mote::LossTotals inference;
  EXPECT_TRUE(trainer.evaluate(data, inference).ok());
  compare_loss(inference, c.found.at("inference_loss").at(0));
  errors.parameter = largest_error(parameter_arrays(trainer), c.found.at("parameters"));
  if (topology.all_scale_floats() == 0) return errors;
  const float* running = trainer.running_statistics().data();
  errors.statistics = std::max(largest_error(statistics_arrays(topology, running), c.found.at("running_means")),
                               largest_error(statistics_arrays(topology, running + topology.all_scale_floats()),
                                             c.found.at("running_variances")));
  return errors;
}

class PyTorch : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, PyTorch, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

// A few roundings of 2^-24 = 6e-8 each, from every step. Measured on all instruction sets: at worst 3.6e-7 in a loss
// (selu with sgd), 6.1e-7 in a parameter (adam with a cosine schedule) and 6.0e-7 in running statistics (batch
// normalization with gelu).
constexpr double kLossLimit = 5e-7, kParameterLimit = 8e-7, kStatisticsLimit = 8e-7;

TEST_P(PyTorch, TrainsTheSameNetworksToTheSameParameters) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GE(cases.size(), 75u) << kGoldenFile << ": run this from the root of the repository";
  Errors worst;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.description);
    const Errors errors = train(c);
    EXPECT_LT(errors.loss, kLossLimit);
    EXPECT_LT(errors.parameter, kParameterLimit);
    EXPECT_LT(errors.statistics, kStatisticsLimit);
    worst = {std::max(worst.loss, errors.loss), std::max(worst.parameter, errors.parameter),
             std::max(worst.statistics, errors.statistics)};
  }
  RecordProperty("loss", std::to_string(worst.loss * 1e7) + "e-7");
  RecordProperty("parameter", std::to_string(worst.parameter * 1e7) + "e-7");
  RecordProperty("statistics", std::to_string(worst.statistics * 1e7) + "e-7");
}

}  // namespace
