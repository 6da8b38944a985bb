// SPDX-License-Identifier: MIT
#include "mote/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mote/checksum.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Decay;
using mote::rate_factor;
using mote::ReduceOnPlateau;
using mote::Schedule;
using mote::Status;
using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::wide;

/// The header's formulas in double precision.
double exact(const Schedule& schedule, std::uint32_t t) {
  const double pi = std::acos(-1.0), factor = wide(schedule.factor);
  if (t < schedule.warmup_steps) return (t + 1.0) / schedule.warmup_steps;
  const double s = static_cast<double>(t - schedule.warmup_steps) / schedule.decay_steps;
  switch (schedule.decay) {
    case Decay::none: return 1.0;
    case Decay::step: return std::pow(factor, std::floor(s));
    case Decay::exponential: return std::pow(factor, s);
    case Decay::cosine: return s >= 1.0 ? factor : factor + (1.0 - factor) * (1.0 + std::cos(pi * s)) / 2.0;
  }
  return -1.0;
}

TEST(Schedule, FollowsItsFormulas) {
  for (const Decay decay : {Decay::none, Decay::step, Decay::exponential, Decay::cosine}) {
    for (const std::uint32_t warmup : {0u, 1u, 7u, 1000u}) {
      for (const std::uint32_t steps : {1u, 10u, 999u, 100000u}) {
        for (const float factor : {0.0f, 1e-9f, 0.01f, 0.5f, 0.9f, 1.0f}) {
          if (factor == 0.0f && decay != Decay::cosine) continue;
          const Schedule schedule{decay, steps, factor, warmup};
          ASSERT_TRUE(check(schedule).ok());
          const double units = 8.0 + (decay == Decay::exponential ? -2.0 * std::log(wide(factor)) : 0.0);
          double largest = 0.0;
          for (std::uint32_t i = 0; i < 2000; ++i) {
            const std::uint32_t t = i * (steps > 1000 ? 137u : 1u), falls = t / steps;
            const double expected = exact(schedule, t);
            const float found = rate_factor(schedule, t);
            ASSERT_GE(found, 0.0f);
            ASSERT_LE(found, 1.0f);
            if (expected < 1e-30) continue;
            largest = std::fmax(largest, mote::test::ulp_error(found, expected) / (units + falls));
          }
          EXPECT_LE(largest, 1.0) << static_cast<int>(decay) << " " << warmup << " " << steps << " " << factor;
        }
      }
    }
  }
}

TEST(Schedule, CosineIsAccurateToTheLastStep) {  // where 1 + cos would cancel
  for (const std::uint32_t steps : {3u, 1000u, 30011u}) {
    double largest = 0.0;
    float before = 1.0f;
    for (std::uint32_t t = 0; t < steps; ++t) {
      const double sine = std::sin(std::acos(-1.0) / 2.0 * (steps - t) / steps);
      const float found = rate_factor({Decay::cosine, steps, 0.0f}, t);
      largest = std::fmax(largest, mote::test::ulp_error(found, sine * sine));
      ASSERT_LE(found, before * (1.0f + 0x1p-22f)) << t;  // it falls, but for roundings
      before = found;
    }
    EXPECT_LE(largest, 8.0);
    EXPECT_GT(before, 0.0f);
    EXPECT_EQ(rate_factor({Decay::cosine, steps, 0.0f}, steps), 0.0f);
    EXPECT_EQ(rate_factor({Decay::cosine, steps, 0.25f}, 0xffffffffu), 0.25f);
  }
}

TEST(Schedule, StartsAtTheFullRateAndWarmsUpToIt) {
  for (const Decay decay : {Decay::none, Decay::step, Decay::exponential, Decay::cosine}) {
    EXPECT_EQ(rate_factor({decay, 10, 0.5f}, 0), 1.0f);
    const Schedule warm{decay, 10, 0.5f, 4};
    for (std::uint32_t t = 0; t < 4; ++t) EXPECT_EQ(rate_factor(warm, t), 0.25f * static_cast<float>(t + 1));
    EXPECT_EQ(rate_factor(warm, 4), 1.0f);
  }
  EXPECT_EQ(rate_factor({}, 12345), 1.0f);
}

TEST(Schedule, DecaysByTheFactorInSoManySteps) {
  EXPECT_EQ(rate_factor({Decay::step, 10, 0.5f}, 9), 1.0f);
  EXPECT_EQ(rate_factor({Decay::step, 10, 0.5f}, 10), 0.5f);
  EXPECT_EQ(rate_factor({Decay::step, 10, 0.5f}, 39), 0.125f);
  EXPECT_EQ(rate_factor({Decay::exponential, 10, 0.5f}, 30), 0.125f);
  EXPECT_NEAR(rate_factor({Decay::exponential, 10, 0.25f}, 5), 0.5f, 1e-7f);
  EXPECT_NEAR(rate_factor({Decay::cosine, 10, 0.0f}, 5), 0.5f, 1e-7f);
  EXPECT_EQ(mote::steps_per_epoch(55000, 64), 860u);
  EXPECT_EQ(mote::steps_per_epoch(64, 64), 1u);
}

