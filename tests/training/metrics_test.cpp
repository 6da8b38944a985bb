// SPDX-License-Identifier: MIT
// Metrics against definitions in double, and against numbers that scikit-learn 1.2.1 printed for this program:
//
//   import numpy as np
//   from sklearn.metrics import *
//   def show(*values): print(*("%.9g" % v for v in np.ravel(values)))
//   label = [0] * 8 + [1] * 5 + [2] * 3 + [0, 3, 3]
//   chosen = [0, 0, 0, 0, 0, 1, 1, 4, 1, 1, 1, 0, 2, 0, 1, 1, 2, 3, 3]
//   show(*precision_recall_fscore_support(label, chosen, zero_division=0))
//   show(accuracy_score(label, chosen), balanced_accuracy_score(label, chosen), f1_score(label, chosen,
//   average="macro")) i = np.arange(2000) label = (i * i + i // 3) % 7 score = ((i * 37) % 64 + 9 * (label < 3)) / 64
//   show(roc_auc_score(label < 3, score), average_precision_score(label < 3, score), len(np.unique(score)))
//   fpr, tpr, _ = roc_curve(label < 3, score, drop_intermediate=False)
//   show(fpr[20], tpr[20], precision_recall_curve(label < 3, score)[0][-1 - 20])
//   scores = [((i * (2 * k + 3)) % 32 + 5 * (label % 4 == k)) / 256 for k in range(3)]
//   scores = np.stack(scores + [1 - sum(scores)], axis=1)
//   show(roc_auc_score(label % 4, scores, multi_class="ovr"))
//   target = np.stack([1e6 + i % 8 * 0.25, i % 13 * 1e-30, i * 0 + 3], axis=1).astype("f").astype("d")
//   output = np.stack([target[:, 0] + (i % 3 - 1) * 0.125, i % 11 * 1e-30, i % 2 + 3], axis=1).astype("f").astype("d")
//   for how in "raw_values", "uniform_average":
//       show(mean_absolute_error(target, output, multioutput=how), r2_score(target, output, multioutput=how),
//            mean_squared_error(target, output, multioutput=how, squared=False))
//
//   0.714285714 0.428571429 0 1 0 0.555555556 0.6 0 1 0 0.625 0.5 0 1 0 9 5 3 2 0
//   0.526315789 0.538888889 0.425
//   0.632074798 0.600492616 73
//   0.171478565 0.310385064 0.575757576
//   0.629638914
//   0.0833125 4.07900001e-30 0.5 0.968261905 -0.789327002 0 0.102049314 5.00209958e-30 0.707106781
//   0.1944375 0.0596449677 0.269718698
#include "mote/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::OperatingPoint;
using mote::Status;
using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::Source;
using mote::test::wide;

constexpr std::size_t kSamples = 2000;

TEST(ClassMetrics, AreThoseOfScikitLearn) {
  const std::size_t labels[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 0, 3, 3};
  const std::size_t chosen[] = {0, 0, 0, 0, 0, 1, 1, 4, 1, 1, 1, 0, 2, 0, 1, 1, 2, 3, 3};
  std::uint32_t confusion[25] = {};
  for (std::size_t i = 0; i < 19; ++i) ++confusion[labels[i] * 5 + chosen[i]];
  const float precision[] = {0.714285714f, 0.428571429f, 0.0f, 1.0f, 0.0f};
  const float recall[] = {0.555555556f, 0.6f, 0.0f, 1.0f, 0.0f};
  const float f1[] = {0.625f, 0.5f, 0.0f, 1.0f, 0.0f};
  const std::uint64_t support[] = {9, 5, 3, 2, 0};
  for (std::size_t k = 0; k < 5; ++k) {
    const mote::ClassMetrics metrics = mote::class_metrics(confusion, 5, k);
    EXPECT_EQ(metrics.precision, precision[k]) << k;
    EXPECT_EQ(metrics.recall, recall[k]) << k;
    EXPECT_EQ(metrics.f1, f1[k]) << k;
    EXPECT_EQ(metrics.support, support[k]) << k;
  }
  const mote::ClassificationMetrics all = mote::classification_metrics(confusion, 5);
  EXPECT_EQ(all.accuracy, 0.526315789f);
  EXPECT_FLOAT_EQ(all.balanced_accuracy, 0.538888889f);
  EXPECT_FLOAT_EQ(all.macro_f1, 0.425f);
}

