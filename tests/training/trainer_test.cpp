// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/double_network.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::LossTotals;
using mote::Optimizer;
using mote::Result;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::kSmall;
using training::Samples;
using training::with_batch;

constexpr std::size_t kSamples = 50;

TEST(Trainer, RefusesDataThatDoNotFit) {
  const Samples samples(kSmall, 10);
  Bound bound(kSmall, with_batch(4), 10);
  const std::uint32_t before = bound.fingerprint();
  const auto expect = [&](Status status, std::uint64_t found, std::uint64_t expected, auto modify) {
    mote::Dataset dataset = samples.dataset;
    modify(dataset);
    for (const Result& result : {bound.trainer.begin_epoch(dataset), bound.trainer.train_epoch(dataset)}) {
      EXPECT_EQ(result.status, status);
      EXPECT_EQ(result.found, found);
      EXPECT_EQ(result.expected, expected);
    }
  };
  expect(Status::input_size_mismatch, 4, 5, [](auto& d) { d.features = 4; });
  expect(Status::output_size_mismatch, 4, 3, [](auto& d) { d.classes = 4; });
  expect(Status::count_mismatch, 9, 10, [](auto& d) { d.count = 9; });
  expect(Status::no_samples, 0, 0, [](auto& d) { d.count = 0; });
  EXPECT_EQ(bound.fingerprint(), before);
  EXPECT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
}

TEST(Trainer, ReportsParametersThatOverflowInTheLastStep) {
  const Topology topology{2, {2, Activation::softmax}};
  TrainingOptions options;
  options.optimizer.learning_rate = 3e38f;
  options.l2 = 2.0f;
  options.batch_size = 4;
  const unsigned char pixels[] = {0, 0, 0, 255, 255, 0, 255, 255}, labels[] = {0, 1, 1, 0};
  static mote::Storage<mote::training_bytes({2, {2, Activation::softmax}}, {}, 4)> memory;
  mote::Trainer trainer;
  ASSERT_TRUE(trainer.bind(topology, options, 4, memory).ok());
  trainer.initialize(mote::WeightInit::gaussian, mote::BiasInit::zero);
  EXPECT_EQ(trainer.train_epoch({pixels, labels, 4, 2, 2}).status, Status::not_finite);
}

TEST(Trainer, CountsOneAdamStepABatchWhateverTheLayers) {
  const Topology topology{2, {3, Activation::tanh}, {4, Activation::tanh}, {2, Activation::softmax}};
  TrainingOptions options;
  options.optimizer = {Optimizer::adam, 0.01f};
  options.batch_size = 4;
  const unsigned char pixels[] = {10, 20, 30, 255, 255, 40, 255, 200}, labels[] = {0, 1, 1, 0};
  static mote::Storage<1 << 16> memory;
  mote::Trainer trainer;
  ASSERT_TRUE(trainer.bind(topology, options, 4, memory).ok());
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  const std::vector<float> before(trainer.parameters().begin(), trainer.parameters().end());
  ASSERT_TRUE(trainer.train_epoch({pixels, labels, 4, 2, 2}).ok());
  for (std::size_t i = 0; i < before.size(); ++i) {  // with t = 1 in every layer each step is the learning rate
    const float step = std::abs(trainer.parameters()[i] - before[i]);
    if (before[i] == 0.0f) continue;  // padding
    EXPECT_NEAR(step, 0.01f, 2e-5f) << i;
  }
}

TEST(Trainer, RefusesHiddenLayersWhoseWeightsAreAllZero) {
  const Samples samples({0, 0, 0, 255, 255, 0, 255, 255}, {0, 1, 1, 0}, 2, 2);
  const auto result_of = [&](const Topology& topology, float weight) {
    Bound bound(topology, with_batch(4), 4);
    for (float& x : bound.trainer.parameters()) x = 0.0f;
    bound.trainer.parameters()[0] = weight;
    const Result result = bound.trainer.train_epoch(samples.dataset);
    EXPECT_EQ(bound.trainer.progress().steps, result.ok() ? 1u : 0u);
    return result.status;
  };
  const Topology deep{2, {3, Activation::tanh}, {2, Activation::softmax}}, single{2, {2, Activation::softmax}};
  EXPECT_EQ(result_of(deep, 0.0f), Status::not_initialized);
  EXPECT_EQ(result_of(deep, 0.5f), Status::ok);
  EXPECT_EQ(result_of(single, 0.0f), Status::ok) << "a convex problem needs no random start";
}

TEST(Trainer, LearnsExclusiveOr) {
  const Samples samples({0, 0, 0, 255, 255, 0, 255, 255}, {0, 1, 1, 0}, 2, 2);
  Bound bound({2, {8, Activation::tanh}, {2, Activation::softmax}}, with_batch(4, 256, Optimizer::momentum), 4);
  bound.train(samples.dataset, 300);
  LossTotals totals;
  ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, totals).ok());
  EXPECT_EQ(totals.correct, 4u);
  EXPECT_LT(totals.mean_loss(), 0.1f);
}

