// SPDX-License-Identifier: MIT
// Training and evaluation where targets are vectors: regression, autoencoders, soft labels.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Dataset;
using mote::Loss;
using mote::LossTotals;
using mote::Optimizer;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::with_batch;

constexpr std::size_t kSamples = 50;

/// Random bytes, each sample with random target values.
struct Samples {
  training::Samples labelled;
  std::vector<float> values;
  Dataset dataset;

  explicit Samples(const Topology& topology, std::size_t count = kSamples)
      : labelled(topology, count), values(twin::random_values(topology, count, 5)), dataset(labelled.dataset) {
    dataset.labels = nullptr;
    dataset.targets = {values.data(), count, topology.outputs(), topology.outputs()};
  }
};

struct Case {
  mote::LossOptions loss;
  Topology topology;
};

const Case kCases[] = {
    {Loss::quadratic, {5, {17, Activation::tanh}, {3, Activation::identity}}},
    {Loss::mean_absolute_error, {5, {17, Activation::relu}, {2, Activation::identity}}},
    {{Loss::huber, 0.125f}, {7, {9, Activation::sigmoid}, {18, Activation::tanh}}},
    {Loss::sigmoid_cross_entropy, {5, {17, Activation::tanh}, {5, Activation::sigmoid}}},
    {{Loss::cross_entropy, 1.0f, 0.125f}, {5, {17, Activation::tanh}, {4, Activation::softmax}}},
};

TEST(Regression, EvaluatesToTheMeanLossOfTheFormulas) {
  for (const Case& c : kCases) {
    const Samples samples(c.topology, 601);
    std::vector<float> parameters(c.topology.parameter_count());
    twin::randomize(c.topology, 23, {parameters.data(), parameters.size()});
    const twin::Network network(c.topology, {parameters.data(), parameters.size()});
    const std::size_t outputs = c.topology.outputs();
    twin::Batch batch{{}, samples.labelled.labels, samples.values};
    for (const std::uint8_t byte : samples.labelled.features) batch.inputs.push_back(static_cast<float>(byte) / 255.0f);
    GuardedMemory scratch(mote::evaluation_bytes(c.topology, 100));
    LossTotals totals;
    const mote::Span<const float> view(parameters.data(), parameters.size());
    ASSERT_TRUE(mote::evaluate(c.topology, view, c.loss, samples.dataset, scratch, totals).ok());
    EXPECT_TRUE(scratch.intact());
    EXPECT_EQ(totals.samples, 601u);
    EXPECT_EQ(totals.correct, 0u);
    EXPECT_NEAR(static_cast<double>(totals.mean_loss()), network.mean_loss(c.loss, batch), 1e-5);
    std::vector<std::uint32_t> confusion(outputs * outputs);
    EXPECT_EQ(
        mote::evaluate(c.topology, view, c.loss, samples.dataset, scratch, totals, {confusion.data(), confusion.size()})
            .status,
        Status::no_labels);
  }
}

TEST(Regression, LearnsAndTakesNoMemoryForTargets) {
  for (const Case& c : kCases) {
    const Samples samples(c.topology);
    TrainingOptions options = with_batch(10);
    options.loss = c.loss;
    options.optimizer = {Optimizer::adam, 0.01f};
    options.l2 = 0.0f;
    Bound bound(c.topology, options, kSamples);  // in exactly the memory that labels need
    LossTotals before, after;
    ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, before).ok());
    bound.train(samples.dataset, 100);
    ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, after).ok());
    EXPECT_LT(after.mean_loss(), 0.9f * before.mean_loss());
    EXPECT_EQ(bound.trainer.epoch_totals().samples, kSamples);
    EXPECT_EQ(bound.trainer.epoch_totals().correct, 0u);
  }
}

TEST(Regression, ShuffledTargetsFollowTheirSamples) {
  for (const Case& c : kCases) {
    const Samples samples(c.topology);
    TrainingOptions options = with_batch(7);
    options.loss = c.loss;
    Bound shuffled(c.topology, options, kSamples);
    const std::uint32_t expected = shuffled.train(samples.dataset);
    mote::Random random(options.seed, mote::Stream::shuffle);
    std::vector<std::uint32_t> order(kSamples);
    mote::shuffle({order.data(), kSamples}, random);
    Samples sorted(c.topology);
    const std::size_t inputs = c.topology.inputs, outputs = c.topology.outputs();
    for (std::size_t i = 0; i < kSamples; ++i) {
      for (std::size_t j = 0; j < inputs; ++j) {
        sorted.labelled.features[i * inputs + j] = samples.labelled.features[order[i] * inputs + j];
      }
      for (std::size_t j = 0; j < outputs; ++j) sorted.values[i * outputs + j] = samples.values[order[i] * outputs + j];
    }
    options.shuffle = false;
    Bound in_order(c.topology, options, kSamples);
    EXPECT_EQ(in_order.train(sorted.dataset), expected);
    EXPECT_NE(Bound(c.topology, options, kSamples).train(samples.dataset), expected);
  }
}

