// SPDX-License-Identifier: MIT
#include "mote/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "mote/checksum.hpp"
#include "support/double_network.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossTotals;
using mote::Result;
using mote::Status;
using mote::Topology;
using training::Samples;

constexpr std::size_t kSamples = 300;  // more than are evaluated at a time

struct Case {
  Loss loss;
  Topology topology;
};

const Case kCases[] = {
    {Loss::cross_entropy, {6, {19, Activation::tanh}, {5, Activation::softmax}}},
    {Loss::sigmoid_cross_entropy, {6, {9, Activation::tanh}, {4, Activation::sigmoid}}},
    {Loss::quadratic, {50, {130, Activation::relu}, {16, Activation::sigmoid}, {3, Activation::identity}}},
    {Loss::quadratic, {7, {9, Activation::sigmoid}, {17, Activation::softmax}}},
    {Loss::quadratic, {7, {9, Activation::sigmoid}, {2, Activation::tanh}}},
    {Loss::quadratic, {7, {20, Activation::sigmoid}}},
};

/// Random members with moderate parameters, and data.
struct Example {
  Case the;
  Samples samples;
  std::vector<std::vector<float>> parameters;
  std::vector<mote::Member> members;

  Example(const Case& c, std::size_t count, float scale = 1.0f)
      : the(c), samples(c.topology, kSamples), parameters(count) {
    for (std::size_t m = 0; m < count; ++m) {
      parameters[m].resize(c.topology.parameter_count());
      twin::randomize(c.topology, 23 + static_cast<std::uint32_t>(m), {parameters[m].data(), parameters[m].size()});
      for (float& parameter : parameters[m]) parameter *= scale;
      members.push_back(mote::Span<const float>(parameters[m].data(), parameters[m].size()));
    }
  }
  mote::Members span() const { return {members.data(), members.size()}; }
  std::vector<float> inputs(std::size_t first, std::size_t rows) const {
    std::vector<float> floats(rows * the.topology.inputs);
    EXPECT_TRUE(mote::gather(samples.dataset, nullptr, first, rows, floats.data()).ok());
    return floats;
  }
  Result evaluate(mote::Memory scratch, LossTotals& totals, mote::Span<std::uint32_t> confusion = {}) const {
    return mote::evaluate(the.topology, span(), the.loss, samples.dataset, scratch, totals, confusion);
  }
};

TEST(Ensemble, OutputsAreTheMeansAddedInTheOrderOfTheMembers) {
  for (const Case& c : kCases) {
    for (const std::size_t count : {1u, 2u, 3u, 7u}) {
      const Example example(c, count);
      const std::size_t rows = 50, columns = c.topology.outputs();
      const std::vector<float> inputs = example.inputs(0, rows);
      std::vector<float> expected(rows * columns);
      for (const mote::Member& member : example.members) {
        const mote::Span<const float> parameters = member.parameters;
        GuardedMemory scratch(mote::inference_bytes(c.topology, rows));
        mote::Network network;
        ASSERT_TRUE(network.bind(c.topology, parameters, rows, scratch).ok());
        const mote::MatrixView outputs = network.forward(inputs.data(), rows);
        for (std::size_t i = 0; i < rows * columns; ++i) expected[i] += outputs.row(i / columns)[i % columns];
      }
      for (float& mean : expected) mean /= static_cast<float>(count);
      GuardedMemory scratch(mote::ensemble_bytes(c.topology, rows));
      mote::Ensemble ensemble;
      ASSERT_TRUE(ensemble.bind(c.topology, example.span(), rows, scratch).ok());
      for (int again = 0; again < 2; ++again) {
        const mote::MatrixView means = ensemble.forward(inputs.data(), rows);
        ASSERT_EQ(means.rows, rows);
        for (std::size_t i = 0; i < rows; ++i) {
          EXPECT_TRUE(mote::test::same_bits(means.row(i).data(), &expected[i * columns], columns)) << i;
        }
      }
      EXPECT_TRUE(scratch.intact());
    }
  }
}

