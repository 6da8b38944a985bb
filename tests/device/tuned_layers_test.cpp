// SPDX-License-Identifier: MIT
// Layers that learn on over weights of any format, as FineTuning runs them.
#include "mote/tuned_layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "mote/fine_tuning.hpp"
#include "support/guarded_memory.hpp"
#include "support/tuned_network.hpp"

namespace {

using mote::Activation;
using mote::FineTuning;
using mote::FineTuningOptions;
using mote::FlashModel;
using mote::Inputs;
using mote::Optimizer;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::Trainable;
using mote::test::wide;
using tuned::copied;
using tuned::Example;
using tuned::kInputs;
using tuned::kOutputs;
using tuned::kTopology;
using tuned::span;

/// Trains one batch of plain gradient descent: parameters that learn move by the gradient of the double twin, and the
/// others do not move.
template <typename Tuning>
void expect_gradient_step(Tuning& tuning, const Example& example, const FineTuningOptions& options, const char* name) {
  const Topology t = tuning.network_topology();
  const std::vector<float> before = copied(tuning);
  twin::Batch batch = example.batch;
  batch.labels.resize(options.batch_size);
  const twin::Network network(t, {before.data(), before.size()});
  const twin::Parameters gradients = network.gradients(options.loss, batch, 0.0);
  for (std::size_t i = 0; i < options.batch_size; ++i) {
    ASSERT_TRUE(tuning.train(example.sample(i), batch.labels[i]).ok()) << name;
  }
  const std::vector<float> after = copied(tuning);
  const twin::Parameters old = network.parameters, found = twin::unpack(t, {after.data(), after.size()});
  const double rate = wide(options.optimizer.learning_rate);
  for (std::size_t l = 0; l < t.layer_count; ++l) {
    const Trainable trainable = options.trainable[t.layer_count - 1 - l];
    const auto expect_moved = [&](const twin::Vector& from, const twin::Vector& to, const twin::Vector& gradient,
                                  bool learns) {
      for (std::size_t i = 0; i < from.size(); ++i) {
        if (!learns) {
          EXPECT_EQ(from[i], to[i]) << name << ", layer " << l;
        } else {
          EXPECT_NEAR(from[i] - to[i], rate * gradient[i], 3e-6) << name << ", layer " << l;
        }
      }
    };
    expect_moved(old.weights[l], found.weights[l], gradients.weights[l], trainable == Trainable::weights_and_biases);
    expect_moved(old.biases[l], found.biases[l], gradients.biases[l], trainable != Trainable::nothing);
  }
}

TEST(TunedLayers, AnyParametersFollowTheirGradientsOverAnyFormat) {
  const Example example;
  constexpr auto kNothing = Trainable::nothing, kBiases = Trainable::biases, kAll = Trainable::weights_and_biases;
  const Trainable sets[][4] = {// from the last layer to the first
                               {kAll, kNothing, kNothing, kNothing},
                               {kBiases, kBiases, kBiases, kBiases},
                               {kNothing, kNothing, kNothing, kBiases},
                               {kNothing, kAll, kNothing, kNothing},
                               {kAll, kBiases, kNothing, kNothing},
                               {kNothing, kBiases, kAll, kNothing},
                               {kAll, kAll, kAll, kAll},
                               {kBiases, kNothing, kNothing, kAll}};
  for (const auto& set : sets) {
    for (const std::size_t batch : {1u, 5u}) {
      FineTuningOptions options;
      for (std::size_t i = 0; i < 4; ++i) options.set_trainable(i, set[i]);
      const Optimizer method = batch == 1 ? Optimizer::nesterov : Optimizer::sgd;  // their first steps are equal
      options.set_batch_size(batch).set_optimizer({method, 0.1f});
      for (const auto& [model, name] : {std::pair(&example.float32, "float32"), std::pair(&example.float16, "float16"),
                                        std::pair(&example.int8, "int8")}) {
        SCOPED_TRACE(&set - sets);
        GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
        FineTuning tuning;
        ASSERT_TRUE(tuning.bind(*model, options, memory.memory()).ok());
        expect_gradient_step(tuning, example, options, name);
        EXPECT_TRUE(memory.intact()) << name;
      }
    }
  }
}

/// Weights that float16 holds exactly give the bits of float32.
TEST(TunedLayers, HalfFloatsLearnLikeTheFloatsOfTheirValues) {
  Example example;
  for (std::size_t i = 0; i < example.floats.size(); ++i) {
    example.floats[i] = std::ldexp(std::round(std::ldexp(example.floats[i], 6)), -6);
  }
  for (std::size_t i = 0; i < example.floats.size(); ++i) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &example.floats[i], 4);
    const bool is_zero = (bits & 0x7fffffffu) == 0;
    example.halves[i].bits = static_cast<std::uint16_t>(
        (bits >> 16 & 0x8000u) | (is_zero ? 0u : ((bits >> 13 & 0x3ffffu) - (112u << 10)) & 0x7fffu));
  }
  FineTuningOptions options;
  options.set_biases(3).set_trainable(0, Trainable::weights_and_biases).set_optimizer({Optimizer::adam, 0.01f});
  GuardedMemory memories[] = {GuardedMemory(mote::fine_tuning_bytes(kTopology, options)),
                              GuardedMemory(mote::fine_tuning_bytes(kTopology, options))};
  FineTuning tunings[2];
  ASSERT_TRUE(tunings[0].bind(example.float32, options, memories[0].memory()).ok());
  ASSERT_TRUE(tunings[1].bind(example.float16, options, memories[1].memory()).ok());
  for (FineTuning& tuning : tunings) {
    for (std::size_t i = 0; i < 12; ++i) ASSERT_TRUE(tuning.train(example.sample(i), example.batch.labels[i]).ok());
  }
  EXPECT_TRUE(mote::test::same_bits(tunings[0].parameters().data(), tunings[1].parameters().data(),
                                    tunings[0].parameters().size()));
}

