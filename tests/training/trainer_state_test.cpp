// SPDX-License-Identifier: MIT
// The memory, the parameters and the inference of a Trainer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "mote/checksum.hpp"
#include "mote/trainer.hpp"
#include "support/guarded_memory.hpp"
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

TEST(TrainerState, ExactlyEnoughMemoryWorksAndNothingIsWrittenOutside) {
  for (const Topology& topology :
       {kSmall, Topology{1, {2, Activation::softmax}}, Topology{130, {128, Activation::relu}, {4, Activation::softmax}},
        Topology{9, {33, Activation::sigmoid}, {16, Activation::tanh}, {7, Activation::softmax}}}) {
    const Samples samples(topology, kSamples);
    for (const std::size_t batch : {std::size_t{1}, std::size_t{10}, kSamples}) {
      for (const std::size_t memory_rows : {1u, 8u, 256u}) {
        for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum}) {
          for (const bool shuffle : {true, false}) {
            TrainingOptions options = with_batch(batch, memory_rows, method);
            options.shuffle = shuffle;
            const std::size_t bytes = mote::training_bytes(topology, options, kSamples);
            SCOPED_TRACE("inputs " + std::to_string(topology.inputs) + " batch " + std::to_string(batch) + " rows " +
                         std::to_string(memory_rows));
            GuardedMemory small(bytes - 1), exact(bytes), larger(bytes + 1);
            mote::Trainer trainer;
            const Result result = trainer.bind(topology, options, kSamples, small);
            EXPECT_EQ(result.status, Status::memory_too_small);
            EXPECT_EQ(result.found, bytes - 1);
            EXPECT_EQ(result.expected, bytes);
            std::uint32_t fingerprints[2] = {};
            for (int i = 0; i < 2; ++i) {
              ASSERT_TRUE(trainer.bind(topology, options, kSamples, i == 0 ? exact : larger).ok());
              trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
              ASSERT_TRUE(trainer.train_epoch(samples.dataset).ok());
              LossTotals totals;
              ASSERT_TRUE(trainer.evaluate(samples.dataset, totals).ok());
              EXPECT_EQ(totals.samples, kSamples);
              EXPECT_TRUE(std::isfinite(totals.mean_loss()));
              fingerprints[i] = mote::fingerprint(topology, trainer.parameters());
            }
            EXPECT_EQ(fingerprints[0], fingerprints[1]);
            EXPECT_TRUE(small.intact() && exact.intact() && larger.intact());
          }
        }
      }
    }
  }
}

TEST(TrainerState, ExactlyEnoughMemoryWorksForWhateverTakesMore) {
  const Samples samples(kSmall, kSamples);
  for (const std::size_t memory_rows : {8u, 256u}) {
    for (int choice = 0; choice < 5; ++choice) {
      SCOPED_TRACE(choice);
      TrainingOptions options = with_batch(10, memory_rows, Optimizer::momentum);
      const std::size_t plain = mote::training_bytes(kSmall, options, kSamples);
      if (choice == 0) options.clip_norm = 0.1f;
      if (choice == 1) options.clip_value = 0.1f;
      if (choice == 2) options.keep_parameters = true;
      if (choice == 3) options.max_norm = 1.0f, options.input_dropout = options.hidden_dropout = 0.5f;
      if (choice == 4)
        options.clip_norm = 0.1f, options.keep_parameters = true, options.workers = mote::kMostWorkers < 3 ? 1 : 3;
      const std::size_t bytes = mote::training_bytes(kSmall, options, kSamples);
      const bool gradients = choice < 2 && memory_rows == 256;  // smaller chunks keep them anyway
      if (choice != 4) {
        EXPECT_EQ(bytes, plain + (gradients || choice == 2 ? kSmall.parameter_bytes() : 0));
      }
      GuardedMemory small(bytes - 1), exact(bytes), larger(bytes + 1);
      mote::Trainer trainer;
      EXPECT_EQ(trainer.bind(kSmall, options, kSamples, small).status, Status::memory_too_small);
      std::uint32_t fingerprints[2] = {};
      for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(trainer.bind(kSmall, options, kSamples, i == 0 ? exact : larger).ok());
        trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
        ASSERT_TRUE(trainer.train_epoch(samples.dataset).ok());
        if (options.keep_parameters) trainer.keep_parameters();
        LossTotals totals;
        ASSERT_TRUE(trainer.evaluate(samples.dataset, totals).ok());
        fingerprints[i] = mote::fingerprint(kSmall, trainer.parameters());
        if (options.keep_parameters) trainer.restore_parameters();
        EXPECT_EQ(mote::fingerprint(kSmall, trainer.parameters()), fingerprints[i]);
      }
      EXPECT_EQ(fingerprints[0], fingerprints[1]);
      EXPECT_TRUE(small.intact() && exact.intact() && larger.intact());
    }
  }
}

