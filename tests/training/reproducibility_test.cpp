// SPDX-License-Identifier: MIT
// What makes two runs of a trainer equal to the bit, and what makes them differ.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "mote/instruction_set.hpp"
#include "mote/trainer.hpp"
#include "support/double_optimizer.hpp"
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

constexpr std::size_t kSamples = 100;

constexpr Optimizer kOptimizers[] = {Optimizer::sgd, Optimizer::momentum};

std::vector<float> copy_of(mote::Span<const float> span) {
  return {span.begin(), span.end()};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Trainer, EveryBatchIsOneStepDownItsMeanGradientInTheOrderOfTheData) {
  const Samples samples(kSmall, kSamples);
  for (const Optimizer method : kOptimizers) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{30}, kSamples}) {  // 30 leaves 10 for the last batch
      SCOPED_TRACE(batch);
      TrainingOptions options = with_batch(batch, 256, method);
      options.shuffle = false;
      Bound bound(kSmall, options, kSamples);
      std::vector<float> parameters = copy_of(bound.trainer.parameters()), state(parameters.size());
      bound.train(samples.dataset);

      // The same by hand, gradients kept.
      std::vector<float> gradients(parameters.size()), inputs(batch * kSmall.inputs);
      GuardedMemory scratch(mote::backpropagation_bytes(kSmall, batch));
      mote::Backpropagation engine;
      ASSERT_TRUE(engine.bind(kSmall, batch, scratch).ok());
      LossTotals totals;
      for (std::size_t first = 0; first < kSamples; first += batch) {
        const std::size_t rows = std::min(batch, kSamples - first);
        for (std::size_t i = 0; i < rows * kSmall.inputs; ++i) {
          inputs[i] = static_cast<float>(samples.features[first * kSmall.inputs + i]) * (1.0f / 255.0f);
        }
        engine.forward(parameters.data(), inputs.data(), rows);
        engine.compute_loss(options.loss, samples.labels.data() + first, 1.0f / static_cast<float>(rows), totals);
        engine.backward(parameters.data(), inputs.data(), {gradients.data(), false, nullptr});
        const std::size_t weights = kSmall.all_weight_floats(), biases = kSmall.parameter_count() - weights;
        mote::optimizer_step({options.optimizer, options.l2, 1, state.size()}, gradients.data(), parameters.data(),
                             state.data(), weights);
        mote::optimizer_step({options.optimizer, 0.0f, 1, state.size()}, gradients.data() + weights,
                             parameters.data() + weights, state.data() + weights, biases);
      }
      EXPECT_TRUE(same_bits(parameters, copy_of(bound.trainer.parameters())));
      EXPECT_EQ(bound.trainer.epoch_totals().samples, kSamples);
      EXPECT_EQ(bound.trainer.epoch_totals().correct, totals.correct);
      EXPECT_EQ(bound.trainer.epoch_totals().mean_loss(), totals.mean_loss());
    }
  }
}

TEST(Trainer, RowsInMemoryDoNotChangeABit) {
  const Topology large{150, {130, Activation::relu}, {3, Activation::softmax}};
  for (const Topology& topology : {kSmall, large}) {
    const Samples samples(topology, kSamples);
    for (const Optimizer method : twin::kEveryOptimizer) {
      for (const std::size_t batch : {std::size_t{30}, kSamples}) {
        Bound whole(topology, with_batch(batch, batch, method), kSamples);
        const std::uint32_t expected = whole.train(samples.dataset, 3);
        for (const std::size_t memory_rows : {1u, 7u, 64u, 1000u}) {
          Bound chunks(topology, with_batch(batch, memory_rows, method), kSamples);
          EXPECT_EQ(chunks.train(samples.dataset, 3), expected) << "rows " << memory_rows;
          EXPECT_EQ(chunks.trainer.epoch_totals().mean_loss(), whole.trainer.epoch_totals().mean_loss());
          EXPECT_EQ(chunks.trainer.epoch_totals().correct, whole.trainer.epoch_totals().correct);
        }
      }
    }
  }
}

