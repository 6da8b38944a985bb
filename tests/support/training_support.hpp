// SPDX-License-Identifier: MIT
// Data sets and trainers for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "mote/checksum.hpp"
#include "mote/trainer.hpp"
#include "support/guarded_memory.hpp"

namespace training {

inline constexpr mote::Topology kSmall{5, {17, mote::Activation::tanh}, {3, mote::Activation::softmax}};

/// Random bytes with random labels, or given ones.
struct Samples {
  std::vector<std::uint8_t> features, labels;
  mote::Dataset dataset;

  Samples(const mote::Topology& topology, std::size_t count) : features(count * topology.inputs), labels(count) {
    std::mt19937 random(17);
    for (std::uint8_t& byte : features) byte = static_cast<std::uint8_t>(random());
    for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(random() % topology.outputs());
    refer(topology.inputs, topology.outputs());
  }
  Samples(std::vector<std::uint8_t> f, std::vector<std::uint8_t> l, std::size_t inputs, std::size_t classes)
      : features(std::move(f)), labels(std::move(l)) {
    refer(inputs, classes);
  }
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;

  void refer(std::size_t inputs, std::size_t classes) {
    dataset = {features.data(), labels.data(), labels.size(), inputs, classes, 1.0f / 255.0f};
  }
};

/// A trainer in exactly the memory it asks for.
struct Bound {
  GuardedMemory memory;
  mote::Trainer trainer;

  Bound(const mote::Topology& topology, const mote::TrainingOptions& options, std::size_t samples)
      : memory(mote::training_bytes(topology, options, samples)) {
    EXPECT_TRUE(trainer.bind(topology, options, samples, memory).ok());
    trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  }
  ~Bound() { EXPECT_TRUE(memory.intact()) << "written outside of the memory"; }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

  std::uint32_t fingerprint() { return mote::fingerprint(trainer.topology(), trainer.parameters()); }
  /// Trains and returns the fingerprint.
  std::uint32_t train(const mote::Dataset& dataset, int epochs = 1) {
    for (int epoch = 0; epoch < epochs; ++epoch) EXPECT_TRUE(trainer.train_epoch(dataset).ok());
    return fingerprint();
  }
};

/// The expected result of an evaluation, from outputs in double precision.
struct ExpectedTotals {
  double loss = 0.0;
  std::uint32_t samples = 0, correct = 0;
  std::vector<std::uint32_t> confusion;  // [label][class]

  explicit ExpectedTotals(std::size_t classes) : confusion(classes * classes) {}

  void add(const std::vector<double>& outputs, std::size_t label, double sample_loss) {
    const auto best = static_cast<std::size_t>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
    loss += sample_loss;
    ++samples;
    correct += best == label;
    ++confusion[label * outputs.size() + best];
  }
  void expect(const mote::LossTotals& totals, const std::vector<std::uint32_t>& found, double tolerance) const {
    EXPECT_EQ(totals.samples, samples);
    EXPECT_EQ(totals.correct, correct);
    EXPECT_NEAR(static_cast<double>(totals.mean_loss()), loss / samples, tolerance);
    EXPECT_EQ(found, confusion);
    EXPECT_LT(correct, samples) << "the confusion shows nothing";
  }
};

inline mote::TrainingOptions with_batch(std::size_t batch_size, std::size_t memory_rows = 256,
                                        mote::Optimizer method = mote::Optimizer::sgd) {
  mote::TrainingOptions options;
  options.batch_size = batch_size;
  options.memory_rows = memory_rows;
  options.optimizer = {method, 0.5f, 0.9f};
  options.l2 = 0.001f;
  return options;
}

}  // namespace training