TEST(ClassMetrics, LeaveOutClassesThatNeverOccur) {
  const std::uint32_t confusion[] = {3, 0, 1, 0, 0, 0, 2, 0, 4};  // class 1: neither a label nor predicted
  const mote::ClassificationMetrics all = mote::classification_metrics(confusion, 3);
  EXPECT_FLOAT_EQ(all.accuracy, 0.7f);
  EXPECT_FLOAT_EQ(all.balanced_accuracy, (3.0f / 4.0f + 4.0f / 6.0f) / 2.0f);
  EXPECT_FLOAT_EQ(all.macro_f1, (6.0f / 9.0f + 8.0f / 11.0f) / 2.0f);
  const std::uint32_t nothing[4] = {};
  const mote::ClassificationMetrics none = mote::classification_metrics(nothing, 2);
  EXPECT_EQ(none.accuracy, 0.0f);
  EXPECT_EQ(none.balanced_accuracy, 0.0f);
  EXPECT_EQ(none.macro_f1, 0.0f);
}

TEST(ClassMetrics, CountBeyond32Bits) {
  const std::uint32_t most = 0xffffffffu;
  const std::uint32_t confusion[] = {most, most, most, most};
  EXPECT_EQ(mote::class_metrics(confusion, 2, 1).support, 2 * std::uint64_t{most});
  EXPECT_EQ(mote::class_metrics(confusion, 2, 1).f1, 0.5f);
  EXPECT_EQ(mote::classification_metrics(confusion, 2).accuracy, 0.5f);
}

/// Samples of two classes.
struct Samples {
  std::vector<float> scores;
  std::vector<bool> are_positive;
};

/// A ranking of these samples in exactly the memory that it needs.
struct Ranked {
  explicit Ranked(const Samples& samples) : memory(mote::ranking_bytes(samples.scores.size())) {
    EXPECT_TRUE(ranking.bind(samples.scores.size(), memory).ok());
    for (std::size_t i = 0; i < samples.scores.size(); ++i) {
      EXPECT_TRUE(ranking.add(samples.scores[i], samples.are_positive[i]).ok());
    }
    EXPECT_TRUE(ranking.sort().ok());
    EXPECT_TRUE(memory.intact());
  }
  GuardedMemory memory;
  mote::Ranking ranking;
};

std::size_t label_of(std::size_t i) {
  return (i * i + i / 3) % 7;
}

TEST(Ranking, HasTheCurvesOfScikitLearn) {
  Samples samples;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const bool is_positive = label_of(i) < 3;
    samples.scores.push_back(static_cast<float>(i * 37 % 64 + (is_positive ? 9 : 0)) / 64.0f);
    samples.are_positive.push_back(is_positive);
  }
  const Ranked ranked(samples);
  const mote::Ranking& ranking = ranked.ranking;
  EXPECT_FLOAT_EQ(ranking.roc_auc(), 0.632074798f);
  EXPECT_FLOAT_EQ(ranking.average_precision(), 0.600492616f);
  std::size_t points = 0;
  for (OperatingPoint point; ranking.next(point);) {
    if (++points != 20) continue;
    EXPECT_FLOAT_EQ(ranking.false_positive_rate(point), 0.171478565f);
    EXPECT_FLOAT_EQ(ranking.recall(point), 0.310385064f);
    EXPECT_FLOAT_EQ(ranking.precision(point), 0.575757576f);
  }
  EXPECT_EQ(points, 73u);
}

/// Random samples; few different scores make many ties.
Samples random_samples(Source& source, std::size_t count, std::size_t different_scores) {
  Samples samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.scores.push_back(static_cast<float>(source.below(different_scores)) - 5.0f);
    samples.are_positive.push_back(i == 0 || (i != 1 && source.below(3) == 0));
  }
  return samples;
}

TEST(Ranking, AreaIsTheFractionOfPairsInOrder) {
  Source source(1);
  for (const std::size_t count : {2u, 3u, 10u, 100u, 1001u}) {
    for (const std::size_t different : {1u, 2u, 10u, 1u << 20}) {
      const Samples samples = random_samples(source, count, different);
      double wins = 0.0, pairs = 0.0;
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < count; ++j) {
          if (!samples.are_positive[i] || samples.are_positive[j]) continue;
          const float positive = samples.scores[i], negative = samples.scores[j];
          wins += positive > negative ? 1.0 : positive == negative ? 0.5 : 0.0;
          pairs += 1.0;
        }
      }
      EXPECT_EQ(Ranked(samples).ranking.roc_auc(), static_cast<float>(wins / pairs)) << count << ", " << different;
    }
  }
}

