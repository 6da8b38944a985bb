// SPDX-License-Identifier: MIT
#include "mote/early_stopping.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "mote/schedule.hpp"
#include "support/support.hpp"
#include "support/training_support.hpp"

namespace {

using mote::EarlyStopping;
using mote::LossTotals;
using mote::Monitor;
using mote::Status;
using mote::test::kInf;
using mote::test::kNotANumber;

static_assert(std::is_trivially_copyable_v<EarlyStopping>, "a checkpoint copies it");

LossTotals with_loss(float loss) {
  LossTotals totals;
  totals.sum = loss;
  totals.samples = 1;
  return totals;
}

LossTotals with_correct(std::uint32_t correct, std::uint32_t samples, float loss = 1.0f) {
  LossTotals totals = with_loss(loss * static_cast<float>(samples));
  totals.correct = correct;
  totals.samples = samples;
  return totals;
}

/// Feeds epochs until it says stop; `kept` is the number of the last epoch that was to be kept, -1 for none.
struct Rehearsal {
  EarlyStopping stopping;
  float kept = -1.0f;

  Rehearsal(const EarlyStopping& options, const std::vector<LossTotals>& epochs) : stopping(options) {
    for (const LossTotals& validation : epochs) {
      const bool improved = stopping.update(validation);
      EXPECT_EQ(improved, stopping.best_epoch == stopping.epoch);
      if (improved) kept = static_cast<float>(stopping.epoch);
      if (stopping.should_stop()) break;
    }
  }
};

std::vector<LossTotals> losses(const std::vector<float>& values) {
  std::vector<LossTotals> epochs;
  for (const float value : values) epochs.push_back(with_loss(value));
  return epochs;
}

void expect(const Rehearsal& run, std::uint32_t last, std::uint32_t best, float value) {
  EXPECT_EQ(run.stopping.epoch, last);
  EXPECT_EQ(run.stopping.best_epoch, best);
  EXPECT_EQ(run.stopping.best_value, value);
  EXPECT_EQ(run.kept, static_cast<float>(best));
}

TEST(EarlyStopping, StopsAfterPatienceEpochsWithoutImprovementAndKeepsTheBest) {
  EarlyStopping options;
  options.patience = 3;
  expect({options, losses({5, 4, 3, 3.5f, 3.25f, 3, 2, 1})}, 6, 3, 3.0f);  // equal is not better
  expect({options, losses({5, 4, 4.5f, 4.5f, 3, 9, 8, 7, 1})}, 8, 5, 3.0f);
  expect({options, losses({5, 4, 3, 2})}, 4, 4, 2.0f);
  options.patience = 1;
  expect({options, losses({5, 4, 6, 3})}, 3, 2, 4.0f);
}

TEST(EarlyStopping, LooksAtTheAccuracyWhenAsked) {
  EarlyStopping options;
  options.patience = 2;
  options.monitor = Monitor::accuracy;
  const std::vector<LossTotals> epochs = {with_correct(0, 4, 9), with_correct(2, 4, 8), with_correct(3, 4, 99),
                                          with_correct(3, 4, 1), with_correct(2, 4, 0), with_correct(4, 4, 0)};
  expect({options, epochs}, 5, 3, 0.75f);
  expect({options, {with_correct(0, 4)}}, 1, 1, 0.0f);  // the first is the best so far, however bad
}

TEST(EarlyStopping, SmallImprovementsDoNotCountButAddUp) {
  EarlyStopping options;
  options.patience = 3;
  options.minimum_improvement = 0.5f;
  expect({options, losses({4, 3.75f, 3.5f, 3.75f, 1})}, 4, 1, 4.0f);
  expect({options, losses({4, 3.75f, 3.25f, 3, 2.75f, 2.5f, 2.75f, 2.75f, 2.75f, 1})}, 9, 6, 2.5f);
  options.monitor = Monitor::accuracy;
  options.minimum_improvement = 0.25f;
  expect({options, {with_correct(1, 8), with_correct(3, 8), with_correct(4, 8), with_correct(4, 8)}}, 4, 3, 0.5f);
}

TEST(EarlyStopping, NeitherNaNNorInfinityIsAnImprovement) {
  EarlyStopping options;
  options.patience = 2;
  expect({options, losses({kNotANumber, 3, kNotANumber, 2, kInf, kNotANumber, 1})}, 6, 4, 2.0f);
  expect({options, losses({3, -kInf, kNotANumber, 1})}, 3, 1, 3.0f);
  const Rehearsal none(options, losses({kNotANumber, kInf, 1}));
  EXPECT_EQ(none.stopping.epoch, 2u);
  EXPECT_EQ(none.stopping.best_epoch, 0u);
  EXPECT_EQ(none.kept, -1.0f) << "nothing is worth keeping";
}

// The book's algorithm 7.1 with an evaluation every epoch, as it stands there, over random walks.
TEST(EarlyStopping, IsTheAlgorithmOfTheTextbook) {
  mote::test::Source random(5);
  for (int round = 0; round < 300; ++round) {
    EarlyStopping options;
    options.patience = 1 + static_cast<std::uint32_t>(random.below(5));
    std::vector<float> values(40);
    for (float& value : values) value = static_cast<float>(random.below(50));
    double best = mote::test::wide(kInf);
    std::size_t i = 0, best_i = 0;
    for (std::size_t j = 0; j < options.patience && i < values.size();) {
      const double value = mote::test::wide(values[i++]);
      if (value < best) {
        best = value, best_i = i, j = 0;
      } else {
        ++j;
      }
    }
    expect({options, losses(values)}, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(best_i),
           static_cast<float>(best));
  }
}

TEST(EarlyStopping, RefusesWhatMakesNoSense) {
  const auto status_of = [](std::uint32_t patience, float improvement) {
    EarlyStopping options;
    options.patience = patience;
    options.minimum_improvement = improvement;
    return check(options).status;
  };
  EXPECT_EQ(status_of(1, 0.0f), Status::ok);
  EXPECT_EQ(status_of(0, 0.0f), Status::bad_early_stopping);
  for (const float improvement : {-1e-6f, kNotANumber, kInf, -kInf}) {
    EXPECT_EQ(status_of(1, improvement), Status::bad_early_stopping);
  }
}

/// Trains on some random samples, validates on others, which cannot get better for long, and keeps every epoch.
struct Overfitting {
  training::Samples samples{training::kSmall, 60};
  mote::Dataset train = samples.dataset.subset(0, 40), validation = samples.dataset.subset(40, 20);
  training::Bound bound;
  EarlyStopping stopping;
  mote::ReduceOnPlateau plateau;
  std::vector<float> losses;
  std::vector<std::uint32_t> fingerprints;