TEST(Regression, ChunksInMemoryChangeNoBit) {
  for (const Case& c : kCases) {
    const Samples samples(c.topology);
    for (const bool autoencoder : {false, true}) {
      const Topology same{c.topology.inputs, {11, Activation::tanh}, {c.topology.inputs, Activation::sigmoid}};
      const Topology& topology = autoencoder ? same : c.topology;
      const Dataset dataset = autoencoder ? samples.dataset.autoencoding() : samples.dataset;
      TrainingOptions options = with_batch(23);
      options.loss = autoencoder ? mote::LossOptions(Loss::sigmoid_cross_entropy) : c.loss;
      const std::uint32_t expected = Bound(topology, options, kSamples).train(dataset, 2);
      for (const std::size_t rows : {1u, 8u, 22u}) {
        options.memory_rows = rows;
        EXPECT_EQ(Bound(topology, options, kSamples).train(dataset, 2), expected) << rows;
      }
    }
  }
}

TEST(Regression, OneHotTargetsTrainAsLabelsDo) {
  const Topology topology{5, {17, Activation::tanh}, {3, Activation::sigmoid}};
  Samples samples(topology);
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t j = 0; j < 3; ++j) samples.values[i * 3 + j] = samples.labelled.labels[i] == j ? 1.0f : 0.0f;
  }
  for (const mote::LossOptions& loss : {mote::LossOptions(Loss::sigmoid_cross_entropy), mote::LossOptions(Loss::huber),
                                        mote::LossOptions(Loss::sigmoid_cross_entropy, 1.0f, 0.25f)}) {
    TrainingOptions options = with_batch(7);
    options.loss = loss;
    Bound by_labels(topology, options, kSamples), by_values(topology, options, kSamples),
        both(by_values.trainer.topology(), options, kSamples);
    EXPECT_EQ(by_labels.train(samples.labelled.dataset, 2), by_values.train(samples.dataset, 2));
    Dataset dataset = samples.dataset;
    dataset.labels = samples.labelled.dataset.labels;
    EXPECT_EQ(both.train(dataset, 2), by_values.fingerprint());
    EXPECT_EQ(both.trainer.epoch_totals().correct, by_labels.trainer.epoch_totals().correct);
    EXPECT_GT(both.trainer.epoch_totals().correct, 0u) << "labels beside targets are for the accuracy";
  }
}

TEST(Regression, AnAutoencoderTrainsAsWithCopiesOfItsInputs) {
  const Topology topology{6, {3, Activation::tanh}, {6, Activation::sigmoid}};
  Samples samples(topology);
  for (std::size_t i = 0; i < samples.values.size(); ++i) {
    samples.values[i] = static_cast<float>(samples.labelled.features[i]) * samples.dataset.scale;
  }
  for (const Loss loss : {Loss::sigmoid_cross_entropy, Loss::quadratic, Loss::mean_absolute_error}) {
    for (const float input_dropout : {0.0f, 0.4f}) {  // what is dropped is to be reproduced all the same
      TrainingOptions options = with_batch(7);
      options.loss = loss;
      options.input_dropout = input_dropout;
      Bound copies(topology, options, kSamples), own(topology, options, kSamples);
      EXPECT_EQ(own.train(samples.labelled.dataset.autoencoding(), 2), copies.train(samples.dataset, 2));
      LossTotals expected, found;
      ASSERT_TRUE(own.trainer.evaluate(samples.labelled.dataset.autoencoding(), found).ok());
      ASSERT_TRUE(own.trainer.evaluate(samples.dataset, expected).ok());
      EXPECT_EQ(found.mean_loss(), expected.mean_loss());
    }
  }
}