TEST(Ranking, PointsCountTheSamplesAtOrAboveEachScore) {
  Source source(2);
  for (const std::size_t count : {2u, 50u, 300u}) {
    const Samples samples = random_samples(source, count, 40);
    std::vector<float> thresholds = samples.scores;
    std::sort(thresholds.begin(), thresholds.end(), std::greater<>());
    thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
    const Ranked ranked(samples);
    OperatingPoint point;
    double average_precision = 0.0, recall_before = 0.0;
    for (const float threshold : thresholds) {
      std::uint32_t true_positives = 0, false_positives = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (samples.scores[i] >= threshold) ++(samples.are_positive[i] ? true_positives : false_positives);
      }
      ASSERT_TRUE(ranked.ranking.next(point));
      EXPECT_EQ(point.threshold, threshold);
      EXPECT_EQ(point.true_positives, true_positives);
      EXPECT_EQ(point.false_positives, false_positives);
      const double recall = static_cast<double>(true_positives) / ranked.ranking.positives();
      average_precision += (recall - recall_before) * true_positives / (true_positives + false_positives);
      recall_before = recall;
    }
    EXPECT_FALSE(ranked.ranking.next(point));
    EXPECT_FLOAT_EQ(ranked.ranking.average_precision(), static_cast<float>(average_precision));
  }
}

TEST(Ranking, OfSeparateAndOfEqualScores) {
  EXPECT_EQ(Ranked({{0.1f, 0.9f}, {false, true}}).ranking.roc_auc(), 1.0f);
  EXPECT_EQ(Ranked({{0.1f, 0.9f}, {true, false}}).ranking.roc_auc(), 0.0f);
  EXPECT_EQ(Ranked({{0.0f, -0.0f}, {true, false}}).ranking.roc_auc(), 0.5f);
  EXPECT_EQ(mote::Ranking::precision({}), 1.0f);
}

TEST(Ranking, RejectsScoresThatAreNotFiniteAndOneClass) {
  GuardedMemory memory(mote::ranking_bytes(5));
  mote::Ranking ranking;
  ASSERT_TRUE(ranking.bind(5, memory).ok());
  EXPECT_EQ(ranking.sort().status, Status::one_class);
  EXPECT_TRUE(ranking.add(1.0f, true).ok());
  EXPECT_TRUE(ranking.add(2.0f, true).ok());
  EXPECT_EQ(ranking.sort().status, Status::one_class);
  for (const float bad : {kNotANumber, kInf, -kInf}) {
    const mote::Result result = ranking.add(bad, false);
    EXPECT_EQ(result.status, Status::score_not_finite);
    EXPECT_EQ(result.found, 2u);
  }
  EXPECT_EQ(ranking.negatives(), 0u);
  EXPECT_TRUE(ranking.add(1.5f, false).ok());  // fewer samples than bound
  EXPECT_TRUE(ranking.sort().ok());
  EXPECT_EQ(ranking.roc_auc(), 0.5f);
  EXPECT_TRUE(ranking.add(0.0f, false).ok());  // and more after a sort
  EXPECT_TRUE(ranking.sort().ok());
  EXPECT_EQ(ranking.roc_auc(), 0.75f);
  EXPECT_TRUE(memory.intact());
}

TEST(Ranking, RefusesOneByteLessAndTooManySamples) {
  const std::size_t bytes = mote::ranking_bytes(100);
  GuardedMemory memory(bytes - 1);
  mote::Ranking ranking;
  const mote::Result result = ranking.bind(100, memory);
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_EQ(result.found, bytes - 1);
  EXPECT_EQ(result.expected, bytes);
  if constexpr (sizeof(std::size_t) > 4) {
    EXPECT_EQ(ranking.bind(std::size_t{0xffffffffu} + 1, memory).status, Status::too_many_samples);
  }
}

/// Scores [kSamples][4] and labels of the program above.
struct FourClasses {
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
  mote::MatrixView view(std::size_t columns) const { return {scores.data(), labels.size(), columns, 4}; }
};

FourClasses four_classes() {
  FourClasses data;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const std::size_t label = label_of(i) % 4;
    std::size_t rest = 256;
    for (std::size_t k = 0; k < 3; ++k) {
      const std::size_t score = i * (2 * k + 3) % 32 + (label == k ? 5 : 0);
      data.scores.push_back(static_cast<float>(score) / 256.0f);
      rest -= score;
    }
    data.scores.push_back(static_cast<float>(rest) / 256.0f);
    data.labels.push_back(static_cast<std::uint8_t>(label));
  }
  return data;
}

