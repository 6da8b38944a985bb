// SPDX-License-Identifier: MIT
// Members of an ensemble trained on bootstrap samples.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "mote/ensemble.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossTotals;
using mote::Topology;
using training::Samples;

mote::TrainingOptions member_options(std::uint64_t seed, std::size_t member, bool shuffle = true) {
  mote::TrainingOptions options = training::with_batch(8, 5, mote::Optimizer::momentum);
  options.bootstrap = true;
  options.shuffle = shuffle;
  options.seed = mote::derived_seed(seed, member);
  return options;
}

// A member learns from the data set in which every sample appears the number of times it was drawn.
TEST(Bagging, TrainingOnABootstrapSampleIsTrainingOnACopyOfIt) {
  const Samples samples(training::kSmall, 50);
  for (const bool shuffle : {true, false}) {
    for (const std::size_t member : {0u, 1u, 2u}) {
      const mote::TrainingOptions options = member_options(3, member, shuffle);
      std::vector<std::uint32_t> drawn(50);
      mote::Random random(options.seed, mote::Stream::bootstrap);
      mote::draw_bootstrap({drawn.data(), drawn.size()}, random);
      std::vector<std::uint8_t> features, labels;
      for (const std::uint32_t i : drawn) {
        const auto* sample = static_cast<const std::uint8_t*>(samples.dataset.row(i));
        features.insert(features.end(), sample, sample + 5);
        labels.push_back(samples.labels[i]);
      }
      const Samples copy(features, labels, 5, 3);
      mote::TrainingOptions plain = options;
      plain.bootstrap = false;
      training::Bound bagged(training::kSmall, options, 50), expected(training::kSmall, plain, 50);
      for (int epoch = 0; epoch < 4; ++epoch) {
        EXPECT_EQ(bagged.train(samples.dataset), expected.train(copy.dataset)) << epoch;
        const LossTotals &a = bagged.trainer.epoch_totals(), &b = expected.trainer.epoch_totals();
        EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0);
      }
      EXPECT_NE(bagged.fingerprint(), training::Bound(training::kSmall, plain, 50).train(samples.dataset, 4));
    }
  }
}

TEST(Bagging, MembersDifferInSampleAndInInitialParametersAndRepeatThemselves) {
  const Samples samples(training::kSmall, 50);
  std::set<std::uint32_t> initial, trained;
  for (const std::size_t member : {0u, 1u, 2u, 3u}) {
    training::Bound first(training::kSmall, member_options(3, member), 50);
    training::Bound again(training::kSmall, member_options(3, member), 50);
    initial.insert(first.fingerprint());
    trained.insert(first.train(samples.dataset, 2));
    EXPECT_EQ(again.train(samples.dataset, 2), first.fingerprint());
  }
  EXPECT_EQ(initial.size(), 4u);
  EXPECT_EQ(trained.size(), 4u);
}

TEST(Bagging, TheOrderIsPartOfTheMemory) {
  mote::TrainingOptions options = member_options(1, 0, false);
  const std::size_t with = mote::training_bytes(training::kSmall, options, 1000);
  options.shuffle = true;
  EXPECT_EQ(mote::training_bytes(training::kSmall, options, 1000), with);
  options.shuffle = options.bootstrap = false;
  EXPECT_NEAR(static_cast<double>(with - mote::training_bytes(training::kSmall, options, 1000)), 4000.0, 64.0);
}

TEST(Bagging, AMeanOfMembersBeatsTheAverageMember) {  // exactly so for the squared error: Breiman 1996, 4.1
  const Topology topology{5, {17, Activation::tanh}, {3, Activation::sigmoid}};
  const Samples samples(topology, 50);
  std::vector<std::vector<float>> parameters;
  std::vector<mote::Member> members;
  double average = 0.0;
  for (std::size_t member = 0; member < 5; ++member) {
    mote::TrainingOptions options = member_options(3, member);
    options.loss = Loss::quadratic;
    training::Bound bound(topology, options, 50);
    bound.train(samples.dataset, 20);
    LossTotals totals;
    ASSERT_TRUE(bound.trainer.evaluate(samples.dataset, totals).ok());
    average += static_cast<double>(totals.mean_loss()) / 5.0;
    parameters.emplace_back(bound.trainer.parameters().begin(), bound.trainer.parameters().end());
  }
  for (const std::vector<float>& own : parameters) members.push_back(mote::Span<const float>(own.data(), own.size()));
  GuardedMemory scratch(mote::ensemble_evaluation_bytes(topology, 50));
  LossTotals totals;
  ASSERT_TRUE(
      mote::evaluate(topology, mote::Members{members.data(), 5}, Loss::quadratic, samples.dataset, scratch, totals)
          .ok());
  EXPECT_LT(static_cast<double>(totals.mean_loss()), average - 0.005);
}

}  // namespace
