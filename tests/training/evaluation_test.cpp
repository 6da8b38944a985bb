// SPDX-License-Identifier: MIT
#include "mote/evaluation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossTotals;
using mote::Result;
using mote::Status;
using mote::Topology;
using training::Samples;

constexpr std::size_t kSamples = 601;  // two full chunks of 256 and a bit

struct Case {
  Loss loss;
  Topology topology;
};

const Case kCases[] = {
    {Loss::cross_entropy, {6, {19, Activation::tanh}, {5, Activation::softmax}}},
    {Loss::sigmoid_cross_entropy, {6, {4, Activation::sigmoid}}},
    {Loss::quadratic, {50, {130, Activation::relu}, {16, Activation::sigmoid}, {3, Activation::identity}}},
    {Loss::quadratic, {7, {9, Activation::sigmoid}, {17, Activation::softmax}}},
};

struct Example {
  Case the;
  Samples samples;
  std::vector<float> parameters;

  explicit Example(const Case& c) : the(c), samples(c.topology, kSamples), parameters(c.topology.parameter_count()) {
    twin::randomize(c.topology, 23, {parameters.data(), parameters.size()});
  }
  mote::Span<const float> span() const { return {parameters.data(), parameters.size()}; }
  Result evaluate(mote::Memory scratch, LossTotals& totals, mote::Span<std::uint32_t> confusion = {}) const {
    return mote::evaluate(the.topology, span(), the.loss, samples.dataset, scratch, totals, confusion);
  }
};

TEST(Evaluation, LossAccuracyAndConfusionAreThoseOfTheFormulas) {
  for (const Case& c : kCases) {
    const Example example(c);
    training::ExpectedTotals expected(c.topology.outputs());
    const twin::Network network(c.topology, example.span());
    for (std::size_t i = 0; i < kSamples; ++i) {
      std::vector<float> inputs;
      for (std::size_t j = 0; j < c.topology.inputs; ++j) {
        inputs.push_back(static_cast<float>(example.samples.features[i * c.topology.inputs + j]) / 255.0f);
      }
      const std::size_t label = example.samples.labels[i];
      expected.add(network.outputs(inputs.data()), label, network.loss(c.loss, inputs.data(), label));
    }
    GuardedMemory scratch(mote::evaluation_bytes(c.topology, 100));
    LossTotals totals;
    std::vector<std::uint32_t> confusion(expected.confusion.size());
    ASSERT_TRUE(example.evaluate(scratch, totals, {confusion.data(), confusion.size()}).ok());
    EXPECT_TRUE(scratch.intact());
    expected.expect(totals, confusion, 1e-5);
  }
}

TEST(Evaluation, RowsInMemoryDoNotChangeABit) {
  for (const Case& c : kCases) {
    const Example example(c);
    const std::size_t classes = c.topology.outputs();
    LossTotals expected;
    std::vector<std::uint32_t> expected_confusion(classes * classes);
    GuardedMemory most(mote::evaluation_bytes(c.topology, mote::kEvaluationRows));
    ASSERT_TRUE(example.evaluate(most, expected, {expected_confusion.data(), expected_confusion.size()}).ok());
    EXPECT_TRUE(most.intact());
    std::vector<std::size_t> sizes = {mote::evaluation_bytes(c.topology, 1000)};
    for (const std::size_t rows : {1u, 3u, 47u, 48u, 64u, 255u})
      sizes.push_back(mote::evaluation_bytes(c.topology, rows));
    for (const std::size_t bytes : sizes) {
      for (const std::size_t more : {0u, 1u}) {
        GuardedMemory scratch(bytes + more);
        LossTotals totals;
        std::vector<std::uint32_t> confusion(classes * classes);
        ASSERT_TRUE(example.evaluate(scratch, totals, {confusion.data(), confusion.size()}).ok());
        EXPECT_TRUE(scratch.intact());
        EXPECT_EQ(std::memcmp(&totals, &expected, sizeof totals), 0) << bytes << " bytes";
        EXPECT_EQ(confusion, expected_confusion);
      }
    }
  }
}

TEST(Evaluation, RowsOfTheConfusionAddUpToTheLabelsAndItsDiagonalToTheHits) {
  const Example example(kCases[0]);
  const std::size_t classes = example.the.topology.outputs();
  std::vector<std::uint32_t> confusion(classes * classes);
  GuardedMemory scratch(mote::evaluation_bytes(example.the.topology, 1));
  LossTotals totals;
  ASSERT_TRUE(example.evaluate(scratch, totals, {confusion.data(), confusion.size()}).ok());
  std::uint32_t hits = 0;
  for (std::size_t label = 0; label < classes; ++label) {
    const auto row = confusion.begin() + static_cast<std::ptrdiff_t>(label * classes);
    const auto expected =
        std::count(example.samples.labels.begin(), example.samples.labels.end(), static_cast<std::uint8_t>(label));
    EXPECT_EQ(std::accumulate(row, row + static_cast<std::ptrdiff_t>(classes), 0), expected);
    hits += confusion[label * classes + label];
  }
  EXPECT_EQ(hits, totals.correct);
}