TEST(RocAuc, OfManyClassesIsTheMeanOfEachAgainstTheRest) {
  FourClasses data = four_classes();
  GuardedMemory memory(mote::ranking_bytes(kSamples));
  float auc = 0.0f;
  ASSERT_TRUE(mote::roc_auc(data.view(4), data.labels, memory, auc).ok());
  EXPECT_FLOAT_EQ(auc, 0.629638914f);  // scikit-learn
  const std::vector<std::uint16_t> wider(data.labels.begin(), data.labels.end());
  float again = 0.0f;
  ASSERT_TRUE(mote::roc_auc(data.view(4), wider, memory, again).ok());
  EXPECT_EQ(again, auc);
  for (std::uint8_t& label : data.labels) label &= 1;  // classes 2 and 3 have no samples
  float two = 0.0f, first = 0.0f, mean = 0.0f;
  ASSERT_TRUE(mote::roc_auc(data.view(2), data.labels, memory, two).ok());
  Samples samples[2];
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t k = 0; k < 2; ++k) {
      samples[k].scores.push_back(data.scores[i * 4 + k]);
      samples[k].are_positive.push_back(data.labels[i] == k);
    }
  }
  EXPECT_EQ(two, Ranked(samples[1]).ranking.roc_auc());
  first = Ranked(samples[0]).ranking.roc_auc();
  ASSERT_TRUE(mote::roc_auc(data.view(4), data.labels, memory, mean).ok());
  EXPECT_EQ(mean, static_cast<float>((wide(first) + wide(two)) / 2.0));
  EXPECT_TRUE(memory.intact());
}

TEST(RocAuc, ReportsOneClassAndTheSampleOfANaN) {
  FourClasses data = four_classes();
  GuardedMemory memory(mote::ranking_bytes(kSamples));
  float auc = -1.0f;
  data.scores[123 * 4 + 2] = kNotANumber;
  const mote::Result result = mote::roc_auc(data.view(4), data.labels, memory, auc);
  EXPECT_EQ(result.status, Status::score_not_finite);
  EXPECT_EQ(result.found, 123u);
  data.scores[123 * 4 + 2] = 0.0f;
  for (std::uint8_t& label : data.labels) label = 3;
  EXPECT_EQ(mote::roc_auc(data.view(4), data.labels, memory, auc).status, Status::one_class);
  EXPECT_EQ(mote::roc_auc({data.scores.data(), 0, 4, 4}, data.labels, memory, auc).status, Status::one_class);
  EXPECT_EQ(auc, -1.0f);
}

/// Predictions and targets [kSamples][3] of the program above, row stride 5.
struct ThreeOutputs {
  static constexpr std::size_t kStride = 5;
  std::vector<float> predictions = std::vector<float>(kSamples * kStride, kNotANumber), targets = predictions;

  ThreeOutputs() {
    for (std::size_t i = 0; i < kSamples; ++i) {
      float *y = &targets[i * kStride], *a = &predictions[i * kStride];
      y[0] = 1e6f + static_cast<float>(i % 8) * 0.25f, a[0] = y[0] + (static_cast<float>(i % 3) - 1.0f) * 0.125f;
      y[1] = static_cast<float>(static_cast<double>(i % 13) * 1e-30);
      a[1] = static_cast<float>(static_cast<double>(i % 11) * 1e-30);
      y[2] = 3.0f, a[2] = static_cast<float>(i % 2) + 3.0f;
    }
  }
  /// Totals over batches of `rows` samples.
  std::vector<mote::RegressionTotals> totals(std::size_t rows) const {
    std::vector<mote::RegressionTotals> totals(3);
    for (std::size_t first = 0; first < kSamples; first += rows) {
      const std::size_t count = std::min(rows, kSamples - first);
      mote::add_batch({&predictions[first * kStride], count, 3, kStride},
                      {&targets[first * kStride], count, 3, kStride}, {totals.data(), totals.size()});
    }
    return totals;
  }
};