TEST(TrainerState, RefusesMisalignedMemory) {
  const TrainingOptions options = with_batch(4);
  const std::size_t bytes = mote::training_bytes(kSmall, options, 10);
  GuardedMemory memory(bytes + 64);
  mote::Trainer trainer;
  EXPECT_EQ(trainer.bind(kSmall, options, 10, memory.memory().subspan(4, bytes)).status, Status::memory_misaligned);
}

TEST(TrainerState, RefusesWhatCheckRefuses) {
  GuardedMemory memory(mote::training_bytes(kSmall, with_batch(4), kSamples));
  mote::Trainer trainer;
  const Result result = trainer.bind(kSmall, with_batch(kSamples + 1), kSamples, memory);
  EXPECT_EQ(result.status, Status::bad_batch_size);
  EXPECT_EQ(result.found, kSamples + 1);
  EXPECT_EQ(result.expected, kSamples);
}

TEST(TrainerState, ForwardIsThatOfANetworkOverItsParameters) {
  TrainingOptions options = with_batch(4);
  options.hidden_dropout = 0.5f;
  Bound bound(kSmall, options, mote::kUnstored);
  const Samples samples(kSmall, 4);
  ASSERT_TRUE(bound.trainer.train_batch(samples.dataset).ok());
  std::vector<std::int16_t> readings;
  std::vector<float> numbers;
  for (const std::uint8_t x : samples.features) readings.push_back(static_cast<std::int16_t>(x - 100));
  for (const std::int16_t x : readings) numbers.push_back(static_cast<float>(x) * 0.01f);
  mote::Storage<mote::inference_bytes(kSmall, 4)> scratch;
  mote::Network network;
  ASSERT_TRUE(network.bind(kSmall, bound.trainer.parameters(), 4, scratch).ok());
  const mote::MatrixView expected = network.forward_pre_activations(numbers.data(), 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const mote::Span<const float> outputs =
        bound.trainer.forward_pre_activations(mote::Inputs(readings.data() + 5 * i, 1, 5, 0.01f));
    EXPECT_EQ(std::vector<float>(outputs.begin(), outputs.end()),
              std::vector<float>(expected.row(i).begin(), expected.row(i).end()));
  }
}

TEST(TrainerState, RestoresBytesThatWereLearned) {
  const Topology normalized{5, {9, Activation::tanh, true}, {3, Activation::softmax}};
  for (const Topology& topology : {kSmall, normalized}) {
    const Samples samples(topology, kSamples);
    Bound bound(topology, with_batch(10, 256, Optimizer::adam), kSamples);
    bound.train(samples.dataset, 2);
    const mote::Bytes learned = mote::as_bytes(bound.trainer.learned());
    std::vector<unsigned char> record(learned.begin(), learned.end());
    EXPECT_EQ(record.size(), mote::learned_bytes(topology));
    Bound other(topology, with_batch(10, 256, Optimizer::adam), kSamples);
    const auto start = other.fingerprint();
    EXPECT_EQ(other.trainer.restore({record.data(), record.size() - 4}).status, Status::memory_too_small);
    std::vector<unsigned char> damaged = record;
    damaged[2] = 0x80, damaged[3] = 0x7f;  // infinity
    damaged[0] = damaged[1] = 0;
    EXPECT_EQ(other.trainer.restore({damaged.data(), damaged.size()}).status, Status::not_finite);
    EXPECT_EQ(other.fingerprint(), start);
    ASSERT_TRUE(other.trainer.restore({record.data(), record.size()}).ok());
    EXPECT_TRUE(std::equal(record.begin(), record.end(), mote::as_bytes(other.trainer.learned()).begin()));
    EXPECT_EQ(other.trainer.progress().steps, 0u);
    for (const float x : other.trainer.optimizer_state()) EXPECT_EQ(x, 0.0f);
  }
}

}  // namespace
