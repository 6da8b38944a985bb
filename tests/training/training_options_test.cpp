// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "mote/early_stopping.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Optimizer;
using mote::Result;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using mote::test::kInf;
using mote::test::kNotANumber;
using training::kSmall;
using training::with_batch;

constexpr std::size_t kSamples = 50;

/// What check says of good options after `modify`.
template <typename Modify>
Result check(Modify modify, const Topology& topology = kSmall) {
  TrainingOptions options = with_batch(4, 256, Optimizer::momentum);
  modify(options);
  return mote::check(topology, options, kSamples);
}

TEST(TrainingOptions, AreGoodAtTheEndsOfTheirRanges) {
  EXPECT_EQ(check([](auto&) {}).status, Status::ok);
  EXPECT_EQ(check([](auto& o) { o.optimizer.momentum = o.l1 = o.l2 = o.max_norm = 0.0f; }).status, Status::ok);
  EXPECT_EQ(check([](auto& o) { o.batch_size = o.memory_rows = 1; }).status, Status::ok);
  EXPECT_EQ(check([](auto& o) { o.batch_size = kSamples; }).status, Status::ok);
}

// Every field by name; the order of the first five is part of the interface.
constexpr TrainingOptions kNamed = TrainingOptions()
                                       .set_loss({Loss::huber, 2.0f})
                                       .set_optimizer({Optimizer::adam, 0.001f})
                                       .set_l2(0.01f)
                                       .set_batch_size(16)
                                       .set_memory_rows(4)
                                       .set_workers(3)
                                       .set_keep_parameters(true)
                                       .set_skip_zero_inputs(false)
                                       .set_l1(0.02f)
                                       .set_max_norm(3.0f)
                                       .set_input_dropout(0.2f)
                                       .set_hidden_dropout(0.5f)
                                       .set_clip_norm(1.0f)
                                       .set_clip_value(0.25f)
                                       .set_schedule({mote::Decay::cosine, 100})
                                       .set_seed(7)
                                       .set_shuffle(false)
                                       .set_bootstrap(true);
static_assert(kNamed.loss.kind == Loss::huber && kNamed.loss.huber_delta == 2.0f);
static_assert(kNamed.optimizer.method == Optimizer::adam && kNamed.optimizer.learning_rate == 0.001f);
static_assert(kNamed.l2 == 0.01f && kNamed.batch_size == 16 && kNamed.memory_rows == 4 && kNamed.workers == 3);
static_assert(kNamed.keep_parameters && !kNamed.skip_zero_inputs && !kNamed.shuffle && kNamed.bootstrap);
static_assert(kNamed.l1 == 0.02f && kNamed.max_norm == 3.0f && kNamed.clip_norm == 1.0f && kNamed.clip_value == 0.25f);
static_assert(kNamed.input_dropout == 0.2f && kNamed.hidden_dropout == 0.5f && kNamed.seed == 7);
static_assert(kNamed.schedule.decay == mote::Decay::cosine && kNamed.schedule.decay_steps == 100);
constexpr TrainingOptions kListed{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.5f, 10, 5};
static_assert(kListed.l2 == 0.5f && kListed.batch_size == 10 && kListed.memory_rows == 5);

TEST(TrainingOptions, AreForATopologyThatCanBe) {
  EXPECT_EQ(mote::check(Topology{}, with_batch(4), kSamples).status, Status::no_layers);
  const Topology topology{3, {4, Activation::softmax}, {2, Activation::softmax}};
  EXPECT_EQ(mote::check(topology, with_batch(4), kSamples).status, Status::softmax_not_last);
}

TEST(TrainingOptions, HaveALossThatFitsTheOutputs) {
  EXPECT_EQ(check([](auto& o) { o.loss = Loss::cross_entropy; }, {3, {4, Activation::sigmoid}}).status,
            Status::loss_activation_mismatch);
  EXPECT_EQ(check([](auto& o) { o.loss = Loss::sigmoid_cross_entropy; }).status, Status::loss_activation_mismatch);
}

TEST(TrainingOptions, HaveAnOptimizerThatMakesSense) {
  for (const float rate : {0.0f, -0.1f, kNotANumber, kInf, -kInf}) {
    EXPECT_EQ(check([&](auto& o) { o.optimizer.learning_rate = rate; }).status, Status::bad_learning_rate) << rate;
  }
  for (const float momentum : {1.0f, -0.1f, 2.0f, kNotANumber, kInf}) {
    EXPECT_EQ(check([&](auto& o) { o.optimizer.momentum = momentum; }).status, Status::bad_momentum) << momentum;
  }
  EXPECT_EQ(check([](auto& o) { o.schedule.decay_steps = 0; }).status, Status::bad_schedule);
}

