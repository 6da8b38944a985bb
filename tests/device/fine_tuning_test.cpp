// SPDX-License-Identifier: MIT
#include "mote/fine_tuning.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "mote/dataset.hpp"
#include "mote/flash_record.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::FineTuning;
using mote::FineTuningOptions;
using mote::FlashModel;
using mote::Optimizer;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::test::wide;

constexpr Topology kTopology{12, {9, Activation::tanh}, {7, Activation::tanh}, {3, Activation::softmax}};
constexpr float kScale = 1.0f / 255.0f;

struct Example {
  std::vector<float> weights, biases;
  std::vector<std::uint8_t> pixels, labels;
  FlashModel model;

  Example() : biases(mote::flash_row_count(kTopology), 0.0f) {
    mote::test::Source source(5);
    weights = source.floats(mote::flash_weight_count(kTopology));
    for (std::size_t l = 0; l < 3; ++l) {
      for (std::size_t j = 0; j < kTopology.outputs_of(l); ++j) biases[16 * l + j] = source.uniform(-0.5f, 0.5f);
    }
    for (std::size_t i = 0; i < 60; ++i) {
      labels.push_back(static_cast<std::uint8_t>(source.below(3)));
      for (std::size_t p = 0; p < 12; ++p) {
        const bool own = p % 3 == labels.back();
        pixels.push_back(static_cast<std::uint8_t>(own ? 128 + source.below(128) : source.below(100)));
      }
    }
    model = {kTopology, Span<const float>{weights.data(), weights.size()},
             Span<const float>{biases.data(), biases.size()}};
  }
  const std::uint8_t* sample(std::size_t i) const { return pixels.data() + 12 * i; }
};

/// The last layer, trained by the formulas in double precision on the outputs of the layers before it.
struct Twin {
  double w[7][3], b[3];

  explicit Twin(const Example& e) {
    for (int i = 0; i < 7; ++i) {
      for (int j = 0; j < 3; ++j) w[i][j] = wide(e.weights[12 * 9 + 9 * 7 + static_cast<std::size_t>(3 * i + j)]);
    }
    for (std::size_t j = 0; j < 3; ++j) b[j] = wide(e.biases[32 + j]);
  }
  static std::vector<double> features(const Example& e, const std::uint8_t* pixels) {
    std::vector<double> x;
    for (std::size_t p = 0; p < 12; ++p) x.push_back(pixels[p] / 255.0);
    std::size_t at = 0;
    for (std::size_t l = 0; l < 2; ++l) {
      std::vector<double> y(kTopology.outputs_of(l));
      for (std::size_t j = 0; j < y.size(); ++j) {
        double z = wide(e.biases[16 * l + j]);
        for (std::size_t k = 0; k < x.size(); ++k) z += x[k] * wide(e.weights[at + k * y.size() + j]);
        y[j] = std::tanh(z);
      }
      at += x.size() * y.size();
      x = y;
    }
    return x;
  }
  void step(const Example& e, std::size_t first, std::size_t count, double rate, double l2) {
    double dw[7][3] = {}, db[3] = {};
    for (std::size_t s = first; s < first + count; ++s) {
      const std::vector<double> x = features(e, e.sample(s));
      double z[3], total = 0.0;
      for (int j = 0; j < 3; ++j) {
        z[j] = b[j];
        for (std::size_t i = 0; i < 7; ++i) z[j] += x[i] * w[i][j];
        total += std::exp(z[j]);
      }
      for (int j = 0; j < 3; ++j) {
        const double delta = (std::exp(z[j]) / total - (e.labels[s] == j ? 1.0 : 0.0)) / static_cast<double>(count);
        for (std::size_t i = 0; i < 7; ++i) dw[i][j] += x[i] * delta;
        db[j] += delta;
      }
    }
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 7; ++i) w[i][j] -= rate * (dw[i][j] + l2 * w[i][j]);
      b[j] -= rate * db[j];
    }
  }
};