TEST(RegressionMetrics, AreThoseOfScikitLearn) {
  const std::vector<mote::RegressionTotals> totals = ThreeOutputs().totals(kSamples);
  const float absolute[] = {0.0833125f, 4.07900001e-30f, 0.5f}, r2[] = {0.968261905f, -0.789327002f, 0.0f};
  const float rmse[] = {0.102049314f, 5.00209958e-30f, 0.707106781f};
  for (std::size_t j = 0; j < 3; ++j) {
    const mote::RegressionMetrics metrics = totals[j].metrics();
    EXPECT_FLOAT_EQ(metrics.mean_absolute_error, absolute[j]) << j;
    EXPECT_FLOAT_EQ(metrics.rmse, rmse[j]) << j;
    EXPECT_FLOAT_EQ(metrics.r2, r2[j]) << j;
  }
  const mote::RegressionMetrics mean = mote::mean_metrics({totals.data(), totals.size()});
  EXPECT_FLOAT_EQ(mean.mean_absolute_error, 0.1944375f);
  EXPECT_FLOAT_EQ(mean.r2, 0.0596449677f);
  EXPECT_FLOAT_EQ(mean.rmse, 0.269718698f);
}

TEST(RegressionMetrics, DoNotDependOnBatches) {
  const ThreeOutputs data;
  const std::vector<mote::RegressionTotals> whole = data.totals(kSamples);
  for (const std::size_t rows : {1u, 7u, 256u}) {
    const std::vector<mote::RegressionTotals> totals = data.totals(rows);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_EQ(totals[j].samples, whole[j].samples);
      EXPECT_EQ(totals[j].absolute_errors, whole[j].absolute_errors);
      EXPECT_EQ(totals[j].squared_errors, whole[j].squared_errors);
      EXPECT_EQ(totals[j].mean_target, whole[j].mean_target);
      EXPECT_EQ(totals[j].target_squares, whole[j].target_squares);
    }
  }
}

TEST(RegressionMetrics, KeepTheirDigitsAtAnyScale) {
  Source source(3);
  for (const float scale : {0x1p-130f, 1e-30f, 1e-18f, 1.0f, 1e18f, 1e30f, 1e38f}) {
    std::vector<float> predictions = source.floats(1000), targets = source.floats(1000, 2.0f, 3.0f);
    mote::RegressionTotals totals;
    double absolute = 0.0, squares = 0.0, mean = 0.0, deviations = 0.0;
    for (std::size_t i = 0; i < 1000; ++i) {
      predictions[i] *= scale, targets[i] *= scale;
      totals.add(predictions[i], targets[i]);
      const double error = wide(predictions[i]) - wide(targets[i]);
      absolute += std::fabs(error) / 1000.0, squares += error * error / 1000.0, mean += wide(targets[i]) / 1000.0;
    }
    for (const float y : targets) deviations += (wide(y) - mean) * (wide(y) - mean) / 1000.0;
    const mote::RegressionMetrics metrics = totals.metrics();
    EXPECT_LE(mote::test::ulp_error(metrics.mean_absolute_error, absolute), 1.0) << scale;
    EXPECT_LE(mote::test::ulp_error(metrics.rmse, std::sqrt(squares)), 2.0) << scale;
    EXPECT_LE(mote::test::ulp_error(metrics.r2, 1.0 - squares / deviations), 1.0) << scale;
  }
}

TEST(RegressionMetrics, OfEqualTargetsAndOfNoSamples) {
  mote::RegressionTotals exact, wrong;
  for (int i = 0; i < 3; ++i) exact.add(0.1f, 0.1f), wrong.add(0.2f, 0.1f);
  EXPECT_EQ(exact.metrics().r2, 1.0f);
  EXPECT_EQ(exact.metrics().rmse, 0.0f);
  EXPECT_EQ(wrong.metrics().r2, 0.0f);
  EXPECT_FLOAT_EQ(wrong.metrics().rmse, 0.1f);
  for (const mote::RegressionMetrics& none : {mote::RegressionTotals().metrics(), mote::mean_metrics({})}) {
    EXPECT_EQ(none.mean_absolute_error, 0.0f);
    EXPECT_EQ(none.rmse, 0.0f);
    EXPECT_EQ(none.r2, 0.0f);
  }
}

TEST(RegressionMetrics, AreNotFiniteWhereANumberIsNot) {
  for (const float bad : {kNotANumber, kInf, -kInf}) {
    mote::RegressionTotals prediction, target;
    for (int i = 0; i < 3; ++i) {
      prediction.add(i == 1 ? bad : 0.0f, static_cast<float>(i));
      target.add(0.0f, i == 1 ? bad : static_cast<float>(i));
    }
    for (const mote::RegressionMetrics& metrics : {prediction.metrics(), target.metrics()}) {
      EXPECT_FALSE(std::isfinite(metrics.mean_absolute_error));
      EXPECT_FALSE(std::isfinite(metrics.rmse));
      EXPECT_FALSE(std::isfinite(metrics.r2));
    }
  }
}

}  // namespace