TEST(Trainer, InstructionSetsOfOneArithmeticClassGiveTheSameBits) {
  const mote::InstructionSet best = mote::selected();
  const Topology large{150, {130, Activation::tanh}, {20, Activation::relu}, {3, Activation::softmax}};
  const Samples samples(large, kSamples);
  std::set<std::uint32_t> fingerprints[2];  // of separate and of fused arithmetic
  for (const auto set : {mote::InstructionSet::baseline, mote::InstructionSet::v3, mote::InstructionSet::v4}) {
    if (!mote::select(set).ok()) continue;
    Bound bound(large, with_batch(30, 256, Optimizer::momentum), kSamples);
    fingerprints[mote::arithmetic_is_fused() ? 1 : 0].insert(bound.train(samples.dataset, 3));
  }
  ASSERT_TRUE(mote::select(best).ok());
  EXPECT_LE(fingerprints[0].size(), 1u);
  EXPECT_LE(fingerprints[1].size(), 1u);
  EXPECT_FALSE(fingerprints[0].empty() && fingerprints[1].empty());
}

TEST(Trainer, SeedDecidesEverything) {
  const Samples samples(kSmall, kSamples);
  TrainingOptions options = with_batch(10, 256, Optimizer::momentum);
  Bound a(kSmall, options, kSamples), b(kSmall, options, kSamples);
  EXPECT_EQ(a.fingerprint(), b.fingerprint());
  EXPECT_EQ(a.train(samples.dataset, 2), b.train(samples.dataset, 2));
  options.seed = 2;
  Bound c(kSmall, options, kSamples);
  EXPECT_NE(c.train(samples.dataset, 2), a.fingerprint());
}

TEST(Trainer, ShufflesAnewEveryEpochAndOnlyWhenAsked) {
  // With equal parameters for all runs only the order of the samples can make a difference.
  const Samples samples(kSmall, kSamples);
  const auto after_one_epoch = [&](bool shuffle, std::uint64_t seed, int epochs_before) {
    TrainingOptions options = with_batch(1);
    options.shuffle = shuffle;
    options.seed = seed;
    Bound bound(kSmall, options, kSamples);
    bound.train(samples.dataset, epochs_before);
    for (float& parameter : bound.trainer.parameters()) parameter = 0.01f;
    return bound.train(samples.dataset);
  };
  EXPECT_EQ(after_one_epoch(false, 1, 0), after_one_epoch(false, 2, 3));
  EXPECT_NE(after_one_epoch(true, 1, 0), after_one_epoch(false, 1, 0));
  EXPECT_NE(after_one_epoch(true, 1, 0), after_one_epoch(true, 2, 0));
  EXPECT_NE(after_one_epoch(true, 1, 0), after_one_epoch(true, 1, 1));
}

TEST(Trainer, BindingAgainStartsAfresh) {
  const Samples samples(kSmall, kSamples);
  for (const Optimizer method : twin::kEveryOptimizer) {
    const TrainingOptions options = with_batch(8, 256, method);
    Bound bound(kSmall, options, kSamples);
    const std::uint32_t expected = bound.train(samples.dataset, 2);
    ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
    ASSERT_TRUE(bound.trainer.train_batch().ok());  // in the middle of an epoch
    ASSERT_TRUE(bound.trainer.bind(kSmall, options, kSamples, bound.memory).ok());
    for (const float parameter : bound.trainer.parameters()) ASSERT_EQ(parameter, 0.0f);
    EXPECT_EQ(bound.trainer.epoch_totals().samples, 0u);
    EXPECT_EQ(bound.trainer.samples_left(), 0u);
    bound.trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
    EXPECT_EQ(bound.train(samples.dataset, 2), expected);
  }
}