TEST(Ensemble, LossAccuracyAndConfusionAreThoseOfTheMeanOutputs) {
  for (const Case& c : kCases) {
    const Example example(c, 3);
    training::ExpectedTotals expected(c.topology.outputs());
    std::vector<twin::Network> networks;
    for (const mote::Member& member : example.members) networks.emplace_back(c.topology, member.parameters);
    for (std::size_t i = 0; i < kSamples; ++i) {
      const std::vector<float> inputs = example.inputs(i, 1);
      twin::Vector mean(c.topology.outputs());
      for (const twin::Network& network : networks) {
        const twin::Vector a = network.outputs(inputs.data());
        for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += a[j] / 3.0;
      }
      const std::size_t label = example.samples.labels[i];
      expected.add(mean, label, twin::loss_of(c.loss, mean, label));
    }
    GuardedMemory scratch(mote::ensemble_evaluation_bytes(c.topology, 100));
    LossTotals totals;
    std::vector<std::uint32_t> confusion(expected.confusion.size());
    ASSERT_TRUE(example.evaluate(scratch, totals, {confusion.data(), confusion.size()}).ok());
    EXPECT_TRUE(scratch.intact());
    expected.expect(totals, confusion, 2e-6);
  }
}

TEST(Ensemble, OfOneNetworkIsThatNetwork) {
  for (const Case& c : kCases) {
    const Example example(c, 1);
    GuardedMemory scratch(mote::ensemble_evaluation_bytes(c.topology, 64));
    GuardedMemory single(mote::evaluation_bytes(c.topology, 64));
    LossTotals one, ensemble;
    ASSERT_TRUE(example.evaluate(scratch, ensemble).ok());
    ASSERT_TRUE(
        mote::evaluate(c.topology, example.members[0].parameters, c.loss, example.samples.dataset, single, one).ok());
    EXPECT_EQ(ensemble.correct, one.correct);
    EXPECT_NEAR(ensemble.mean_loss(), one.mean_loss(), 1e-6f);
  }
}

TEST(Ensemble, HopelessPredictionsCostAFiniteAmountAndPerfectOnesNothing) {
  for (const std::size_t which : {0u, 1u}) {
    const Example example(kCases[which], 2, 1e4f);  // outputs of 0 and 1
    GuardedMemory scratch(mote::ensemble_evaluation_bytes(example.the.topology, 64));
    std::set<bool> right;
    for (std::size_t i = 0; i < 40; ++i) {
      LossTotals totals;
      ASSERT_TRUE(mote::evaluate(example.the.topology, example.span().subspan(0, 1), example.the.loss,
                                 example.samples.dataset.subset(i, 1), scratch, totals)
                      .ok());
      const bool correct = totals.correct == 1;
      right.insert(correct);
      EXPECT_TRUE(std::isfinite(totals.mean_loss()));
      EXPECT_GE(totals.mean_loss(), 0.0f);
      EXPECT_TRUE(which != 0 || (correct ? totals.mean_loss() < 1.0f : totals.mean_loss() > 0.5f));
    }
    EXPECT_EQ(right.size(), 2u) << "both happen";
  }
}

TEST(Ensemble, WhatIsNotANumberIsNeverCorrect) {
  for (const Case& c : kCases) {
    Example example(c, 2);
    std::fill(example.parameters[1].begin(), example.parameters[1].end(), mote::test::kNotANumber);
    GuardedMemory scratch(mote::ensemble_evaluation_bytes(c.topology, 64));
    LossTotals totals;
    ASSERT_TRUE(example.evaluate(scratch, totals).ok());
    EXPECT_EQ(totals.correct, 0u);
    EXPECT_TRUE(std::isnan(totals.mean_loss()));
  }
}