/// Weights round to half floats after each step: near the float training, in half the memory, and saved as bytes.
TEST(TunedLayers, WeightsInRamCanBeHalfFloats) {
  const Example example;
  for (const Optimizer method : {Optimizer::sgd, Optimizer::momentum, Optimizer::adam}) {
    for (const std::size_t batch : {1u, 3u}) {
      FineTuningOptions options;
      options.set_layers(2).set_trainable(2, Trainable::biases).set_batch_size(batch).set_optimizer({method, 0.01f});
      options.set_l2(0.01f);
      FineTuningOptions halved = options;
      halved.set_half_weights(true);
      GuardedMemory memories[] = {GuardedMemory(mote::fine_tuning_bytes(kTopology, options)),
                                  GuardedMemory(mote::fine_tuning_bytes(kTopology, halved)),
                                  GuardedMemory(mote::fine_tuning_bytes(kTopology, halved))};
      FineTuning floats, halves, restored;
      ASSERT_TRUE(floats.bind(example.int8, options, memories[0].memory()).ok());
      ASSERT_TRUE(halves.bind(example.int8, halved, memories[1].memory()).ok());
      ASSERT_TRUE(restored.bind(example.int8, halved, memories[2].memory()).ok());
      EXPECT_EQ(halves.learned().size(), 4u * (16 + 16 + 16) * (mote::kRowAlignment / 16) + 2u * (9 * 6 + 6 * 4));
      const std::vector<float> before = copied(floats);
      for (std::size_t i = 0; i < 60; ++i) {
        ASSERT_TRUE(floats.train(example.sample(i % 12), example.batch.labels[i % 12]).ok());
        ASSERT_TRUE(halves.train(example.sample(i % 12), example.batch.labels[i % 12]).ok());
      }
      const std::vector<float> a = copied(floats), b = copied(halves);
      double moved = 0.0, apart = 0.0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        moved += (wide(a[i]) - wide(before[i])) * (wide(a[i]) - wide(before[i]));
        apart += (wide(a[i]) - wide(b[i])) * (wide(a[i]) - wide(b[i]));
      }
      EXPECT_LE(apart, 0.0025 * moved) << "5 % of the way";
      EXPECT_GT(moved, 0.001);
      ASSERT_TRUE(restored.restore(halves.learned()).ok());
      EXPECT_EQ(copied(restored), b);
      std::vector<unsigned char> bad(halves.learned().begin(), halves.learned().end());
      bad[bad.size() - 1] = 0x7c;  // infinity
      EXPECT_EQ(restored.restore({bad.data(), bad.size()}).status, Status::not_finite);
      EXPECT_EQ(copied(restored), b);
      for (GuardedMemory& memory : memories) EXPECT_TRUE(memory.intact());
    }
  }
  FineTuningOptions nesterov;
  nesterov.set_half_weights(true).set_optimizer({Optimizer::nesterov, 0.1f});
  GuardedMemory memory(mote::fine_tuning_bytes(kTopology, nesterov));
  FineTuning tuning;
  EXPECT_EQ(tuning.bind(example.int8, nesterov, memory.memory()).status, Status::bad_momentum);
}