  explicit Overfitting(const mote::TrainingOptions& options) : bound(training::kSmall, options, 40) {
    stopping.patience = 6;
    plateau.patience = 1;
  }
  void train_epoch(bool reduce) {
    ASSERT_TRUE(bound.trainer.train_epoch(train).ok());
    LossTotals totals;
    ASSERT_TRUE(bound.trainer.evaluate(validation, totals).ok());
    losses.push_back(totals.mean_loss());
    fingerprints.push_back(bound.fingerprint());
    if (stopping.update(totals)) bound.trainer.keep_parameters();
    if (!reduce) return;
    const float rate = plateau.update(totals.mean_loss(), bound.trainer.options().optimizer.learning_rate);
    ASSERT_TRUE(bound.trainer.set_learning_rate(rate).ok());
  }
};

TEST(EarlyStopping, RestoresTheParametersOfTheBestEpochBesideSchedulesAndPlateaus) {
  for (const mote::Optimizer method : {mote::Optimizer::sgd, mote::Optimizer::nesterov, mote::Optimizer::adam}) {
    for (const bool reduce : {false, true}) {
      mote::TrainingOptions options = training::with_batch(8, 256, method);
      options.optimizer.learning_rate = method == mote::Optimizer::sgd ? 1.0f : 0.05f;
      options.schedule = {mote::Decay::cosine, 500, 0.1f, 10};
      options.keep_parameters = true;
      Overfitting run(options);
      while (!run.stopping.should_stop() && run.losses.size() < 500) run.train_epoch(reduce);
      const auto lowest = std::min_element(run.losses.begin(), run.losses.end());
      const auto best = static_cast<std::size_t>(lowest - run.losses.begin());
      ASSERT_LT(best + 1, run.losses.size()) << "or there would be nothing to restore";
      EXPECT_EQ(run.losses.size(), best + 1 + 6);
      EXPECT_EQ(run.stopping.best_epoch, best + 1);
      EXPECT_NE(run.bound.fingerprint(), run.fingerprints[best]);
      run.bound.trainer.restore_parameters();
      EXPECT_EQ(run.bound.fingerprint(), run.fingerprints[best]);
      LossTotals totals;
      ASSERT_TRUE(run.bound.trainer.evaluate(run.validation, totals).ok());
      EXPECT_EQ(totals.mean_loss(), *lowest);
      EXPECT_EQ(totals.mean_loss(), run.stopping.best_value);
      EXPECT_EQ(run.plateau.best < kInf, reduce);
    }
  }
}

TEST(EarlyStopping, ACopyOfItsBytesGoesOnWhereItWas) {
  const std::vector<float> values = {9, 8, 7, 8, 7.5f, 6.5f, 7, 8, 9, 5};
  for (std::size_t saved_after = 0; saved_after < 9; ++saved_after) {
    EarlyStopping straight, resumed;
    straight.patience = 3;
    for (std::size_t i = 0; i < values.size() && !straight.should_stop(); ++i) {
      if (i == saved_after) {
        unsigned char bytes[sizeof straight];
        std::memcpy(bytes, &straight, sizeof straight);
        std::memcpy(&resumed, bytes, sizeof bytes);
      }
      const bool improved = straight.update(with_loss(values[i]));
      if (i < saved_after) continue;
      EXPECT_EQ(resumed.update(with_loss(values[i])), improved);
      EXPECT_EQ(resumed.should_stop(), straight.should_stop());
    }
    EXPECT_EQ(straight.epoch, 9u);
    EXPECT_EQ(resumed.best_epoch, 6u);
  }
}

}  // namespace