TEST(Ensemble, RowsInMemoryDoNotChangeABit) {
  for (const Case& c : kCases) {
    const Example example(c, 3);
    const std::size_t cells = c.topology.outputs() * c.topology.outputs();
    LossTotals expected;
    std::vector<std::uint32_t> expected_confusion(cells);
    GuardedMemory most(mote::ensemble_evaluation_bytes(c.topology, 256));
    ASSERT_TRUE(example.evaluate(most, expected, {expected_confusion.data(), cells}).ok());
    for (const std::size_t rows : {1u, 3u, 64u, 255u, 1000u}) {
      GuardedMemory scratch(mote::ensemble_evaluation_bytes(c.topology, rows) + 1);
      LossTotals totals;
      std::vector<std::uint32_t> confusion(cells);
      ASSERT_TRUE(example.evaluate(scratch, totals, {confusion.data(), cells}).ok());
      EXPECT_TRUE(scratch.intact());
      EXPECT_EQ(std::memcmp(&totals, &expected, sizeof totals), 0) << rows;
      EXPECT_EQ(confusion, expected_confusion);
    }
  }
}

TEST(Ensemble, RefusesTooLittleMemoryWithTheNumberNeeded) {
  for (const Case& c : kCases) {
    const Example example(c, 2);
    const std::size_t forward = mote::ensemble_bytes(c.topology, 5),
                      bytes = mote::ensemble_evaluation_bytes(c.topology, 1);
    GuardedMemory scratch(bytes), outputs(forward);
    mote::Ensemble ensemble;
    const Result bound = ensemble.bind(c.topology, example.span(), 5, outputs.memory().subspan(0, forward - 1));
    EXPECT_EQ(bound.status, Status::memory_too_small);
    EXPECT_EQ(bound.found, forward - 1);
    EXPECT_EQ(bound.expected, forward);
    EXPECT_TRUE(ensemble.bind(c.topology, example.span(), 5, outputs).ok());
    LossTotals totals;
    const Result result = example.evaluate(scratch.memory().subspan(0, bytes - 1), totals);
    EXPECT_EQ(result.status, Status::memory_too_small);
    EXPECT_EQ(result.expected, bytes);
    EXPECT_EQ(totals.samples, 0u);
    EXPECT_TRUE(example.evaluate(scratch, totals).ok());
    EXPECT_TRUE(scratch.intact() && outputs.intact());
  }
}

TEST(Ensemble, TakesMembersOfSeveralShapes) {
  const Topology narrow{9, {5, Activation::tanh}, {4, Activation::softmax}},
      deep{9, {40, Activation::relu}, {33, Activation::tanh}, {4, Activation::softmax}};
  const Samples samples(narrow, kSamples);
  std::vector<float> first(narrow.parameter_count()), second(deep.parameter_count());
  twin::randomize(narrow, 3, {first.data(), first.size()});
  twin::randomize(deep, 4, {second.data(), second.size()});
  const mote::Member members[] = {mote::Span<const float>(first.data(), first.size()),
                                  {mote::Span<const float>(second.data(), second.size()), &deep}};
  GuardedMemory scratch(mote::ensemble_evaluation_bytes(deep, 1)), less(mote::ensemble_bytes(narrow, 3));
  mote::Ensemble ensemble;
  const Result result = ensemble.bind(narrow, members, 3, less);
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_EQ(result.expected, mote::ensemble_bytes(deep, 3));
  GuardedMemory of_three(mote::ensemble_bytes(deep, 3)), of_one(mote::inference_bytes(deep, 3));
  ASSERT_TRUE(ensemble.bind(narrow, members, 3, of_three).ok());
  std::vector<float> inputs(3 * 9), means(3 * 4);
  ASSERT_TRUE(mote::gather(samples.dataset, nullptr, 0, 3, inputs.data()).ok());
  for (const mote::Member& member : members) {
    mote::Network network;
    const Topology& topology = member.topology == nullptr ? narrow : *member.topology;
    ASSERT_TRUE(network.bind(topology, member.parameters, 3, of_one).ok());
    const mote::MatrixView outputs = network.forward(inputs.data(), 3);
    for (std::size_t i = 0; i < 12; ++i) means[i] += outputs.row(i / 4)[i % 4];
  }
  const mote::MatrixView outputs = ensemble.forward(inputs.data(), 3);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(outputs.row(i / 4)[i % 4], means[i] / 2.0f);
  LossTotals totals;
  ASSERT_TRUE(mote::evaluate(narrow, members, Loss::cross_entropy, samples.dataset, scratch, totals).ok());
  EXPECT_EQ(totals.samples, kSamples);

  Topology other = deep;
  const mote::Member unlike[] = {{mote::Span<const float>(second.data(), second.size()), &other}};
  other.inputs = 8;
  EXPECT_EQ(ensemble.bind(narrow, unlike, 1, of_three).status, Status::input_size_mismatch);
  other = deep;
  other.layers[2].outputs = 3;
  EXPECT_EQ(ensemble.bind(narrow, unlike, 1, of_three).status, Status::output_size_mismatch);
  other = deep;
  other.layers[2].activation = Activation::sigmoid;
  EXPECT_EQ(ensemble.bind(narrow, unlike, 1, of_three).status, Status::loss_activation_mismatch);
}