TEST(TunedLayers, ParametersCanBeExported) {
  const Example example;
  FineTuningOptions options;
  options.set_layers(2).set_optimizer({Optimizer::sgd, 0.05f});
  GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
  FineTuning tuning;
  ASSERT_TRUE(tuning.bind(example.int8, options, memory.memory()).ok());
  for (std::size_t i = 0; i < 12; ++i) ASSERT_TRUE(tuning.train(example.sample(i), example.batch.labels[i]).ok());
  std::vector<float> parameters = copied(tuning);
  const twin::Network network(kTopology, {parameters.data(), parameters.size()});
  for (std::size_t i = 0; i < 12; ++i) {
    const twin::Vector z = network.pre_activations(example.batch.inputs.data() + i * kInputs).back();
    const auto found = tuning.forward_pre_activations(example.sample(i));
    for (std::size_t j = 0; j < kOutputs; ++j) EXPECT_NEAR(wide(found[j]), z[j], 1e-5);
  }
  EXPECT_EQ(tuning.copy_parameters(span(parameters).subspan(0, 5)).status, Status::model_size_mismatch);
}

TEST(TunedLayers, ANewClassIsLearned) {
  const Example example;
  FineTuningOptions options;
  options.set_layers(3).set_new_classes(1).set_optimizer({Optimizer::momentum, 0.01f});
  GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
  FineTuning tuning;
  ASSERT_TRUE(tuning.bind(example.int8, options, memory.memory()).ok());
  const auto z = tuning.forward_pre_activations(example.sample(0));
  EXPECT_EQ(z.size(), 5u);
  EXPECT_LE(z[4], 0.5f) << "the smallest of the biases";
  tuned::expect_to_learn_a_fifth_class(tuning);
  EXPECT_TRUE(memory.intact());
  const auto status = [&](const FineTuningOptions& o) { return tuning.bind(example.int8, o, memory.memory()).status; };
  EXPECT_EQ(status(FineTuningOptions().set_biases(1).set_new_classes(1)), Status::layer_size_out_of_range);
  EXPECT_EQ(status(FineTuningOptions().set_new_classes(253)), Status::layer_size_out_of_range);
}

