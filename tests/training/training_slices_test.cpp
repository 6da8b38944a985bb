// SPDX-License-Identifier: MIT
// A parameter step in slices has the bits of the step in one.
#include "mote/training_slices.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Optimizer;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::Samples;

constexpr Topology kDeep{19, {23, Activation::tanh}, {5, Activation::gelu}, {3, Activation::softmax}};
constexpr Topology kNormalized{19, {23, Activation::relu, true}, {3, Activation::softmax}};

struct Case {
  const char* name;
  Topology topology;
  TrainingOptions options;
};

std::vector<Case> cases() {
  const TrainingOptions plain{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.0f, 6};
  return {{"sgd", kDeep, plain},
          {"one sample", kDeep, TrainingOptions(plain).set_batch_size(1)},
          {"l2", kDeep, TrainingOptions(plain).set_l2(0.01f)},
          {"nesterov", kDeep, TrainingOptions(plain).set_optimizer({Optimizer::nesterov, 0.1f})},
          {"adam", kDeep, TrainingOptions(plain).set_optimizer({Optimizer::adam, 0.01f})},
          {"dropout", kDeep, TrainingOptions(plain).set_input_dropout(0.2f).set_hidden_dropout(0.5f)},
          {"clipping", kDeep, TrainingOptions(plain).set_clip_norm(0.1f)},
          {"max-norm", kDeep, TrainingOptions(plain).set_max_norm(0.5f)},
          {"chunks", kDeep, TrainingOptions(plain).set_memory_rows(4)},
          {"batch normalization", kNormalized, plain}};
}

TEST(TrainingSlices, OfAnySizeGiveTheBitsOfWholeSteps) {
  for (const Case& c : cases()) {
    const Samples samples(c.topology, 20);  // the last mini-batch is smaller
    Bound whole(c.topology, c.options, 20);
    ASSERT_TRUE(whole.trainer.train_epoch(samples.dataset).ok());
    for (const std::size_t multiply_adds : {1u, 100u, 437u, 2000u, 1000000u}) {
      SCOPED_TRACE(c.name + std::string(", multiply-adds ") + std::to_string(multiply_adds));
      Bound sliced(c.topology, c.options, 20);
      mote::TrainingSlices slices(sliced.trainer);
      ASSERT_TRUE(sliced.trainer.begin_epoch(samples.dataset).ok());
      std::size_t count = 0, batches = 0;
      for (; sliced.trainer.samples_left() != 0; ++batches) {
        slices.begin();
        while (!slices.advance(multiply_adds)) ++count;
        ASSERT_TRUE(slices.result().ok());
      }
      EXPECT_EQ(sliced.fingerprint(), whole.fingerprint());
      EXPECT_EQ(sliced.trainer.epoch_totals().sum, whole.trainer.epoch_totals().sum);
      EXPECT_EQ(sliced.trainer.progress().steps, whole.trainer.progress().steps);
      EXPECT_EQ(sliced.trainer.progress().samples_seen, whole.trainer.progress().samples_seen);
      if (multiply_adds == 1000000) {
        EXPECT_LE(count, 2 * batches) << "batch normalization: two large units";
      }
      if (multiply_adds == 1) {
        EXPECT_GE(count, 30 * batches) << "every row of gradients is a slice";
      }
    }
  }
}

TEST(TrainingSlices, TakeBatchesThatAreNotStored) {
  const TrainingOptions options{Loss::cross_entropy, {Optimizer::momentum, 0.1f}, 0.0f, 4};
  const Samples samples(kDeep, 12);
  Bound whole(kDeep, options, mote::kUnstored), sliced(kDeep, options, mote::kUnstored);
  mote::TrainingSlices slices(sliced.trainer);
  for (std::size_t first = 0; first < 12; first += 4) {
    mote::Dataset batch = samples.dataset;
    static_cast<mote::Inputs&>(batch) = samples.dataset.subset(first, 4);
    batch.labels += first;
    ASSERT_TRUE(whole.trainer.train_batch(batch).ok());
    ASSERT_TRUE(slices.begin(batch).ok());
    while (!slices.advance(50)) continue;
    ASSERT_TRUE(slices.result().ok());
  }
  EXPECT_EQ(sliced.fingerprint(), whole.fingerprint());
}

TEST(TrainingSlices, RejectHiddenLayersWhoseWeightsAreAllZero) {
  const TrainingOptions options{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.0f, 4};
  const Samples samples(kDeep, 4);
  Bound stored(kDeep, options, 4), unstored(kDeep, options, mote::kUnstored);
  for (Bound* bound : {&stored, &unstored}) {
    for (float& x : bound->trainer.parameters()) x = 0.0f;
  }
  EXPECT_EQ(mote::TrainingSlices(unstored.trainer).begin(samples.dataset).status, Status::not_initialized);
  ASSERT_TRUE(stored.trainer.begin_epoch(samples.dataset).ok());
  mote::TrainingSlices slices(stored.trainer);
  slices.begin();
  EXPECT_TRUE(slices.advance(1));
  EXPECT_EQ(slices.result().status, Status::not_initialized);
}

TEST(TrainingSlices, RejectABatchAsWholeStepsDo) {
  const TrainingOptions options{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.0f, 2};
  Bound bound(kDeep, options, mote::kUnstored);
  const std::uint32_t before = bound.fingerprint();
  std::vector<float> inputs(2 * 19, 0.5f);
  const std::vector<std::uint8_t> labels = {0, 1, 2};
  mote::TrainingSlices slices(bound.trainer);
  EXPECT_EQ(slices.begin({mote::Inputs(inputs.data(), 3, 19), labels.data(), 3}).status, Status::bad_batch_size);
  inputs[30] = NAN;
  ASSERT_TRUE(slices.begin({mote::Inputs(inputs.data(), 2, 19), labels.data(), 3}).ok());
  while (!slices.advance(10)) continue;
  EXPECT_EQ(slices.result().status, Status::input_not_finite);
  EXPECT_EQ(slices.result().found, 1u);
  EXPECT_EQ(bound.trainer.progress().steps, 0u);
  EXPECT_EQ(bound.fingerprint(), before);
}

}  // namespace