TEST(Schedule, GivesTheSameBitsInEveryArithmeticClass) {
  const auto checksum = [](const Schedule& schedule) {
    std::uint32_t crc = 0;
    for (std::uint32_t t = 0; t < 2000; ++t) {
      const std::uint32_t bits = mote::test::bits(rate_factor(schedule, t));
      unsigned char stored[4];
      for (int i = 0; i < 4; ++i) stored[i] = static_cast<unsigned char>(bits >> 8 * i);
      crc = mote::crc32(stored, crc);
    }
    return crc;
  };
  EXPECT_EQ(checksum({Decay::exponential, 1000, 0.1f}), 1111975790u);
  EXPECT_EQ(checksum({Decay::exponential, 1000, 0.634f}), 210740u);
  EXPECT_EQ(checksum({Decay::exponential, 1000, 0.676f}), 2463671416u);
  EXPECT_EQ(checksum({Decay::cosine, 1500, 0.1f, 100}), 25976082u);
}

TEST(Schedule, RefusesWhatMakesNoSense) {
  for (const Schedule& schedule :
       {Schedule{Decay::step, 0}, Schedule{Decay::step, 1, 0.0f}, Schedule{Decay::exponential, 1, 0.0f},
        Schedule{Decay::cosine, 1, -0.1f}, Schedule{Decay::cosine, 1, 1.1f}, Schedule{Decay::step, 1, kNotANumber}}) {
    EXPECT_EQ(check(schedule).status, Status::bad_schedule);
    mote::TrainingOptions options;
    options.schedule = schedule;
    EXPECT_EQ(mote::check(training::kSmall, options, 100).status, Status::bad_schedule);
  }
}

TEST(ReduceOnPlateau, WaitsForImprovementAndThenReduces) {
  ReduceOnPlateau plateau;
  plateau.factor = 0.5f;
  plateau.patience = 2;
  plateau.threshold = 0.1f;
  const struct {
    float loss, rate;
  } epochs[] = {{8.0f, 1.0f},  {7.0f, 1.0f},         // better by more than a tenth
                {6.9f, 1.0f},  {6.5f, 1.0f},         // not enough, twice
                {6.0f, 1.0f},                        // but now, since 7
                {5.9f, 1.0f},  {kNotANumber, 1.0f},  // patience
                {6.0f, 0.5f},                        // the third in a row
                {6.0f, 0.5f},  {6.0f, 0.5f},         // patience again
                {6.0f, 0.25f}, {1.0f, 0.25f}};
  float rate = 1.0f;
  for (const auto& epoch : epochs) {
    rate = plateau.update(epoch.loss, rate);
    EXPECT_EQ(rate, epoch.rate) << epoch.loss;
  }
}

TEST(ReduceOnPlateau, StopsAtTheLowestRate) {
  ReduceOnPlateau plateau;
  plateau.patience = 0;
  plateau.lowest = 0.02f;
  float rate = 1.0f;
  for (const float expected : {1.0f, 0.1f, 0.02f, 0.02f}) {
    rate = plateau.update(3.0f, rate);
    EXPECT_FLOAT_EQ(rate, expected);
  }
  EXPECT_EQ(plateau.update(3.0f, 0.001f), 0.001f) << "never upwards";
  EXPECT_EQ(ReduceOnPlateau{}.update(kInf, 1.0f), 1.0f);
}

// A schedule equals setting the rate by hand before every batch.
TEST(Schedule, IsAppliedBatchByBatch) {
  const training::Samples samples(training::kSmall, 50);
  for (const mote::Optimizer method : {mote::Optimizer::sgd, mote::Optimizer::momentum, mote::Optimizer::adam}) {
    mote::TrainingOptions options = training::with_batch(8, 256, method);  // 7 steps an epoch
    training::Bound by_hand(training::kSmall, options, 50);
    options.schedule = {Decay::cosine, 3 * mote::steps_per_epoch(50, 8) - 4, 0.1f, 4};
    training::Bound scheduled(training::kSmall, options, 50);
    std::uint32_t t = 0;
    for (int epoch = 0; epoch < 4; ++epoch) {
      EXPECT_EQ(scheduled.trainer.learning_rate(), 0.5f * rate_factor(options.schedule, t));
      ASSERT_TRUE(scheduled.trainer.train_epoch(samples.dataset).ok());
      ASSERT_TRUE(by_hand.trainer.begin_epoch(samples.dataset).ok());
      for (; by_hand.trainer.samples_left() > 0; ++t) {
        ASSERT_TRUE(by_hand.trainer.set_learning_rate(0.5f * rate_factor(options.schedule, t)).ok());
        ASSERT_TRUE(by_hand.trainer.train_batch().ok());
      }
      EXPECT_EQ(scheduled.fingerprint(), by_hand.fingerprint()) << epoch;
    }
    EXPECT_EQ(t, 28u);
    EXPECT_FLOAT_EQ(scheduled.trainer.learning_rate(), 0.05f);
    scheduled.trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
    EXPECT_EQ(scheduled.trainer.learning_rate(), 0.125f) << "the schedule starts again";
  }
}

TEST(Trainer, LearningRateMustBePositive) {
  training::Bound bound(training::kSmall, training::with_batch(8), 50);
  for (const float rate : {0.0f, -1.0f, kNotANumber, kInf}) {
    EXPECT_EQ(bound.trainer.set_learning_rate(rate).status, Status::bad_learning_rate);
  }
  EXPECT_EQ(bound.trainer.learning_rate(), 0.5f);
  ASSERT_TRUE(bound.trainer.set_learning_rate(0.25f).ok());
  EXPECT_EQ(bound.trainer.learning_rate(), 0.25f);
  EXPECT_EQ(bound.trainer.options().optimizer.learning_rate, 0.25f);
}

}  // namespace
