// SPDX-License-Identifier: MIT
// Training as PyTorch trains: every step's loss and the last parameters of the cases in tests/pytorch/golden.txt, which
// tests/pytorch/golden.py made in double precision and explains.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "double_network.hpp"
#include "names.hpp"
#include "support.hpp"
#include "training_support.hpp"

namespace {

using mote::Topology;
using mote::TrainingOptions;

constexpr const char* kGoldenFile = "tests/pytorch/golden.txt";

/// "key value key value ...".
using Settings = std::map<std::string, std::string>;

/// One network, how it is trained, and what PyTorch makes of it.
struct Case {
  std::string description;
  Settings settings;
  std::vector<double> losses;      // [steps], of each mini-batch before its step
  std::vector<double> parameters;  // layer by layer, weights [inputs][outputs], then biases

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
      cases.push_back({line, common, {}, {}});
      while (words >> key >> value) cases.back().settings[key] = value;
    } else if (kind == "losses" || kind == "parameters") {
      std::vector<double>& numbers = kind == "losses" ? cases.back().losses : cases.back().parameters;
      while (words >> value) numbers.push_back(std::stod(value));
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
  return {c.count("inputs"), {c.count("first"), hidden}, {c.count("second"), hidden}, {c.count("outputs"), output}};
}

TrainingOptions options_of(const Case& c) {
  TrainingOptions options;
  options.loss = {named(tools::kLosses, c.text("loss")), c.number("huber_delta"), c.number("smoothing")};
  options.clip_value = c.number("clip_value");
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
  }
}

std::vector<std::uint8_t> draw_bytes(std::size_t count, std::uint32_t modulus, Generator& random) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256) % modulus);
  return bytes;
}

/// Largest differences from what PyTorch found.
struct Errors {
  double loss = 0.0;       // relative
  double parameter = 0.0;  // relative to the largest of the layer's weights or biases
};

/// |value - expected| / scale; infinite where value is NaN, so that a maximum keeps it.
double error_of(double value, double expected, double scale) {
  return value == value ? std::fabs(value - expected) / scale : mote::test::wide(mote::test::kInf);
}

double largest_parameter_error(const twin::Parameters& trained, const std::vector<double>& expected) {
  const double* e = expected.data();
  double largest = 0.0;
  for (std::size_t l = 0; l < trained.weights.size(); ++l) {
    for (const twin::Vector* values : {&trained.weights[l], &trained.biases[l]}) {
      const double* end = e + values->size();
      const double scale =
          std::fabs(*std::max_element(e, end, [](double a, double b) { return std::fabs(a) < std::fabs(b); }));
      for (const double value : *values) largest = std::max(largest, error_of(value, *e++, scale));
    }
  }
  return largest;
}

/// Trains with mote. Each step is an epoch of a data set that is one mini-batch, so that totals are its loss.
Errors train(const Case& c) {
  const Topology topology = topology_of(c);
  const TrainingOptions options = options_of(c);
  training::Bound bound(topology, options, options.batch_size);
  Generator random(c.count("seed"));
  draw_parameters(topology, random, bound.trainer.parameters());
  const std::uint32_t samples = c.count("samples");
  const std::vector<std::uint8_t> inputs = draw_bytes(samples * topology.inputs, 256, random);
  const std::vector<std::uint8_t> labels = draw_bytes(samples, c.count("outputs"), random);
  const mote::Dataset data{inputs.data(), labels.data(), samples, topology.inputs, topology.outputs(), 1.0f / 256.0f};

  Errors errors;
  for (std::size_t step = 0; step < c.losses.size(); ++step) {
    const mote::Dataset batch = data.subset(step * options.batch_size % samples, options.batch_size);
    EXPECT_TRUE(bound.trainer.train_epoch(batch).ok());
    const double loss = mote::test::wide(bound.trainer.epoch_totals().mean_loss());
    errors.loss = std::max(errors.loss, error_of(loss, c.losses[step], c.losses[step]));
  }
  errors.parameter = largest_parameter_error(twin::unpack(topology, bound.trainer.parameters()), c.parameters);
  return errors;
}

class PyTorch : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, PyTorch, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

// A few roundings of 2^-24 = 6e-8 each, from every step. Measured on all instruction sets: at worst 3.6e-7 in a loss
// (selu with sgd) and 6.1e-7 in a parameter (adam with a cosine schedule).
constexpr double kLossLimit = 5e-7, kParameterLimit = 8e-7;

TEST_P(PyTorch, TrainsTheSameNetworksToTheSameParameters) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GE(cases.size(), 45u) << kGoldenFile << ": run this from the root of the repository";
  Errors worst;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.description);
    ASSERT_EQ(c.losses.size(), c.count("steps"));
    ASSERT_EQ(c.parameters.size(), topology_of(c).trainable_count());
    const Errors errors = train(c);
    EXPECT_LT(errors.loss, kLossLimit);
    EXPECT_LT(errors.parameter, kParameterLimit);
    worst = {std::max(worst.loss, errors.loss), std::max(worst.parameter, errors.parameter)};
  }
  RecordProperty("loss", std::to_string(worst.loss * 1e7) + "e-7");
  RecordProperty("parameter", std::to_string(worst.parameter * 1e7) + "e-7");
}

}  // namespace
