// SPDX-License-Identifier: MIT
#include "mote/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/closed_forms.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossTotals;
using mote::row_stride;
using mote::test::Guarded;
using mote::test::kNotANumber;
using mote::test::same_bits;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

/// loss_and_deltas, added to totals.
void loss_and_deltas(Loss loss, Activation activation, size_t rows, size_t columns, size_t stride, const float* z,
                     const std::uint8_t* labels, float scale, float* deltas, LossTotals& totals) {
  std::vector<float> losses(rows);
  const std::uint32_t correct =
      mote::loss_and_deltas(loss, activation, rows, columns, stride, z, labels, scale, deltas, losses.data());
  totals.add({losses.data(), rows}, correct);
}

struct Pair {
  Loss loss;
  Activation activation;
};

constexpr Pair kSigmoid{Loss::quadratic, Activation::sigmoid}, kTanh{Loss::quadratic, Activation::tanh},
    kSoftmax{Loss::quadratic, Activation::softmax},
    kSigmoidCrossEntropy{Loss::sigmoid_cross_entropy, Activation::sigmoid},
    kCrossEntropy{Loss::cross_entropy, Activation::softmax};

/// The quadratic loss with every activation, and the cross-entropies with theirs.
std::vector<Pair> pairs() {
  std::vector<Pair> all = {kSigmoidCrossEntropy, kCrossEntropy};
  for (const Activation activation : mote::test::kAnyActivation) all.push_back({Loss::quadratic, activation});
  return all;
}

std::vector<double> activations(Activation activation, const std::vector<double>& z) {
  std::vector<double> a = z;
  const bool is_softmax = activation == Activation::softmax;
  double sum = 0.0;
  for (double& x : a) {
    x = is_softmax ? std::exp(x) : mote::test::closed_form(activation, x);
    sum += x;
  }
  if (is_softmax) {
    for (double& x : a) x /= sum;
  }
  return a;
}

/// The loss of one sample by the textbook, which may take the logarithm of almost 0.
double textbook(const Pair& pair, const std::vector<double>& z, size_t label) {
  const std::vector<double> a = activations(pair.activation, z);
  double sum = 0.0;
  for (size_t j = 0; j < a.size(); ++j) {
    const double y = j == label ? 1.0 : 0.0;
    switch (pair.loss) {
      case Loss::quadratic: sum += 0.5 * (y - a[j]) * (y - a[j]); break;
      case Loss::sigmoid_cross_entropy: sum -= y * std::log(a[j]) + (1.0 - y) * std::log(1.0 - a[j]); break;
      case Loss::cross_entropy: sum -= y * std::log(a[j]); break;
      case Loss::mean_absolute_error:
      case Loss::huber: break;  // tests/textbook/targets_test.cpp
    }
  }
  return sum;
}

/// dC/dz_j of the textbook, numerically.
double slope(const Pair& pair, std::vector<double> z, size_t label, size_t j) {
  constexpr double kStep = 1e-5;
  z[j] += kStep;
  const double above = textbook(pair, z, label);
  z[j] -= 2.0 * kStep;
  return (above - textbook(pair, z, label)) / (2.0 * kStep);
}

double total(const LossTotals& totals) {
  return wide(totals.sum) + wide(totals.compensation);
}

void expect_same(const LossTotals& a, const LossTotals& b) {
  EXPECT_TRUE(same_bits(&a.sum, &b.sum, 1) && same_bits(&a.compensation, &b.compensation, 1));
  EXPECT_TRUE(a.samples == b.samples && a.correct == b.correct);
}

/// Rows of outputs with their labels.
struct Batch {
  Batch(size_t row_count, size_t column_count, std::uint32_t seed) : rows(row_count), columns(column_count) {
    Source source(seed);
    z = source.matrix(rows, columns, stride);
    for (float& x : z) x *= 4.0f;
    for (size_t i = 0; i < rows; ++i) labels.push_back(static_cast<std::uint8_t>(source.below(columns)));
  }
  std::vector<double> row(size_t i) const {
    const float* from = z.data() + i * stride;
    return std::vector<double>(from, from + columns);
  }
  LossTotals run(const Pair& pair, float scale, float* deltas) const {
    LossTotals totals;
    loss_and_deltas(pair.loss, pair.activation, rows, columns, stride, z.data(), labels.data(), scale, deltas, totals);
    return totals;
  }
  size_t rows, columns, stride = row_stride(columns);
  std::vector<float> z;
  std::vector<std::uint8_t> labels;
};

/// Loss and deltas of one sample.
struct Outcome {
  Outcome(const Pair& pair, const std::vector<float>& z, std::uint8_t label) : deltas(z) {
    deltas.resize(row_stride(z.size()));
    loss_and_deltas(pair.loss, pair.activation, 1, z.size(), deltas.size(), deltas.data(), &label, 1.0f, deltas.data(),
                    totals);
    deltas.resize(z.size());
  }
  LossTotals totals;
  std::vector<float> deltas;
};