TEST(FineTuning, LearnsAsTheFormulasSayAndLeavesTheModelAlone) {
  for (const std::size_t batch : {1u, 4u}) {
    const Example example;
    const std::vector<float> before = example.weights;
    FineTuningOptions options;
    options.optimizer = {Optimizer::sgd, 0.2f};
    options.batch_size = batch;
    options.l2 = batch == 1 ? 0.0f : 0.125f;
    GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
    FineTuning tuning;
    ASSERT_TRUE(tuning.bind(example.model, options, memory.memory()).ok());
    Twin twin(example);
    for (std::size_t i = 0; i < 60; ++i) {
      EXPECT_EQ(tuning.waiting(), i % batch);
      ASSERT_TRUE(tuning.train(example.sample(i), kScale, example.labels[i]).ok());
      if (i % batch == 1) tuning.forward_pre_activations(example.sample(0), kScale);  // a question changes nothing
      if ((i + 1) % batch == 0) twin.step(example, i + 1 - batch, batch, 0.2, wide(options.l2));
    }
    const Topology& last = tuning.topology();
    for (std::size_t i = 0; i < 7; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        EXPECT_NEAR(wide(tuning.parameters()[i * last.stride_of(0) + j]), twin.w[i][j], 2e-6);
      }
    }
    for (std::size_t j = 0; j < 3; ++j)
      EXPECT_NEAR(wide(tuning.parameters()[last.biases_offset(0) + j]), twin.b[j], 2e-6);
    EXPECT_EQ(tuning.totals().samples, 60u);
    EXPECT_EQ(before, example.weights);
    EXPECT_TRUE(memory.intact());
  }
}

TEST(FineTuning, GoesOnAfterARestartFromWhatWasSaved) {
  const Example example;
  FineTuningOptions options;
  options.optimizer = {Optimizer::adam, 0.05f};
  options.batch_size = 2;
  GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options)), other(mote::fine_tuning_bytes(kTopology, options));
  FineTuning first, second;
  ASSERT_TRUE(first.bind(example.model, options, memory.memory()).ok());
  ASSERT_TRUE(second.bind(example.model, options, other.memory()).ok());
  for (std::size_t i = 0; i < 21; ++i) ASSERT_TRUE(first.train(example.sample(i), kScale, example.labels[i]).ok());
  std::vector<unsigned char> saved(first.learned().begin(), first.learned().end());
  for (std::size_t i = 0; i < 7; ++i) ASSERT_TRUE(second.train(example.sample(i), kScale, example.labels[i]).ok());
  ASSERT_TRUE(second.restore({saved.data(), saved.size()}).ok());
  ASSERT_TRUE(first.restore({saved.data(), saved.size()}).ok());  // resets the optimizer, as in the other
  EXPECT_EQ(second.waiting(), 0u);
  for (std::size_t i = 0; i < 20; ++i) {
    for (FineTuning* tuning : {&first, &second}) {
      ASSERT_TRUE(tuning->train(example.sample(i), kScale, example.labels[i]).ok());
    }
  }
  EXPECT_NE(std::memcmp(first.parameters().data(), saved.data(), saved.size()), 0);
  EXPECT_EQ(std::memcmp(first.parameters().data(), second.parameters().data(), saved.size()), 0);
  const float infinity = std::numeric_limits<float>::infinity();
  std::memcpy(&saved[4], &infinity, sizeof infinity);
  EXPECT_EQ(first.restore({saved.data(), saved.size()}).status, Status::not_finite);
  EXPECT_EQ(first.restore({saved.data(), saved.size() - 1}).status, Status::memory_too_small);
  EXPECT_EQ(std::memcmp(first.parameters().data(), second.parameters().data(), saved.size()), 0);
}

TEST(FineTuning, StartsWithTheAnswersOfTheModel) {
  const Example example;
  for (const std::size_t layers : {1u, 2u}) {
    FineTuningOptions options;
    options.set_layers(layers);
    GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options)), scratch(mote::flash_network_bytes(kTopology));
    FineTuning tuning;
    mote::FlashNetwork network;
    ASSERT_TRUE(tuning.bind(example.model, options, memory.memory()).ok());
    ASSERT_TRUE(network.bind(example.model, scratch.memory()).ok());
    const auto z = tuning.forward_pre_activations(example.sample(3), kScale);
    double total = 0.0;
    for (const float x : z) total += std::exp(wide(x));
    const auto outputs = network.forward(example.sample(3), kScale);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(std::exp(wide(z[j])) / total, wide(outputs[j]), 1e-6);
  }
}

TEST(FineTuning, LearnsWithEveryOptimizerInOneLayerOrTwo) {
  const Example example;
  for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::nesterov, Optimizer::adagrad,
                                 Optimizer::rmsprop, Optimizer::adam, Optimizer::adamw, Optimizer::nadam}) {
    for (const std::size_t layers : {1u, 2u}) {
      FineTuningOptions options;
      options.set_layers(layers);
      options.optimizer = {method, method == Optimizer::adagrad ? 0.2f : 0.02f};
      GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
      FineTuning tuning;
      ASSERT_TRUE(tuning.bind(example.model, options, memory.memory()).ok());
      const auto correct = [&] {
        std::size_t count = 0;
        for (std::size_t i = 0; i < 60; ++i) {
          const auto z = tuning.forward_pre_activations(example.sample(i), kScale);
          count += mote::argmax(z) == example.labels[i] ? 1 : 0;
        }
        return count;
      };
      const std::size_t before = correct();
      for (std::size_t i = 0; i < 600; ++i) {
        ASSERT_TRUE(tuning.train(example.sample(i % 60), kScale, example.labels[i % 60]).ok());
      }
      EXPECT_GE(correct(), 54u) << static_cast<int>(method) << ", " << layers << " layers, " << before << " before";
      EXPECT_TRUE(memory.intact());
    }
  }
}

