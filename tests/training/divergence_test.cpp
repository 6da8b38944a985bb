// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <vector>

#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Divergence;
using mote::Optimizer;
using mote::Result;
using mote::Status;
using mote::Topology;
using mote::TrainingOptions;
using mote::test::kInf;
using training::Bound;
using training::Samples;
using training::with_batch;

constexpr std::size_t kSamples = 30;
const Topology kLinear{5, {8, Activation::identity}, {6, Activation::identity}, {3, Activation::identity}};

TrainingOptions quadratic() {
  TrainingOptions options = with_batch(10);
  options.loss = mote::Loss::quadratic;
  options.optimizer.learning_rate = 0.001f;
  return options;
}

void expect(Bound& bound, const Result& result, Divergence::What what, std::size_t layer, std::size_t epoch,
            std::size_t batch) {
  EXPECT_EQ(result.status, Status::not_finite);
  EXPECT_EQ(result.found, batch);
  EXPECT_EQ(result.expected, layer);
  const Divergence& divergence = bound.trainer.divergence();
  EXPECT_EQ(divergence.what, what);
  EXPECT_EQ(divergence.layer, layer);
  EXPECT_EQ(divergence.epoch, epoch);
  EXPECT_EQ(divergence.batch, batch);
}

TEST(Divergence, NamesTheFirstLayerWhoseActivationsMakeTheLoss) {
  const Samples samples(kLinear, kSamples);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    Bound bound(kLinear, quadratic(), kSamples);
    EXPECT_EQ(bound.trainer.divergence().what, Divergence::What::nothing);
    bound.train(samples.dataset, 2);
    ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
    ASSERT_TRUE(bound.trainer.train_batch().ok());
    float* weights = bound.trainer.parameters().data() + kLinear.weights_offset(layer);
    for (std::size_t i = 0; i < kLinear.inputs_of(layer); ++i) weights[i * kLinear.stride_of(layer)] = 3e38f;
    if (layer == 0) bound.trainer.parameters()[kLinear.biases_offset(0)] = 3e38f;
    expect(bound, bound.trainer.train_batch(), Divergence::What::loss, layer, 2, 1);
  }
}

TEST(Divergence, NamesTheLastLayerWhenOnlyTheLossOverflows) {
  const Samples samples(kLinear, kSamples);
  Bound bound(kLinear, quadratic(), kSamples);
  ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
  bound.trainer.parameters()[kLinear.biases_offset(2)] = 1e30f;
  expect(bound, bound.trainer.train_batch(), Divergence::What::loss, 2, 0, 0);
}

TEST(Divergence, NamesTheParameterThatIsBehindALoss) {
  const Samples samples(kLinear, kSamples);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    Bound bound(kLinear, quadratic(), kSamples);
    ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
    bound.trainer.parameters()[kLinear.biases_offset(layer) + 1] = kInf;
    expect(bound, bound.trainer.train_batch(), Divergence::What::parameter, layer, 0, 0);
  }
}

TEST(Divergence, NamesTheParameterThatTheLastStepOfAnEpochBroke) {
  const Topology topology{2, {2, Activation::softmax}};
  TrainingOptions options;
  options.optimizer.learning_rate = 3e38f;
  options.l2 = 2.0f;
  options.batch_size = 4;
  const Samples samples({0, 0, 0, 255, 255, 0, 255, 255}, {0, 1, 1, 0}, 2, 2);
  Bound bound(topology, options, 4);
  expect(bound, bound.trainer.train_epoch(samples.dataset), Divergence::What::parameter, 0, 0, 0);
}

TEST(Divergence, NamesTheGradientThatIsToBeClippedAndTakesNoStep) {
  const Samples samples(kLinear, kSamples);
  for (const bool by_norm : {true, false}) {
    TrainingOptions options = quadratic();
    (by_norm ? options.clip_norm : options.clip_value) = 1.0f;
    Bound bound(kLinear, options, kSamples);
    ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
    // Outputs near 1e18 of finite loss, from activations near 1e30 in the layer below.
    for (float& parameter : bound.trainer.parameters()) parameter = 0.0f;
    float* parameters = bound.trainer.parameters().data();
    parameters[kLinear.biases_offset(1)] = 1e30f;
    parameters[kLinear.weights_offset(2)] = 1e-12f;
    const std::uint32_t before = bound.fingerprint();
    expect(bound, bound.trainer.train_batch(), Divergence::What::gradient, 2, 0, 0);
    EXPECT_EQ(bound.fingerprint(), before);
  }
}

TEST(Divergence, InitializingForgetsIt) {
  const Samples samples(kLinear, kSamples);
  Bound bound(kLinear, quadratic(), kSamples);
  ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
  bound.trainer.parameters()[0] = kInf;
  EXPECT_FALSE(bound.trainer.train_batch().ok());
  bound.trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  EXPECT_EQ(bound.trainer.divergence().what, Divergence::What::nothing);
  EXPECT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
}

TEST(KeptParameters, ComeBackAndTrainAsIfTheyWereInitialOnes) {
  const Samples samples(kLinear, kSamples);
  for (const Optimizer method : {Optimizer::sgd, Optimizer::nesterov, Optimizer::adam}) {
    TrainingOptions options = quadratic();
    options.optimizer.method = method;
    options.shuffle = false;
    options.keep_parameters = true;
    Bound bound(kLinear, options, kSamples);
    const std::uint32_t initial = bound.fingerprint();
    const std::uint32_t trained = bound.train(samples.dataset);
    bound.trainer.restore_parameters();
    EXPECT_EQ(bound.fingerprint(), initial);
    EXPECT_EQ(bound.train(samples.dataset), trained);
    bound.trainer.keep_parameters();
    bound.trainer.parameters()[0] = kInf;
    EXPECT_FALSE(bound.trainer.train_epoch(samples.dataset).ok());
    const std::size_t epoch = bound.trainer.divergence().epoch;
    EXPECT_EQ(epoch, 2u) << "restoring parameters does not count epochs again";
    bound.trainer.restore_parameters();
    EXPECT_EQ(bound.fingerprint(), trained);
    EXPECT_EQ(bound.trainer.divergence().what, Divergence::What::nothing);
    EXPECT_TRUE(bound.trainer.train_epoch(samples.dataset).ok());
  }
}

TEST(KeptParameters, TakeMemoryOnlyWhenAskedFor) {
  TrainingOptions options = quadratic();
  const std::size_t without = mote::training_bytes(kLinear, options, kSamples);
  options.keep_parameters = true;
  EXPECT_EQ(mote::training_bytes(kLinear, options, kSamples), without + kLinear.parameter_bytes());
}

TEST(Divergence, NamesTheLayerOfAScaleOfBatchNormalization) {
  const Topology topology{5, {8, Activation::tanh, true}, {6, Activation::tanh, true}, {3, Activation::identity}};
  const Samples samples(topology, kSamples);
  for (const std::size_t layer : {0u, 1u}) {
    Bound bound(topology, quadratic(), kSamples);
    ASSERT_TRUE(bound.trainer.begin_epoch(samples.dataset).ok());
    bound.trainer.parameters()[topology.scales_offset(layer)] = mote::test::kNotANumber;
    expect(bound, bound.trainer.train_batch(), Divergence::What::parameter, layer, 0, 0);
  }
}

}  // namespace