class Losses : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Losses, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(Losses, CrossEntropyOfTheExamplesWorkedByHand) {
  const auto mean = [](std::vector<float> probabilities, const std::uint8_t(&labels)[2], float accuracy) {
    std::vector<float> z(2 * row_stride(2));
    for (size_t i = 0; i < 4; ++i) z[i / 2 * row_stride(2) + i % 2] = std::log(probabilities[i]);
    LossTotals totals;
    loss_and_deltas(Loss::cross_entropy, Activation::softmax, 2, 2, row_stride(2), z.data(), labels, 1.0f, nullptr,
                    totals);
    EXPECT_EQ(totals.samples, 2u);
    EXPECT_EQ(totals.accuracy(), accuracy);
    return wide(totals.mean_loss());
  };
  EXPECT_NEAR(mean({0.55f, 0.45f, 0.44f, 0.56f}, {0, 1}, 1.0f), 0.5888, 5e-5);
  EXPECT_NEAR(mean({0.51f, 0.49f, 0.41f, 0.59f}, {1, 0}, 0.0f), 0.8025, 5e-5);
}

TEST_P(Losses, ValuesAndDeltasFollowTheTextbook) {
  for (const Pair& pair : pairs()) {
    for (size_t columns = 1; columns <= 40; ++columns) {
      const Batch batch(4, columns, static_cast<std::uint32_t>(columns));
      Guarded<float> deltas(batch.z.size(), kNotANumber);
      double expected = 0.0;
      const LossTotals totals = batch.run(pair, 0.25f, deltas.data());
      ASSERT_TRUE(deltas.intact());
      for (size_t i = 0; i < batch.rows; ++i) {
        expected += textbook(pair, batch.row(i), batch.labels[i]);
        for (size_t j = 0; j < batch.stride; ++j) {
          const bool used = j < columns;
          const double wanted = used ? 0.25 * slope(pair, batch.row(i), batch.labels[i], j) : 0.0;
          const double tolerance = used ? 3e-7 * (1.0 + std::fabs(wanted)) : 0.0;
          ASSERT_NEAR(wide(deltas[i * batch.stride + j]), wanted, tolerance) << columns << ' ' << j;
        }
      }
      ASSERT_NEAR(total(totals), expected, 3e-7 * (1.0 + expected)) << columns;
      ASSERT_EQ(totals.samples, batch.rows);
    }
  }
}

TEST_P(Losses, DeltasMayReplaceTheOutputsOrBeLeftOut) {
  for (const Pair& pair : pairs()) {
    for (const size_t columns : {size_t{1}, size_t{10}, size_t{16}, size_t{37}}) {
      const Batch batch(5, columns, 77);
      std::vector<float> apart(batch.z.size()), in_place = batch.z;
      const LossTotals first = batch.run(pair, 0.2f, apart.data());
      LossTotals second;
      loss_and_deltas(pair.loss, pair.activation, batch.rows, columns, batch.stride, in_place.data(),
                      batch.labels.data(), 0.2f, in_place.data(), second);
      ASSERT_TRUE(same_bits(apart.data(), in_place.data(), apart.size())) << columns;
      expect_same(first, second);
      expect_same(first, batch.run(pair, 0.2f, nullptr));
    }
  }
}

TEST_P(Losses, ScaleMultipliesDeltasOnly) {
  for (const Pair& pair : pairs()) {
    const Batch batch(3, 10, 5);
    std::vector<float> one(batch.z.size()), eighth(one);
    EXPECT_EQ(batch.run(pair, 1.0f, one.data()).sum, batch.run(pair, 0.125f, eighth.data()).sum);
    for (size_t i = 0; i < one.size(); ++i) ASSERT_EQ(one[i] * 0.125f, eighth[i]) << "a power of two changes no digit";
  }
}

TEST_P(Losses, TotalsDoNotDependOnHowSamplesComeInBatches) {
  for (const Pair& pair : pairs()) {
    const Batch batch(101, 10, 6);
    const LossTotals whole = batch.run(pair, 1.0f, nullptr);
    for (const size_t most : {size_t{1}, size_t{7}, size_t{32}, size_t{100}}) {
      LossTotals parts;
      for (size_t first = 0; first < batch.rows; first += most) {
        loss_and_deltas(pair.loss, pair.activation, std::min(most, batch.rows - first), batch.columns, batch.stride,
                        batch.z.data() + first * batch.stride, batch.labels.data() + first, 1.0f, nullptr, parts);
      }
      expect_same(whole, parts);
    }
  }
}

TEST_P(Losses, AMillionSmallLossesKeepTheirDigits) {
  constexpr size_t kRows = 1000, kTimes = 1000;
  std::vector<float> z(kRows * row_stride(1));
  const std::vector<std::uint8_t> labels(kRows);
  double exact = 0.0;
  for (size_t i = 0; i < kRows; ++i) {
    z[i * row_stride(1)] = 1.0f + 0.001f * static_cast<float>(i);
    const float error = z[i * row_stride(1)] - 1.0f;
    exact += wide(0.5f * (error * error)) * kTimes;  // 0.5 (z - 1)^2, rounded as a float
  }
  LossTotals totals;
  for (size_t t = 0; t < kTimes; ++t) {
    loss_and_deltas(Loss::quadratic, Activation::identity, kRows, 1, row_stride(1), z.data(), labels.data(), 1.0f,
                    nullptr, totals);
  }
  EXPECT_EQ(totals.samples, kRows * kTimes);
  EXPECT_NEAR(total(totals) / exact, 1.0, 2e-8) << "a plain sum loses more than 1e-5";
  EXPECT_NEAR(wide(totals.mean_loss()) / (exact / (kRows * kTimes)), 1.0, 2e-7);
}