TEST(TunedLayers, TargetsAreLearnedLikeLabels) {
  constexpr Topology t{3, {8, Activation::tanh}, {2}};
  std::vector<float> parameters(t.parameter_count()), weights(mote::flash_weight_count(t)),
      biases(mote::flash_row_count(t));
  twin::randomize(t, 9, span(parameters));
  ASSERT_TRUE(mote::make_flash_weights(t, span(parameters), span(weights), span(biases)).ok());
  const FlashModel model(t, Span<const float>(span(weights)), span(biases));
  FineTuningOptions options;
  options.set_layers(2).set_has_targets(true).set_loss(mote::Loss::quadratic).set_batch_size(2);
  options.set_optimizer({Optimizer::adam, 0.01f});
  GuardedMemory memory(mote::fine_tuning_bytes(t, options));
  FineTuning tuning;
  ASSERT_TRUE(tuning.bind(model, options, memory.memory()).ok());
  mote::test::Source source(4);
  float error = 0.0f;
  for (int i = 0; i < 6000; ++i) {
    const float x[3] = {source.uniform(-1.0f, 1.0f), source.uniform(-1.0f, 1.0f), source.uniform(-1.0f, 1.0f)};
    const float y[2] = {x[0] * x[1], 0.5f * x[2] - 0.2f};
    if (i >= 5900) {
      const auto found = tuning.forward_pre_activations(Inputs(x, 1, 3));
      error = std::max({error, std::fabs(found[0] - y[0]), std::fabs(found[1] - y[1])});
    }
    ASSERT_TRUE(tuning.train(Inputs(x, 1, 3), Span<const float>(y)).ok());
  }
  EXPECT_LE(error, 0.15f);
  EXPECT_TRUE(memory.intact());
  const float x[3] = {}, y[3] = {0.0f, NAN, 0.0f};
  const Inputs sample(x, 1, 3);
  EXPECT_EQ(tuning.train(sample, std::uint8_t{0}).status, Status::no_labels);
  EXPECT_EQ(tuning.train(sample, Span<const float>(y)).status, Status::output_size_mismatch);
  const mote::Result result = tuning.train(sample, Span<const float>(y, 2));
  EXPECT_EQ(result.status, Status::target_out_of_range);
  EXPECT_EQ(result.expected, 1u);
  EXPECT_EQ(tuning.waiting(), 0u);
}

/// Rows of 128 columns have a longer stride, and what lies between them was never written.
TEST(TunedLayers, ReadNothingBetweenRowsOf128Columns) {
  constexpr Topology t{5, {128, Activation::tanh}, {128, Activation::gelu}, {3, Activation::softmax}};
  std::vector<float> parameters(t.parameter_count()), biases(mote::flash_row_count(t)), factors(biases.size());
  std::vector<std::int8_t> weights(mote::flash_weight_count(t));
  twin::randomize(t, 9, span(parameters));
  ASSERT_TRUE(mote::make_flash_weights(t, span(parameters), span(weights), span(biases), span(factors)).ok());
  const FlashModel model(t, Span<const std::int8_t>(span(weights)), span(biases), span(factors));
  FineTuningOptions options;
  options.set_biases(3).set_batch_size(2).set_optimizer({Optimizer::adam, 0.01f});
  GuardedMemory memory(mote::fine_tuning_bytes(t, options));
  FineTuning tuning;
  ASSERT_TRUE(tuning.bind(model, options, memory.memory()).ok());
  const std::vector<float> inputs = mote::test::Source(4).floats(20 * 5, -1.0f, 1.0f);
  for (std::size_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(tuning.train(Inputs(inputs.data() + 5 * i, 1, 5), static_cast<std::uint8_t>(i % 3)).ok());
  }
  for (const float x : copied(tuning)) ASSERT_TRUE(std::isfinite(x));
  EXPECT_TRUE(memory.intact());
}

TEST(TunedLayers, TargetsOfCrossEntropyAreProbabilities) {
  const Example example;
  FineTuningOptions options;
  options.set_has_targets(true).set_batch_size(2);
  GuardedMemory memory(mote::fine_tuning_bytes(kTopology, options));
  FineTuning tuning;
  ASSERT_TRUE(tuning.bind(example.float32, options, memory.memory()).ok());
  const auto status = [&](float target) {
    const float targets[4] = {0.0f, target, 1.0f, 0.0f};
    return tuning.train(example.sample(0), Span<const float>(targets)).status;
  };
  for (const float wrong : {-0.5f, -0x1p-126f, 1.5f, std::nextafter(1.0f, 2.0f), -NAN}) {
    EXPECT_EQ(status(wrong), Status::target_out_of_range) << wrong;
  }
  EXPECT_EQ(status(0.5f), Status::ok);
}

}  // namespace
