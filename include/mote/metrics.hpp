// SPDX-License-Identifier: MIT
// Quality of predictions. For class k, with true and false positives and negatives (TP, FP, FN):
//
//   precision TP / (TP + FP)    recall TP / (TP + FN)    F1 = 2 TP / (2 TP + FP + FN)
//
//   ROC AUC            probability that a positive sample scores higher than a negative one; equal scores count half:
//                      the statistic of Mann & Whitney (1947) / (positives * negatives)
//   average precision  sum over thresholds of (recall - recall before) * precision
//   R2                 1 - sum (target - prediction)^2 / sum (target - mean target)^2
//
// (Fawcett 2006, "An introduction to ROC analysis".) A fraction 0 / 0 is 0. All values are those of scikit-learn with
// zero_division=0, multi_class="ovr" and multioutput="uniform_average"; comments name the exceptions.
#ifndef MOTE_METRICS_HPP
#define MOTE_METRICS_HPP

#include <cstddef>
#include <cstdint>

#include "mote/memory.hpp"

namespace mote {

struct ClassMetrics {
  float precision = 0.0f;
  float recall = 0.0f;
  float f1 = 0.0f;
  std::uint64_t support = 0;  ///< samples of the class
};

struct ClassificationMetrics {
  float accuracy = 0.0f;
  float balanced_accuracy = 0.0f;  ///< mean recall of the classes that have samples
  float macro_f1 = 0.0f;           ///< mean F1 of the classes that have samples or are predicted
};

/// Metrics of class k. confusion: [classes][classes] counts, row = label, column = predicted class, from evaluate().
ClassMetrics class_metrics(Span<const std::uint32_t> confusion, std::size_t classes, std::size_t k);
/// Metrics of all classes; 0 without samples. confusion: see class_metrics().
ClassificationMetrics classification_metrics(Span<const std::uint32_t> confusion, std::size_t classes);

/// A threshold and the numbers of positive and negative samples that score at least the threshold.
struct OperatingPoint {
  float threshold = __builtin_inff();
  std::uint32_t true_positives = 0;
  std::uint32_t false_positives = 0;
};

/// Bytes of memory for a Ranking of up to `samples` samples.
constexpr std::size_t ranking_bytes(std::size_t samples) {
  MemoryPlan memory;
  memory.take<float>(samples);
  return memory.bytes();
}

/// Ranks the samples of two classes by their scores. Samples may come in batches, in any order:
///
///   ranking.bind(samples, memory);
///   for (...) ranking.add(score, is_positive);
///   ranking.sort();
///   for (mote::OperatingPoint point; ranking.next(point);) draw(ranking.recall(point), ranking.precision(point));
class Ranking {
 public:
  Ranking() = default;
  Ranking(const Ranking&) = delete;
  Ranking& operator=(const Ranking&) = delete;

  /// Starts a ranking of up to `samples` samples. memory: at least ranking_bytes(samples). Errors: all of
  /// check(memory); too_many_samples above 2^32 - 1.
  Result bind(std::size_t samples, Memory memory);
  /// Adds a sample; at most `samples` of bind(). score_not_finite: the sample is not added.
  Result add(float score, bool is_positive);
  /// Sorts the scores: after add(), before the functions below. one_class without positive or without negative samples.
  Result sort();

  float roc_auc() const;
  float average_precision() const;

  /// Moves `point` to the next lower score; false after the lowest. Starting from a default OperatingPoint, each
  /// different score gives one point of the ROC curve (false_positive_rate, recall) and one of the precision-recall
  /// curve (recall, precision).
  bool next(OperatingPoint& point) const;
  /// Fraction of the positive samples that score at least the threshold: the true positive rate.
  float recall(const OperatingPoint& point) const;
  float false_positive_rate(const OperatingPoint& point) const;
  /// 1 for a default OperatingPoint, where precision-recall curves begin.
  static float precision(const OperatingPoint& point);

  std::uint32_t positives() const { return positives_; }
  std::uint32_t negatives() const { return negatives_; }

 private:
  Span<float> scores_;  // positive samples from the front, negative samples from the back
  std::uint32_t positives_ = 0;
  std::uint32_t negatives_ = 0;
  bool is_sorted_ = false;
};

/// Computes the mean, over the classes that have samples, of the ROC AUC of one class against the rest. With two
/// columns, only of class 1, whose AUC is the other's. scores: [samples][classes]; labels[i]: class of row i; memory:
/// at least ranking_bytes(scores.rows). Errors: those of Ranking. scikit-learn rejects classes without samples.
template <typename Labels>
Result roc_auc(const MatrixView& scores, const Labels& labels, Memory memory, float& auc) {
  MOTE_ASSERT(scores.columns >= 2);
  double sum = 0.0;
  std::size_t classes = 0;
  for (std::size_t k = scores.columns == 2 ? 1 : 0; k < scores.columns; ++k) {
    Ranking ranking;
    if (const Result result = ranking.bind(scores.rows, memory); !result.ok()) return result;
    for (std::size_t i = 0; i < scores.rows; ++i) {
      if (const Result result = ranking.add(scores.row(i)[k], labels[i] == k); !result.ok()) return result;
    }
    if (!ranking.sort().ok()) continue;
    sum += static_cast<double>(ranking.roc_auc());
    ++classes;
  }
  if (classes == 0) return Status::one_class;
  auc = static_cast<float>(sum / static_cast<double>(classes));
  return Status::ok;
}

/// Errors in units of the targets.
struct RegressionMetrics {
  float mean_absolute_error = 0.0f;
  float rmse = 0.0f;  ///< root of the mean squared error
  /// At most 1; 0: no better than the mean target. Equal targets: 1 if all predictions are exact, otherwise 0 (for one
  /// sample too, where scikit-learn returns NaN).
  float r2 = 0.0f;
};

/// Running totals of one output over samples, plain data. Doubles, unlike the rest of mote: squares of floats neither
/// overflow nor underflow, and a million samples cost no digits. Where doubles are software, their cost grows with the
/// outputs, not with the weights.
struct RegressionTotals {
  std::uint64_t samples = 0;
  double absolute_errors = 0.0;
  double squared_errors = 0.0;
  double mean_target = 0.0;
  double target_squares = 0.0;  ///< sum of (target - mean_target)^2 (Welford 1962: one pass, no cancellation)

  /// NaN or infinity makes the errors NaN or infinite.
  void add(float prediction, float target);
  /// 0 without samples.
  RegressionMetrics metrics() const;
};

/// Adds the rows of a batch to totals[output]. predictions, targets: [rows][outputs]. The division into batches changes
/// no bit.
void add_batch(const MatrixView& predictions, const MatrixView& targets, Span<RegressionTotals> totals);
/// Mean of each metric over the outputs; 0 without outputs.
RegressionMetrics mean_metrics(Span<const RegressionTotals> totals);

}  // namespace mote

#endif  // MOTE_METRICS_HPP