TEST(FineTuning, ABatchWithoutAFiniteLossIsLeftOut) {
  const Example example;
  const FineTuningOptions options;
  GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
  FineTuning tuning;
  ASSERT_TRUE(tuning.bind(example.model, options, memory.memory()).ok());
  ASSERT_TRUE(tuning.train(example.sample(0), kScale, example.labels[0]).ok());
  const std::vector<float> before(tuning.parameters().begin(), tuning.parameters().end());
  EXPECT_EQ(tuning.train(example.sample(1), INFINITY, example.labels[1]).status, Status::not_finite);
  EXPECT_EQ(before, std::vector<float>(tuning.parameters().begin(), tuning.parameters().end()));
  EXPECT_TRUE(tuning.train(example.sample(2), kScale, example.labels[2]).ok());
  EXPECT_EQ(tuning.totals().samples, 2u);
}

TEST(FineTuning, OptionsAreSetByName) {
  constexpr FineTuningOptions kOptions = FineTuningOptions()
                                             .set_layers(2)
                                             .set_loss(mote::Loss::huber)
                                             .set_optimizer({mote::Optimizer::adam, 0.5f})
                                             .set_batch_size(3)
                                             .set_l2(0.25f);
  static_assert(kOptions.trainable[1] == mote::Trainable::weights_and_biases &&
                kOptions.trainable[2] == mote::Trainable::nothing);
  static_assert(kOptions.loss.kind == mote::Loss::huber && kOptions.batch_size == 3);
  static_assert(kOptions.optimizer.learning_rate == 0.5f && kOptions.l2 == 0.25f);
}

TEST(FineTuning, WhatSharesMemoryIsNotCopied) {
  static_assert(!std::is_copy_constructible_v<FineTuning> && !std::is_copy_assignable_v<FineTuning>);
  static_assert(!std::is_copy_constructible_v<mote::FlashNetwork> && !std::is_copy_assignable_v<mote::FlashNetwork>);
  static_assert(!std::is_copy_constructible_v<mote::FlashWriter> && !std::is_copy_assignable_v<mote::FlashWriter>);
}

TEST(FineTuning, RefusesWhatCannotLearn) {
  const Example example;
  const FineTuningOptions usual;
  const std::size_t bytes = mote::fine_tuning_bytes(kTopology, usual);
  GuardedMemory memory(bytes);
  FineTuning tuning;
  EXPECT_EQ(tuning.bind(example.model, usual, memory.memory().subspan(0, bytes - 1)).status, Status::memory_too_small);
  const auto status = [&](auto change) {
    FineTuningOptions options;
    change(options);
    return tuning.bind(example.model, options, memory.memory()).status;
  };
  FineTuningOptions all_layers;
  all_layers.set_layers(4);
  const mote::Result too_many = tuning.bind(example.model, all_layers, memory.memory());
  EXPECT_EQ(too_many.status, Status::too_many_layers);
  EXPECT_EQ(too_many.found, 4u);
  EXPECT_EQ(too_many.expected, 3u);
  EXPECT_EQ(status([](auto& o) { o.set_layers(0); }), Status::no_layers);
  EXPECT_EQ(status([](auto& o) { o.trainable[1] = static_cast<mote::Trainable>(77); }), Status::bad_enumerator);
  EXPECT_EQ(status([](auto& o) { o.batch_size = 0; }), Status::bad_batch_size);
  EXPECT_EQ(status([](auto& o) { o.l2 = NAN; }), Status::bad_penalty);
  EXPECT_EQ(status([](auto& o) { o.optimizer.learning_rate = 0.0f; }), Status::bad_learning_rate);
  EXPECT_EQ(status([](auto& o) { o.loss = mote::Loss::sigmoid_cross_entropy; }), Status::loss_activation_mismatch);
  ASSERT_TRUE(tuning.bind(example.model, usual, memory.memory()).ok());
  EXPECT_EQ(tuning.train(example.sample(0), kScale, 3).status, Status::label_out_of_range);
}

}  // namespace