TEST(Regression, RefusesDataThatDoNotFit) {
  const Topology topology{5, {4, Activation::identity}};
  const Samples samples(topology);
  TrainingOptions options = with_batch(7);
  options.loss = Loss::quadratic;
  Bound bound(topology, options, kSamples);
  const auto status = [&](auto modify) {
    Dataset dataset = samples.dataset;
    modify(dataset);
    const Status started = bound.trainer.begin_epoch(dataset).status;
    LossTotals totals;
    EXPECT_EQ(bound.trainer.evaluate(dataset, totals).status, started);
    return started;
  };
  EXPECT_EQ(status([](Dataset&) {}), Status::ok);
  EXPECT_EQ(status([](Dataset& d) { d.targets.columns = 3; }), Status::output_size_mismatch);
  EXPECT_EQ(status([](Dataset& d) { d.targets.rows = 3; }), Status::count_mismatch);
  EXPECT_EQ(status([](Dataset& d) {
              d.targets = {};
              d.classes = 4;
            }),
            Status::no_labels);
  EXPECT_EQ(status([](Dataset& d) { d = d.autoencoding(); }), Status::output_size_mismatch);
  EXPECT_EQ(mote::check(topology, samples.dataset.autoencoding()).found, 5u);
  EXPECT_EQ(mote::check(topology, samples.dataset.autoencoding()).expected, 4u);
}

TEST(Regression, RefusesLossOptionsThatMakeNoSense) {
  const Topology topology{5, {4, Activation::softmax}};
  TrainingOptions options = with_batch(7);
  options.loss = {Loss::quadratic, 1.0f, 0.1f};
  EXPECT_EQ(mote::check(topology, options, kSamples).status, Status::bad_label_smoothing);
  options.loss = {Loss::huber, 0.0f};
  EXPECT_EQ(mote::check(topology, options, kSamples).status, Status::bad_huber_delta);
  options.loss = {Loss::cross_entropy, 1.0f, 0.1f};
  EXPECT_EQ(mote::check(topology, options, kSamples).status, Status::ok);
}

class RegressionFingerprints : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, RegressionFingerprints, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

mote::Storage<std::size_t{64} << 20> data_memory;

// As tests/dispatch/fingerprint_test.cpp: two epochs on the first 1,000 images of MNIST.
TEST_P(RegressionFingerprints, AreTheSameOnEveryMachineOfAClass) {
  const tools::ImageSet images = tools::load_image_set(tools::mnist_folder(), data_memory);
  const Dataset labelled = images.train.subset(0, 1000);
  std::vector<float> values;
  for (std::size_t i = 0; i < labelled.count; ++i) {  // numbers that floats have exactly
    const float label = static_cast<float>(labelled.labels[i]);
    for (const float value : {label / 8.0f, 1.0f - label * label / 64.0f}) values.push_back(value);
  }
  Dataset numbers = labelled;
  numbers.labels = nullptr;
  numbers.targets = {values.data(), labelled.count, 2, 2};
  const struct {
    const char* name;
    Topology topology;
    mote::LossOptions loss;
    Dataset dataset;
    std::uint32_t fused, separate;
  } cases[] = {
      {"huber",
       {784, {30, Activation::relu}, {2, Activation::identity}},
       {Loss::huber, 0.25f},
       numbers,
       0xe983b159,
       0x3a3e0e68},
      {"mae",
       {784, {30, Activation::sigmoid}, {2, Activation::tanh}},
       Loss::mean_absolute_error,
       numbers,
       0xce01b8d7,
       0x7317bb3b},
      {"autoencoder",
       {784, {32, Activation::relu}, {784, Activation::sigmoid}},
       Loss::sigmoid_cross_entropy,
       labelled.autoencoding(),
       0xc5a0d93b,
       0x4e34468e},
      {"smoothing",
       {784, {30, Activation::relu}, {10, Activation::softmax}},
       {Loss::cross_entropy, 1.0f, 0.1f},
       labelled,
       0x52400ece,
       0x67f7530c},
  };
  for (const auto& run : cases) {
    TrainingOptions options;
    options.loss = run.loss;
    options.optimizer = {Optimizer::momentum, 0.001f, 0.9f};
    options.batch_size = 16;
    Bound bound(run.topology, options, run.dataset.count);
    const std::uint32_t found = bound.train(run.dataset, 2);
    EXPECT_EQ(found, mote::arithmetic_is_fused() ? run.fused : run.separate) << run.name;
  }
}

}  // namespace