TEST_P(Losses, APerfectPredictionCostsNothingAndMovesNothing) {
  for (const float sure : {200.0f, 1e4f, 1e30f}) {
    for (const Pair& pair : {kSigmoid, kTanh, kSoftmax, kSigmoidCrossEntropy, kCrossEntropy}) {
      const float other = pair.activation == Activation::tanh ? 0.0f : -sure;  // tanh reaches the target 0 at 0
      const Outcome o(pair, {other, sure, other}, 1);
      EXPECT_TRUE(total(o.totals) == 0.0 && o.totals.correct == 1);
      EXPECT_EQ(o.deltas, std::vector<float>(3, 0.0f));
    }
  }
}

TEST_P(Losses, OutputsFurtherApartThanAFloatCanSayCostAFiniteAmount) {
  const float z[row_stride(2)] = {3.3e38f, -3.3e38f};
  const std::uint8_t label = 1;
  LossTotals totals;
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(std::isnan(totals.mean_loss()));
    loss_and_deltas(Loss::cross_entropy, Activation::softmax, 1, 2, row_stride(2), z, &label, 1.0f, nullptr, totals);
    if (i == 0) {
      EXPECT_EQ(totals.mean_loss(), std::numeric_limits<float>::max());
    }
  }
  EXPECT_FALSE(std::isnan(totals.mean_loss()));
}

TEST_P(Losses, ARowWithNaNIsNotCorrect) {
  for (size_t nan_at = 0; nan_at < 3; ++nan_at) {
    float z[row_stride(3)] = {0.0f, 1.0f, 0.0f};
    z[nan_at] = std::numeric_limits<float>::quiet_NaN();
    const std::uint8_t label = 1;
    LossTotals totals;
    loss_and_deltas(Loss::cross_entropy, Activation::softmax, 1, 3, row_stride(3), z, &label, 1.0f, nullptr, totals);
    EXPECT_EQ(totals.correct, 0u) << nan_at;
  }
}

TEST_P(Losses, AHopelessPredictionCostsAFiniteAmount) {
  for (const float sure : {200.0f, 1e4f, 1e30f, 1e38f}) {
    const Outcome softmax(kCrossEntropy, {sure, -sure}, 1);
    EXPECT_NEAR(total(softmax.totals) / (2.0 * wide(sure)), 1.0, 1e-6);
    EXPECT_EQ(softmax.deltas, (std::vector<float>{1.0f, -1.0f}));
    const Outcome sigmoid(kSigmoidCrossEntropy, {sure, -sure}, 1);
    EXPECT_NEAR(total(sigmoid.totals) / (2.0 * wide(sure)), 1.0, 1e-6);
    EXPECT_EQ(sigmoid.deltas, (std::vector<float>{1.0f, -1.0f}));
    const Outcome quadratic(kSoftmax, {sure, -sure}, 1);
    EXPECT_EQ(total(quadratic.totals), 1.0);
    EXPECT_EQ(quadratic.deltas, (std::vector<float>{0.0f, 0.0f})) << "where the quadratic cost learns nothing";
  }
}

TEST_P(Losses, NaNIsNotHidden) {
  for (const Pair& pair : pairs()) {
    for (const std::uint8_t label : {std::uint8_t{0}, std::uint8_t{1}}) {
      EXPECT_TRUE(std::isnan(Outcome(pair, {0.5f, kNotANumber, 0.25f}, label).totals.mean_loss()));
    }
  }
}

TEST_P(Losses, CountsASampleWhoseLargestOutputTheFirstOfEqualsIsItsLabel) {
  const auto correct = [](std::vector<float> z, std::uint8_t label) {
    return Outcome(kCrossEntropy, z, label).totals.correct == 1;
  };
  EXPECT_TRUE(correct({0.1f, 0.7f, 0.2f}, 1) && !correct({0.1f, 0.7f, 0.2f}, 2));
  EXPECT_TRUE(correct({0.5f, 0.5f, 0.5f}, 0) && !correct({0.5f, 0.5f, 0.5f}, 1));
  EXPECT_TRUE(correct({0.1f, 0.5f, 0.5f}, 1) && !correct({0.1f, 0.5f, 0.5f}, 2));
  EXPECT_TRUE(correct({-3.0f, -2.0f}, 1)) << "padding, which is 0, does not take part";
  EXPECT_FALSE(correct({kNotANumber, kNotANumber}, 0) || correct({kNotANumber, 1.0f}, 0));
}

TEST(LossTotals, OfNothingAreZero) {
  EXPECT_TRUE(LossTotals().mean_loss() == 0.0f && LossTotals().accuracy() == 0.0f);
}

}  // namespace