TEST(Trainer, LearnsToSeparateTwoHalvesOfASquare) {
  Samples samples(Topology{2, {2, Activation::softmax}}, 200);
  for (std::size_t i = 0; i < 200; ++i) {
    const int sum = samples.features[2 * i] + samples.features[2 * i + 1];
    if (sum > 225 && sum < 285) samples.features[2 * i] = 0, samples.features[2 * i + 1] = 200;  // a margin
    samples.labels[i] = samples.features[2 * i] + samples.features[2 * i + 1] > 255;
  }
  for (const std::size_t batch : {1u, 16u, 200u}) {  // online, mini-batches, full batch
    TrainingOptions options = with_batch(batch);
    options.optimizer.learning_rate = batch == 200 ? 10.0f : 1.0f;
    options.l2 = 0.0f;
    Bound bound({2, {2, Activation::softmax}}, options, 200);
    bound.train(samples.dataset, 100);
    EXPECT_GE(bound.trainer.epoch_totals().accuracy(), 0.99f) << "batch " << batch;
  }
}

/// Epochs in the order of the data by the twin: totals of the last one, and the parameters.
struct TwinRun {
  twin::Network network;
  double mean_loss = 0.0;
  std::uint32_t correct = 0;

  TwinRun(const Topology& topology, mote::Span<const float> parameters) : network(topology, parameters) {}

  void train_epoch(const mote::Dataset& data, const TrainingOptions& options) {
    mean_loss = 0.0;
    correct = 0;
    for (std::size_t first = 0; first < data.count; first += options.batch_size) {
      twin::Batch batch;
      const std::size_t end = std::min(first + options.batch_size, data.count);
      for (std::size_t i = first; i < end; ++i) {
        const auto* sample = static_cast<const std::uint8_t*>(data.row(i));
        for (std::size_t j = 0; j < data.features; ++j) batch.inputs.push_back(static_cast<float>(sample[j]) / 255.0f);
        batch.labels.push_back(data.labels[i]);
        const twin::Vector a = network.outputs(batch.inputs.data() + (i - first) * data.features);
        correct += std::max_element(a.begin(), a.end()) - a.begin() == data.labels[i];
      }
      const double rows = static_cast<double>(batch.rows()),
                   rate = static_cast<double>(options.optimizer.learning_rate);
      mean_loss += network.mean_loss(options.loss, batch) * rows / static_cast<double>(data.count);
      const twin::Parameters g = network.gradients(options.loss, batch, static_cast<double>(options.l2));
      for (std::size_t l = 0; l < g.weights.size(); ++l) {
        for (std::size_t i = 0; i < g.weights[l].size(); ++i)
          network.parameters.weights[l][i] -= rate * g.weights[l][i];
        for (std::size_t j = 0; j < g.biases[l].size(); ++j) network.parameters.biases[l][j] -= rate * g.biases[l][j];
      }
    }
  }
};

TEST(Trainer, EpochsOfGradientDescentMatchTheFormulas) {
  const Samples samples(kSmall, kSamples);
  for (const std::size_t batch : {1u, 7u, 16u, 50u}) {  // 7 and 16 leave a partial last batch
    SCOPED_TRACE(batch);
    TrainingOptions options = with_batch(batch, 6);
    options.shuffle = false;
    Bound bound(kSmall, options, kSamples);
    TwinRun expected(kSmall, bound.trainer.parameters());
    for (int epoch = 0; epoch < 2; ++epoch) {
      ASSERT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
      expected.train_epoch(samples.dataset, options);
      const LossTotals& totals = bound.trainer.epoch_totals();
      EXPECT_EQ(totals.samples, kSamples);
      EXPECT_EQ(totals.correct, expected.correct);
      EXPECT_NEAR(static_cast<double>(totals.mean_loss()), expected.mean_loss, 1e-5);
      const twin::Parameters found = twin::unpack(kSmall, bound.trainer.parameters());
      EXPECT_LT(twin::largest_error(found, expected.network.parameters), 1e-5);
    }
  }
}

/// An input that is not 0 only among the samples of the last worker counts for all.
TEST(Trainer, WorkersMergeTheirListsOfActiveInputs) {
  const Topology topology{64, {16, Activation::tanh}, {3, Activation::softmax}};
  std::vector<std::uint8_t> features(48 * 64), labels(48);
  for (std::size_t i = 0; i < 48; ++i) {
    labels[i] = static_cast<std::uint8_t>(i % 3);
    features[i * 64 + i] = 255;  // each sample lights its own input
  }
  const Samples samples(features, labels, 64, 3);
  std::vector<std::uint32_t> fingerprints;
  for (const std::size_t workers : {1u, 2u, 3u}) {
    TrainingOptions options = with_batch(48);
    options.workers = workers;
    Bound bound(topology, options, 48);
    bound.trainer.set_parallel({nullptr, nullptr, workers});
    fingerprints.push_back(bound.train(samples.dataset, 2));
  }
  EXPECT_EQ(fingerprints[1], fingerprints[0]);
  EXPECT_EQ(fingerprints[2], fingerprints[0]);
}

TEST(Trainer, MovesNesterovsPointWithWeightsThatMaxNormShortens) {
  const Samples samples(kSmall, kSamples);
  TrainingOptions options = with_batch(10, 256, Optimizer::nesterov);
  options.max_norm = 0.5f;
  Bound bound(kSmall, options, kSamples);
  ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
  ASSERT_TRUE(bound.trainer.train_batch().ok());
  const std::size_t count = kSmall.parameter_count();
  const mote::Span<const float> state = bound.trainer.optimizer_state(), parameters = bound.trainer.parameters();
  ASSERT_EQ(state.size(), 2 * count);
  for (std::size_t i = 0; i < kSmall.all_weight_floats(); ++i) {
    ASSERT_NEAR(state[count + i], parameters[i] + 0.9f * state[i], 1e-6f) << i;
  }
}

}  // namespace