TEST(Ensemble, RefusesWhatDoesNotFit) {
  const Example example(kCases[0], 2);
  const Topology& topology = example.the.topology;
  GuardedMemory scratch(mote::ensemble_evaluation_bytes(topology, 4));
  mote::Ensemble ensemble;
  LossTotals totals;
  const auto status_of = [&](mote::Members members, Loss loss, auto modify) {
    mote::Dataset dataset = example.samples.dataset;
    modify(dataset);
    return mote::evaluate(topology, members, loss, dataset, scratch, totals).status;
  };
  const auto as_it_is = [](mote::Dataset&) {};
  EXPECT_EQ(ensemble.bind(topology, {}, 1, scratch).status, Status::no_members);
  EXPECT_EQ(status_of({}, example.the.loss, as_it_is), Status::no_members);
  std::vector<mote::Member> short_one = example.members;
  short_one[1] = short_one[1].parameters.subspan(0, topology.parameter_count() - 1);
  EXPECT_EQ(ensemble.bind(topology, {short_one.data(), 2}, 1, scratch).status, Status::memory_too_small);
  EXPECT_EQ(ensemble.bind(Topology{}, example.span(), 1, scratch).status, Status::no_layers);
  EXPECT_EQ(status_of(example.span(), Loss::sigmoid_cross_entropy, as_it_is), Status::loss_activation_mismatch);
  EXPECT_EQ(status_of(example.span(), example.the.loss, [](auto& d) { d.features = 7; }), Status::input_size_mismatch);
  EXPECT_EQ(status_of(example.span(), example.the.loss, [](auto& d) { d.classes = 4; }), Status::output_size_mismatch);
  EXPECT_EQ(status_of(example.span(), example.the.loss, [](auto& d) { d.count = 0; }), Status::no_samples);
  EXPECT_EQ(totals.samples, 0u);
}

TEST(Ensemble, FingerprintIsTheChecksumOfTheMembersFingerprints) {
  const Example example(kCases[0], 3);
  std::vector<unsigned char> bytes;
  for (const mote::Member& member : example.members) {
    const std::uint32_t own = mote::fingerprint(example.the.topology, member.parameters);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<unsigned char>(own >> shift));
  }
  const std::uint32_t all = mote::fingerprint(example.the.topology, example.span());
  EXPECT_EQ(all, mote::crc32({bytes.data(), bytes.size()}));
  std::vector<mote::Member> swapped = {example.members[1], example.members[0], example.members[2]};
  EXPECT_NE(mote::fingerprint(example.the.topology, mote::Members{swapped.data(), 3}), all);
}

}  // namespace