TEST(Trainer, InitializingAgainForgetsWhatTheOptimizerRemembers) {
  const Samples samples(kSmall, kSamples);
  for (const Optimizer method : twin::kEveryOptimizer) {
    TrainingOptions options = with_batch(8, 256, method);
    options.shuffle = false;
    Bound bound(kSmall, options, kSamples);
    const std::uint32_t initial = bound.fingerprint(), expected = bound.train(samples.dataset);
    bound.trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
    EXPECT_EQ(bound.fingerprint(), initial);
    EXPECT_EQ(bound.train(samples.dataset), expected) << twin::name_of(method);
  }
}

TEST(Trainer, ParametersLoadedBeforeAnEpochAreTrainedAsIfInitialized) {
  const Samples samples(kSmall, kSamples);
  for (const Optimizer method : twin::kEveryOptimizer) {
    TrainingOptions options = with_batch(8, 256, method);
    Bound bound(kSmall, options, kSamples), loaded(kSmall, options, kSamples);
    ASSERT_TRUE(loaded.trainer.bind(kSmall, options, kSamples, loaded.memory).ok());
    const mote::Span<const float> initial = const_cast<const mote::Trainer&>(bound.trainer).parameters();
    std::copy(initial.begin(), initial.end(), loaded.trainer.parameters().begin());
    EXPECT_EQ(loaded.train(samples.dataset, 2), bound.train(samples.dataset, 2)) << twin::name_of(method);
  }
}

TEST(Trainer, EvaluationDoesNotDisturbTraining) {
  const Samples samples(kSmall, kSamples), others(kSmall, 37);
  Bound undisturbed(kSmall, with_batch(8, 4, Optimizer::momentum), kSamples);
  const std::uint32_t expected = undisturbed.train(samples.dataset);
  Bound bound(kSmall, with_batch(8, 4, Optimizer::momentum), kSamples);
  ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
  for (std::size_t left = kSamples; left > 0; left -= std::min(left, std::size_t{8})) {
    EXPECT_EQ(bound.trainer.samples_left(), left);
    ASSERT_TRUE(bound.trainer.train_batch().ok());
    LossTotals totals;
    ASSERT_TRUE(bound.trainer.evaluate(others.dataset, totals).ok());
    EXPECT_EQ(totals.samples, 37u);
  }
  EXPECT_EQ(bound.trainer.samples_left(), 0u);
  EXPECT_EQ(bound.trainer.epoch_totals().samples, kSamples);
  EXPECT_EQ(bound.fingerprint(), expected);
}

TEST(Trainer, StopsBeforeTheBatchWhoseLossIsNotFinite) {
  for (const Optimizer method : kOptimizers) {
    for (const std::size_t memory_rows : {3u, 256u}) {  // in chunks and at once
      const Topology topology{5, {16, Activation::relu}, {3, Activation::identity}};
      const Samples samples(topology, kSamples);
      TrainingOptions options = with_batch(10, memory_rows, method);
      options.loss = mote::Loss::quadratic;
      options.optimizer.learning_rate = 1e15f;
      Bound bound(topology, options, kSamples);
      ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
      std::vector<float> before;
      Result result;
      std::uint64_t batch = 0;
      for (; bound.trainer.samples_left() > 0; ++batch) {
        before = copy_of(bound.trainer.parameters());
        result = bound.trainer.train_batch();
        if (!result.ok()) break;
      }
      EXPECT_EQ(result.status, Status::not_finite);
      EXPECT_EQ(result.found, batch);
      EXPECT_GE(batch, 1u);  // the first step is what made it explode
      EXPECT_TRUE(same_bits(before, copy_of(bound.trainer.parameters())));
      for (const float parameter : bound.trainer.parameters()) ASSERT_TRUE(std::isfinite(parameter));

      ASSERT_TRUE(bound.trainer.bind(topology, options, kSamples, bound.memory).ok());
      bound.trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
      const Result epoch = bound.trainer.train_epoch(samples.dataset);
      EXPECT_EQ(epoch.status, Status::not_finite);
      EXPECT_LE(epoch.found, 9u);
    }
  }
}

}  // namespace
