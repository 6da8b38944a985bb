// SPDX-License-Identifier: MIT
// A hundred steps of every optimizer on a network, against the formulas in double precision from end to end.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mote/instruction_set.hpp"
#include "support/double_network.hpp"
#include "support/double_optimizer.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::Samples;

constexpr std::size_t kSamples = 20;

/// Training in double precision: parameters, optimizer state, and the step number that all layers share.
struct TwinTraining {
  twin::Network network;
  twin::OptimizerTwin optimizer;
  std::vector<twin::Memory> memory;
  int t = 0;

  TwinTraining(const Topology& topology, mote::Span<const float> parameters, const TrainingOptions& options)
      : network(topology, parameters),
        optimizer{options.optimizer, static_cast<double>(options.l2), static_cast<double>(options.l1)},
        memory(topology.trainable_count()) {}

  /// Calls f(theta, g, memory, is_weight) for every parameter.
  template <typename F>
  void for_each(const twin::Parameters& g, F f) {
    std::size_t i = 0;
    for (std::size_t l = 0; l < g.weights.size(); ++l) {
      twin::Vector &w = network.parameters.weights[l], &b = network.parameters.biases[l];
      for (std::size_t j = 0; j < w.size(); ++j) f(w[j], g.weights[l][j], memory[i++], true);
      for (std::size_t j = 0; j < b.size(); ++j) f(b[j], g.biases[l][j], memory[i++], false);
    }
  }

  void step(const mote::LossOptions& loss, const twin::Batch& batch) {
    const twin::Parameters theta = network.parameters;
    for_each(theta, [&](double& p, double, const twin::Memory& m, bool) { p = optimizer.point(p, m); });
    const twin::Parameters g = network.gradients(loss, batch, 0.0);
    network.parameters = theta;
    ++t;
    for_each(g, [&](double& p, double slope, twin::Memory& m, bool weight) { optimizer.step(p, slope, m, t, weight); });
  }
};

twin::Batch batch_of(const mote::Dataset& data, std::size_t first, std::size_t count) {
  twin::Batch batch;
  for (std::size_t i = first * data.features; i < (first + count) * data.features; ++i) {
    batch.inputs.push_back(static_cast<float>(static_cast<const std::uint8_t*>(data.data)[i]) * (1.0f / 255.0f));
  }
  batch.labels.assign(data.labels + first, data.labels + first + count);
  return batch;
}

/// The largest relative error of any layer's weights or biases after a hundred steps.
double error_after_a_hundred_steps(const Topology& topology, const TrainingOptions& options) {
  const Samples samples(topology, kSamples);
  Bound bound(topology, options, kSamples);
  TwinTraining expected(topology, bound.trainer.parameters(), options);
  while (expected.t < 100) {
    EXPECT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
    for (std::size_t first = 0; first < kSamples; first += options.batch_size) {
      expected.step(options.loss, batch_of(samples.dataset, first, options.batch_size));
    }
  }
  return twin::largest_error(twin::unpack(topology, bound.trainer.parameters()), expected.network.parameters);
}

TrainingOptions options_for(mote::Optimizer method) {
  TrainingOptions options;
  options.shuffle = false;
  options.batch_size = 5;
  options.optimizer = {method, 0.01f, 0.9f};
  options.optimizer.weight_decay = 0.1f;
  options.l2 = 0.01f;
  return options;
}

class OptimizerTrajectories : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, OptimizerTrajectories, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

// A gradient is a sum of up to 20 terms with an error of about 1e-6 of its layer's gradients; where it is almost 0,
// methods that divide by its size magnify the error to the size of a step. Activations are smooth, because at a kink
// both slopes are right.
constexpr double kLimit = 3e-6;

TEST_P(OptimizerTrajectories, FollowTheFormulas) {
  const Topology topology{7, {12, Activation::tanh}, {9, Activation::sigmoid}, {4, Activation::softmax}};
  for (const mote::Optimizer method : twin::kEveryOptimizer) {
    TrainingOptions options = options_for(method);
    const double at_once = error_after_a_hundred_steps(topology, options);
    EXPECT_LT(at_once, kLimit) << twin::name_of(method);
    options.memory_rows = 3;  // gradients kept, then used
    // The penalty jumps where a weight crosses 0: within its error of 0, a weight may have either sign, and the
    // trajectories part. With these numbers none gets there. The penalty may also cancel a gradient up to its error,
    // which a small epsilon would magnify.
    options.l1 = 0.003f;
    options.optimizer.epsilon = 1e-3f;
    const double kept = error_after_a_hundred_steps(topology, options);
    EXPECT_LT(kept, kLimit) << twin::name_of(method);
    RecordProperty(std::string(twin::name_of(method)) + "_kept", std::to_string(kept * 1e6) + "e-6");
    RecordProperty(twin::name_of(method), std::to_string(at_once * 1e6) + "e-6");
  }
}

// Advanced once per layer, the bias corrections of step t would be those of step 4 t and more.
TEST_P(OptimizerTrajectories, CountOneStepPerBatchWhateverTheLayers) {
  for (const mote::Optimizer method : {mote::Optimizer::adam, mote::Optimizer::adamw, mote::Optimizer::nadam}) {
    for (std::uint32_t hidden = 0; hidden <= 5; ++hidden) {
      Topology topology;
      topology.inputs = 6;
      for (std::uint32_t l = 0; l < hidden; ++l) ASSERT_TRUE(topology.add({8 + l, Activation::tanh}).ok());
      ASSERT_TRUE(topology.add({3, Activation::softmax}).ok());
      EXPECT_LT(error_after_a_hundred_steps(topology, options_for(method)), kLimit)
          << twin::name_of(method) << ", " << hidden << " hidden layers";
    }
  }
}

}  // namespace