TEST(TrainingOptions, HaveFinitePenaltiesAndLimits) {
  for (const float amount : {-0.001f, kNotANumber, kInf, -kInf}) {
    SCOPED_TRACE(amount);
    EXPECT_EQ(check([&](auto& o) { o.l1 = amount; }).status, Status::bad_penalty);
    EXPECT_EQ(check([&](auto& o) { o.l2 = amount; }).status, Status::bad_penalty);
    EXPECT_EQ(check([&](auto& o) { o.optimizer.weight_decay = amount; }).status, Status::bad_penalty);
    EXPECT_EQ(check([&](auto& o) { o.clip_norm = amount; }).status, Status::bad_clipping);
    EXPECT_EQ(check([&](auto& o) { o.clip_value = amount; }).status, Status::bad_clipping);
    EXPECT_EQ(check([&](auto& o) { o.max_norm = amount; }).status, Status::bad_max_norm);
  }
  EXPECT_EQ(check([](auto& o) { o.clip_norm = o.clip_value = 1.0f; }).status, Status::bad_clipping) << "one of the two";
}

TEST(TrainingOptions, DoNotDropEverything) {
  for (const float rate : {-0.1f, 1.0f, kNotANumber, kInf}) {
    EXPECT_EQ(check([&](auto& o) { o.input_dropout = rate; }).status, Status::bad_dropout) << rate;
    EXPECT_EQ(check([&](auto& o) { o.hidden_dropout = rate; }).status, Status::bad_dropout) << rate;
  }
}

TEST(TrainingOptions, HaveBatchesOfOneSampleToAll) {
  for (const std::size_t batch : {std::size_t{0}, kSamples + 1}) {
    const Result result = check([&](auto& o) { o.batch_size = batch; });
    EXPECT_EQ(result.status, Status::bad_batch_size);
    EXPECT_EQ(result.found, batch);
    EXPECT_EQ(result.expected, kSamples);
  }
  EXPECT_EQ(check([](auto& o) { o.memory_rows = 0; }).status, Status::bad_batch_size);
  EXPECT_EQ(check([](auto& o) { o.workers = 0; }).status, Status::bad_worker_count);
}

TEST(TrainingOptions, AreForSamplesThatCanBeCounted) {
  EXPECT_TRUE(mote::check(kSmall, with_batch(4), mote::kUnstored).ok());
  EXPECT_EQ(mote::check(kSmall, with_batch(4).set_bootstrap(true), mote::kUnstored).status, Status::no_samples);
  if constexpr (sizeof(std::size_t) > 4) {
    const std::uint64_t samples = std::uint64_t{1} << 32;
    const Result result = mote::check(kSmall, with_batch(4), samples);
    EXPECT_EQ(result.status, Status::too_many_samples);
    EXPECT_EQ(result.found, samples);
    EXPECT_EQ(result.expected, samples - 1);
  }
}

TEST(TrainingOptions, GiveBatchNormalizationMiniBatchesThatHaveStatistics) {
  const Topology normalized{5, {17, Activation::tanh, true}, {3, Activation::softmax}};
  const auto expect = [&](Status status, std::size_t found, std::size_t expected, std::size_t batch,
                          std::size_t memory_rows) {
    const Result result = mote::check(normalized, with_batch(batch, memory_rows), kSamples);
    EXPECT_EQ(result.status, status) << batch;
    EXPECT_EQ(result.found, found);
    EXPECT_EQ(result.expected, expected);
    EXPECT_TRUE(mote::check(kSmall, with_batch(batch, memory_rows), kSamples).ok()) << "plain networks take all";
  };
  expect(Status::batch_norm_in_chunks, 9, 10, 10, 9);
  expect(Status::ok, 0, 0, 10, 10);
  expect(Status::batch_norm_of_one_sample, 1, 2, 1, 256);
  expect(Status::batch_norm_of_one_sample, 1, 2, 7, 256);  // 50 = 7 * 7 + 1
  expect(Status::ok, 0, 0, 8, 256);
  expect(Status::ok, 0, 0, 2, 256);
}

TEST(TrainingOptions, EveryEnumerationRefusesNumbersThatItDoesNotName) {
  const auto unknown = [](const mote::Result& result) {
    EXPECT_EQ(result.status, mote::Status::bad_enumerator);
    EXPECT_EQ(result.found, 77u);
  };
  mote::Topology topology{2, {3}, {2, mote::Activation::softmax}};
  const mote::TrainingOptions usual;
  mote::TrainingOptions options = usual;
  options.loss.kind = static_cast<mote::Loss>(77);
  unknown(check(topology, options, 100));
  options = usual, options.optimizer.method = static_cast<mote::Optimizer>(77);
  unknown(check(topology, options, 100));
  options = usual, options.schedule.decay = static_cast<mote::Decay>(77);
  unknown(check(topology, options, 100));
  topology.layers[0].activation = static_cast<mote::Activation>(77);
  unknown(check(topology));
  mote::EarlyStopping stopping;
  stopping.monitor = static_cast<mote::Monitor>(77);
  unknown(check(stopping));
  const float elements[2] = {};
  mote::Inputs inputs(elements, 1, 2);
  inputs.type = static_cast<mote::ElementType>(77);
  unknown(check(inputs));
}

}  // namespace
