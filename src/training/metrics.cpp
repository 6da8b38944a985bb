// SPDX-License-Identifier: MIT
#include "mote/metrics.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/finite.hpp"

namespace mote {
namespace {

using std::size_t;

/// a / b, 0 for 0 / 0.
float quotient(double a, double b) {
  return b == 0.0 ? 0.0f : static_cast<float>(a / b);
}

float fraction(std::uint64_t a, std::uint64_t b) {
  return quotient(static_cast<double>(a), static_cast<double>(b));
}

/// Number of samples that evaluate() predicted to be class k.
std::uint64_t predicted(Span<const std::uint32_t> confusion, size_t classes, size_t k) {
  std::uint64_t count = 0;
  for (size_t label = 0; label < classes; ++label) count += confusion[label * classes + k];
  return count;
}

/// Sorts in descending order by heapsort: any order of the input takes O(n log n), without recursion and without
/// <algorithm>, which some targets lack.
void sort_descending(Span<float> x) {
  const auto sift = [&x](size_t parent, size_t end) {
    const float value = x[parent];
    for (size_t child; (child = 2 * parent + 1) < end; parent = child) {
      if (child + 1 < end && x[child + 1] < x[child]) ++child;
      if (x[child] >= value) break;
      x[parent] = x[child];
    }
    x[parent] = value;
  };
  for (size_t parent = x.size() / 2; parent-- > 0;) sift(parent, x.size());
  for (size_t end = x.size(); end-- > 1;) {
    const float least = x[0];
    x[0] = x[end];
    x[end] = least;
    sift(0, end);
  }
}

}  // namespace

ClassMetrics class_metrics(Span<const std::uint32_t> confusion, size_t classes, size_t k) {
  MOTE_ASSERT(confusion.size() == classes * classes && k < classes);
  ClassMetrics metrics;
  for (const std::uint32_t count : confusion.subspan(k * classes, classes)) metrics.support += count;
  const std::uint64_t hits = confusion[k * classes + k], chosen = predicted(confusion, classes, k);
  metrics.precision = fraction(hits, chosen);
  metrics.recall = fraction(hits, metrics.support);
  metrics.f1 = fraction(2 * hits, metrics.support + chosen);
  return metrics;
}

ClassificationMetrics classification_metrics(Span<const std::uint32_t> confusion, size_t classes) {
  std::uint64_t samples = 0, correct = 0, labeled = 0, seen = 0;
  double recalls = 0.0, f1s = 0.0;
  for (size_t k = 0; k < classes; ++k) {
    const ClassMetrics metrics = class_metrics(confusion, classes, k);
    samples += metrics.support;
    correct += confusion[k * classes + k];
    labeled += metrics.support != 0;
    seen += metrics.support != 0 || predicted(confusion, classes, k) != 0;
    recalls += static_cast<double>(metrics.recall);
    f1s += static_cast<double>(metrics.f1);
  }
  return {fraction(correct, samples), quotient(recalls, static_cast<double>(labeled)),
          quotient(f1s, static_cast<double>(seen))};
}

Result Ranking::bind(size_t samples, Memory memory) {
  constexpr std::uint32_t kMost = 0xffffffffu;
  if (samples > kMost) return {Status::too_many_samples, samples, kMost};
  if (const Result result = check(memory, ranking_bytes(samples)); !result.ok()) return result;
  scores_ = Part<float>{0, samples}.in(memory);
  positives_ = negatives_ = 0;
  is_sorted_ = false;
  return Status::ok;
}

Result Ranking::add(float score, bool is_positive) {
  const size_t index = size_t{positives_} + negatives_;
  MOTE_ASSERT(index < scores_.size());
  if (!detail::is_finite(score)) return {Status::score_not_finite, index};
  scores_[is_positive ? positives_++ : scores_.size() - ++negatives_] = score;
  is_sorted_ = false;
  return Status::ok;
}

Result Ranking::sort() {
  if (positives_ == 0 || negatives_ == 0) return Status::one_class;
  sort_descending(scores_.subspan(0, positives_));
  sort_descending(scores_.subspan(scores_.size() - negatives_, negatives_));
  is_sorted_ = true;
  return Status::ok;
}

bool Ranking::next(OperatingPoint& point) const {
  MOTE_ASSERT(is_sorted_);
  const float *const positives = scores_.data(), *const negatives = scores_.end() - negatives_;
  std::uint32_t &tp = point.true_positives, &fp = point.false_positives;
  if (tp == positives_ && fp == negatives_) return false;
  const bool is_positive = fp == negatives_ || (tp != positives_ && positives[tp] > negatives[fp]);
  point.threshold = is_positive ? positives[tp] : negatives[fp];
  while (tp != positives_ && positives[tp] == point.threshold) ++tp;
  while (fp != negatives_ && negatives[fp] == point.threshold) ++fp;
  return true;
}

float Ranking::roc_auc() const {
  std::uint64_t wins = 0;  // twice the Mann-Whitney statistic, exact: at most 2 * 2^31 * 2^31
  OperatingPoint point, before;
  for (; next(point); before = point) {
    wins += (std::uint64_t{point.false_positives} - before.false_positives) *
            (std::uint64_t{point.true_positives} + before.true_positives);
  }
  return fraction(wins, std::uint64_t{2} * positives_ * negatives_);
}

float Ranking::average_precision() const {
  double sum = 0.0;
  std::uint32_t before = 0;
  for (OperatingPoint point; next(point); before = point.true_positives) {
    const double hits = point.true_positives;
    sum += (hits - before) * hits / (hits + point.false_positives);
  }
  return quotient(sum, positives_);
}

float Ranking::recall(const OperatingPoint& point) const {
  return fraction(point.true_positives, positives_);
}

float Ranking::false_positive_rate(const OperatingPoint& point) const {
  return fraction(point.false_positives, negatives_);
}

float Ranking::precision(const OperatingPoint& point) {
  const std::uint64_t chosen = std::uint64_t{point.true_positives} + point.false_positives;
  return chosen == 0 ? 1.0f : fraction(point.true_positives, chosen);
}

void RegressionTotals::add(float prediction, float target) {
  const double y = static_cast<double>(target), error = static_cast<double>(prediction) - y;
  absolute_errors += error < 0.0 ? -error : error;
  squared_errors += error * error;
  const double difference = y - mean_target;
  mean_target += difference / static_cast<double>(++samples);
  target_squares += difference * (y - mean_target);
}

RegressionMetrics RegressionTotals::metrics() const {
  if (samples == 0) return {};
  const double count = static_cast<double>(samples), exact = squared_errors == 0.0 ? 1.0 : 0.0;
  return {static_cast<float>(absolute_errors / count),
          static_cast<float>(detail::double_square_root(squared_errors / count)),
          static_cast<float>(target_squares == 0.0 ? exact : 1.0 - squared_errors / target_squares)};
}

void add_batch(const MatrixView& predictions, const MatrixView& targets, Span<RegressionTotals> totals) {
  MOTE_ASSERT(predictions.rows == targets.rows && predictions.columns == totals.size() &&
              targets.columns == totals.size());
  for (size_t i = 0; i < predictions.rows; ++i) {
    for (size_t j = 0; j < totals.size(); ++j) totals[j].add(predictions.row(i)[j], targets.row(i)[j]);
  }
}

RegressionMetrics mean_metrics(Span<const RegressionTotals> totals) {
  double absolute = 0.0, root = 0.0, r2 = 0.0;
  for (const RegressionTotals& output : totals) {
    const RegressionMetrics metrics = output.metrics();
    absolute += static_cast<double>(metrics.mean_absolute_error);
    root += static_cast<double>(metrics.rmse);
    r2 += static_cast<double>(metrics.r2);
  }
  const double outputs = static_cast<double>(totals.size());
  return {quotient(absolute, outputs), quotient(root, outputs), quotient(r2, outputs)};
}

}  // namespace mote