TEST(Evaluation, OverwritesEarlierTotals) {
  const Example example(kCases[0]);
  const std::size_t cells = example.the.topology.outputs() * example.the.topology.outputs();
  GuardedMemory scratch(mote::evaluation_bytes(example.the.topology, 8));
  LossTotals once, twice;
  std::vector<std::uint32_t> first(cells), second(cells, 1000);
  ASSERT_TRUE(example.evaluate(scratch, once, {first.data(), cells}).ok());
  ASSERT_TRUE(example.evaluate(scratch, twice, {second.data(), cells}).ok());
  ASSERT_TRUE(example.evaluate(scratch, twice, {second.data(), cells}).ok());
  EXPECT_EQ(std::memcmp(&once, &twice, sizeof once), 0);
  EXPECT_EQ(first, second);
}

TEST(Evaluation, WithoutConfusionGivesTheSameTotals) {
  const Example example(kCases[2]);
  const std::size_t cells = example.the.topology.outputs() * example.the.topology.outputs();
  GuardedMemory scratch(mote::evaluation_bytes(example.the.topology, 8));
  LossTotals with, without;
  std::vector<std::uint32_t> confusion(cells);
  ASSERT_TRUE(example.evaluate(scratch, with, {confusion.data(), cells}).ok());
  ASSERT_TRUE(example.evaluate(scratch, without).ok());
  EXPECT_EQ(std::memcmp(&with, &without, sizeof with), 0);
}

TEST(Evaluation, RefusesTooLittleMemoryWithTheNumberNeeded) {
  for (const Case& c : kCases) {
    const Example example(c);
    const std::size_t bytes = mote::evaluation_bytes(c.topology, 1);
    GuardedMemory scratch(bytes + 4);
    LossTotals totals;
    const Result result = example.evaluate(scratch.memory().subspan(0, bytes - 1), totals);
    EXPECT_EQ(result.status, Status::memory_too_small);
    EXPECT_EQ(result.found, bytes - 1);
    EXPECT_EQ(result.expected, bytes);
    EXPECT_EQ(example.evaluate(scratch.memory().subspan(4, bytes), totals).status, Status::memory_misaligned);
    EXPECT_EQ(totals.samples, 0u);
    EXPECT_TRUE(example.evaluate(scratch.memory().subspan(0, bytes), totals).ok());
    EXPECT_TRUE(scratch.intact());
  }
}

TEST(Evaluation, RefusesWhatDoesNotFitAndLeavesTheTotalsAlone) {
  const Example example(kCases[0]);
  const Topology& topology = example.the.topology;
  GuardedMemory scratch(mote::evaluation_bytes(topology, 4));
  LossTotals totals;
  const auto status_of = [&](Loss loss, mote::Span<const float> parameters, auto modify) {
    mote::Dataset dataset = example.samples.dataset;
    modify(dataset);
    return mote::evaluate(topology, parameters, loss, dataset, scratch, totals).status;
  };
  const auto as_it_is = [](mote::Dataset&) {};
  const Loss loss = example.the.loss;
  EXPECT_EQ(status_of(loss, example.span(), [](auto& d) { d.features = 7; }), Status::input_size_mismatch);
  EXPECT_EQ(status_of(loss, example.span(), [](auto& d) { d.classes = 4; }), Status::output_size_mismatch);
  EXPECT_EQ(status_of(loss, example.span(), [](auto& d) { d.count = 0; }), Status::no_samples);
  EXPECT_EQ(status_of(Loss::sigmoid_cross_entropy, example.span(), as_it_is), Status::loss_activation_mismatch);
  EXPECT_EQ(status_of(loss, example.span().subspan(0, topology.parameter_count() - 1), as_it_is),
            Status::memory_too_small);
  EXPECT_EQ(mote::evaluate(Topology{}, example.span(), loss, example.samples.dataset, scratch, totals).status,
            Status::no_layers);
  EXPECT_EQ(totals.samples, 0u);
  EXPECT_EQ(status_of(loss, example.span(), as_it_is), Status::ok);
}

TEST(Evaluation, CheckSaysWhatDoesNotFit) {
  const Topology topology{6, {5, Activation::softmax}};
  const Samples samples(topology, 4);
  mote::Dataset dataset = samples.dataset;
  EXPECT_TRUE(mote::check(topology, dataset).ok());
  dataset.features = 8;
  EXPECT_EQ(mote::check(topology, dataset).found, 8u);
  EXPECT_EQ(mote::check(topology, dataset).expected, 6u);
  dataset = samples.dataset;
  dataset.classes = 9;
  EXPECT_EQ(mote::check(topology, dataset).found, 9u);
  EXPECT_EQ(mote::check(topology, dataset).expected, 5u);
}

}  // namespace
