// SPDX-License-Identifier: MIT
// A StaticTrainer learns the bits of a Trainer, with the methods that its constants name and no others.
#include "mote/static_trainer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Optimizer;
using mote::Topology;
using mote::TrainingOptions;
using training::Bound;
using training::Samples;

constexpr std::size_t kSamples = 40;
constexpr Topology kPlain{9, {13, Activation::relu}, {4, Activation::softmax}};
constexpr Topology kMixed{9, {13, Activation::gelu}, {7, Activation::tanh}, {4, Activation::sigmoid}};
constexpr Topology kNormalized{9, {13, Activation::elu, true}, {4, Activation::softmax}};

constexpr TrainingOptions kSgd{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.0f, 4};
constexpr TrainingOptions kOnline = TrainingOptions(kSgd).set_batch_size(1);
constexpr TrainingOptions kAdam =
    TrainingOptions(kSgd).set_optimizer({Optimizer::adam, 0.01f}).set_input_dropout(0.1f).set_hidden_dropout(0.5f);
constexpr TrainingOptions kEverything = TrainingOptions()
                                            .set_loss(mote::LossOptions(Loss::huber).set_huber_delta(0.5f))
                                            .set_optimizer({Optimizer::nesterov, 0.05f})
                                            .set_l1(0.001f)
                                            .set_l2(0.01f)
                                            .set_batch_size(8)
                                            .set_memory_rows(3)
                                            .set_max_norm(1.5f)
                                            .set_clip_norm(0.5f)
                                            .set_hidden_dropout(0.2f)
                                            .set_schedule({mote::Decay::cosine, 20, 0.1f, 3})
                                            .set_keep_parameters(true)
                                            .set_bootstrap(true);
constexpr TrainingOptions kClipped =
    TrainingOptions(kSgd).set_clip_value(0.01f).set_optimizer({Optimizer::rmsprop, 0.01f});

template <const Topology& kTopology, const TrainingOptions& kOptions>
void expect_the_bits_of_a_trainer() {
  const Samples samples(kTopology, kSamples);
  Bound expected(kTopology, kOptions, kSamples);
  static mote::StaticTrainer<kTopology, kOptions, kSamples> trainer;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  for (int epoch = 0; epoch < 3; ++epoch) {
    ASSERT_TRUE(expected.trainer.train_epoch(samples.dataset).ok());
    ASSERT_TRUE(trainer.train_epoch(samples.dataset).ok());
  }
  EXPECT_EQ(mote::fingerprint(kTopology, trainer.parameters()), expected.fingerprint());
  mote::LossTotals wanted, found;
  ASSERT_TRUE(expected.trainer.evaluate(samples.dataset, wanted).ok());
  ASSERT_TRUE(trainer.evaluate(samples.dataset, found).ok());
  EXPECT_EQ(found.sum, wanted.sum);
  EXPECT_EQ(found.correct, wanted.correct);
  const std::size_t needed = sizeof(mote::Trainer) + mote::training_bytes(kTopology, kOptions, kSamples);
  EXPECT_GE(sizeof trainer, needed);
  EXPECT_LT(sizeof trainer, needed + mote::kAlignment);
}

TEST(StaticTrainer, LearnsTheBitsOfATrainer) {
  expect_the_bits_of_a_trainer<kPlain, kSgd>();
  expect_the_bits_of_a_trainer<kPlain, kOnline>();
  expect_the_bits_of_a_trainer<kPlain, kAdam>();
  expect_the_bits_of_a_trainer<kPlain, kClipped>();
  expect_the_bits_of_a_trainer<kMixed, kEverything>();
  expect_the_bits_of_a_trainer<kNormalized, kSgd>();
}

/// Whether methods name gradients that are kept, the gradient point, a schedule, clipping by norm and by value,
/// max-norm, dropout (two functions), and batch normalization.
std::vector<bool> named(const mote::detail::Methods& m) {
  return {m.weight_gradient != nullptr, m.move_gradient_point != nullptr,
          m.rate_factor != nullptr,     m.clip_norm != nullptr,
          m.clip_value != nullptr,      m.limit_column_norms != nullptr,
          m.drop_units != nullptr,      m.drop_and_multiply_by_derivative != nullptr,
          m.batch_norm != nullptr};
}

TEST(StaticTrainer, NamesOnlyTheMethodsOfItsOptions) {
  using Named = std::vector<bool>;
  const auto methods = [](const Topology& topology, const TrainingOptions& options) {
    return named(mote::detail::methods_of(topology, options, kSamples));
  };
  EXPECT_EQ(methods(kPlain, kSgd), (Named{0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(methods(kMixed, kEverything), (Named{1, 1, 1, 1, 0, 1, 1, 1, 0}));
  EXPECT_EQ(methods(kPlain, kClipped), (Named{1, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(methods(kPlain, kAdam), (Named{0, 0, 0, 0, 0, 0, 1, 1, 0}));
  EXPECT_EQ(methods(kNormalized, kSgd), (Named{0, 0, 0, 0, 0, 0, 0, 0, 1}));
  int activations = 0;
  const mote::detail::Methods plain = mote::detail::methods_of(kPlain, kSgd, kSamples);
  for (const auto function : plain.activate.functions) activations += function != nullptr ? 1 : 0;
  EXPECT_EQ(activations, 2) << "relu, and identity before the loss";
}

}  // namespace
