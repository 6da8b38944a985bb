// SPDX-License-Identifier: MIT
// Losses of regression, smoothed labels, and targets that are vectors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "mote/information.hpp"
#include "mote/loss.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::LossOptions;
using mote::row_stride;
using mote::Targets;
using mote::test::Guarded;
using mote::test::kNotANumber;
using mote::test::same_bits;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

struct Kind {
  LossOptions loss;
  Activation activation;
};

/// Every loss with every activation that may go with it, with and without smoothing.
std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const LossOptions& loss :
       {LossOptions(Loss::quadratic), LossOptions(Loss::mean_absolute_error), LossOptions(Loss::huber, 0.5f),
        LossOptions(Loss::huber, 2.0f), LossOptions(Loss::sigmoid_cross_entropy), LossOptions(Loss::cross_entropy),
        LossOptions(Loss::sigmoid_cross_entropy, 1.0f, 0.1f), LossOptions(Loss::cross_entropy, 1.0f, 0.1f)}) {
    for (const Activation activation :
         {Activation::identity, Activation::sigmoid, Activation::tanh, Activation::relu, Activation::softmax}) {
      if (mote::check(loss, activation).ok()) all.push_back({loss, activation});
    }
  }
  return all;
}

std::vector<double> activations(Activation activation, std::vector<double> a) {
  double sum = 0.0;
  for (double& x : a) {
    if (activation == Activation::sigmoid) x = 1.0 / (1.0 + std::exp(-x));
    if (activation == Activation::tanh) x = std::tanh(x);
    if (activation == Activation::relu) x = std::fmax(x, 0.0);
    if (activation == Activation::softmax) x = std::exp(x);
    sum += x;
  }
  for (double& x : a) x /= activation == Activation::softmax ? sum : 1.0;
  return a;
}

/// The loss by the formulas of the header.
double textbook(const Kind& kind, const std::vector<double>& z, const std::vector<double>& targets) {
  const std::vector<double> a = activations(kind.activation, z);
  const double d = wide(kind.loss.huber_delta), s = wide(kind.loss.label_smoothing);
  double sum = 0.0;
  for (size_t j = 0; j < z.size(); ++j) {
    const double error = a[j] - targets[j], size = std::fabs(error);
    const double binary = (1.0 - s) * targets[j] + s / 2.0;
    switch (kind.loss.kind) {
      case Loss::quadratic: sum += 0.5 * error * error; break;
      case Loss::mean_absolute_error: sum += size; break;
      case Loss::huber: sum += size <= d ? 0.5 * error * error : d * (size - 0.5 * d); break;
      case Loss::sigmoid_cross_entropy: sum -= binary * std::log(a[j]) + (1.0 - binary) * std::log(1.0 - a[j]); break;
      case Loss::cross_entropy:
        sum -= ((1.0 - s) * targets[j] + s / static_cast<double>(z.size())) * std::log(a[j]);
        break;
    }
  }
  return sum;
}

/// dC/dz_j of the textbook, numerically.
double slope(const Kind& kind, std::vector<double> z, const std::vector<double>& targets, size_t j) {
  constexpr double kStep = 1e-6;
  z[j] += kStep;
  const double above = textbook(kind, z, targets);
  z[j] -= 2.0 * kStep;
  return (above - textbook(kind, z, targets)) / (2.0 * kStep);
}

std::vector<double> widened(const float* from, size_t count) {
  return std::vector<double>(from, from + count);
}

/// Rows of outputs with a target for each: between 0 and 1, and of every row adding up to 1 for cross_entropy.
struct Batch {
  Batch(const Kind& kind, size_t row_count, size_t column_count, std::uint32_t seed)
      : rows(row_count), columns(column_count) {
    Source source(seed);
    z = source.matrix(rows, columns, stride);
    for (float& x : z) x *= 3.0f;
    for (size_t i = 0; i < rows; ++i) {
      float sum = 0.0f;
      for (size_t j = 0; j < columns; ++j) {
        values.push_back(static_cast<float>(source.below(1000)) / 1000.0f + 0.0001f);
        sum += values.back();
      }
      if (kind.loss.kind != Loss::cross_entropy) continue;
      for (size_t j = 0; j < columns; ++j) values[i * columns + j] /= sum;
    }
    values.resize(rows * columns + 64, kNotANumber);  // must not be read
  }
  Targets targets() const { return {values.data(), columns}; }
  std::vector<float> run(const Kind& kind, const Targets& wanted, float scale, float* deltas) const {
    std::vector<float> losses(rows);
    EXPECT_EQ(mote::loss_and_deltas(kind.loss, kind.activation, rows, columns, stride, z.data(), wanted, scale, deltas,
                                    losses.data()),
              0u)
        << "nothing is correct without labels";
    return losses;
  }
  size_t rows, columns, stride = row_stride(columns);
  std::vector<float> z, values;
};

class TargetLosses : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, TargetLosses, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(TargetLosses, ValuesAndDeltasFollowTheTextbook) {
  for (const Kind& kind : kinds()) {
    for (const size_t columns : {1u, 2u, 3u, 10u, 15u, 16u, 17u, 31u, 33u, 40u}) {
      const Batch batch(kind, 4, columns, static_cast<std::uint32_t>(columns));
      Guarded<float> deltas(batch.z.size(), kNotANumber);
      const std::vector<float> losses = batch.run(kind, batch.targets(), 0.25f, deltas.data());
      ASSERT_TRUE(deltas.intact());
      for (size_t i = 0; i < batch.rows; ++i) {
        const std::vector<double> z = widened(batch.z.data() + i * batch.stride, columns);
        const std::vector<double> y = widened(batch.values.data() + i * columns, columns);
        const double expected = textbook(kind, z, y);
        ASSERT_NEAR(wide(losses[i]), expected, 5e-7 * (1.0 + expected)) << columns;
        for (size_t j = 0; j < batch.stride; ++j) {
          const double wanted = j < columns ? 0.25 * slope(kind, z, y, j) : 0.0;
          const double tolerance = j < columns ? 4e-7 * (1.0 + std::fabs(wanted)) : 0.0;
          ASSERT_NEAR(wide(deltas[i * batch.stride + j]), wanted, tolerance)
              << static_cast<int>(kind.loss.kind) << ' ' << static_cast<int>(kind.activation) << ' ' << columns;
        }
      }
    }
  }
}

TEST_P(TargetLosses, OneHotVectorsAreWhatLabelsStandFor) {
  for (const Kind& kind : kinds()) {
    for (const size_t columns : {1u, 3u, 10u, 16u, 37u}) {
      Batch batch(kind, 5, columns, 3);
      std::vector<std::uint8_t> labels;
      batch.values.assign(batch.values.size(), 0.0f);
      for (size_t i = 0; i < batch.rows; ++i) {
        labels.push_back(static_cast<std::uint8_t>(7 * i % columns));
        batch.values[i * columns + labels[i]] = 1.0f;
      }
      std::vector<float> one_hot(batch.z.size()), labelled(one_hot), losses(batch.rows);
      const std::vector<float> expected = batch.run(kind, batch.targets(), 1.0f, one_hot.data());
      mote::loss_and_deltas(kind.loss, kind.activation, batch.rows, columns, batch.stride, batch.z.data(),
                            labels.data(), 1.0f, labelled.data(), losses.data());
      if (kind.loss.kind == Loss::cross_entropy && kind.loss.label_smoothing == 0.0f) {  // the special case
        for (size_t i = 0; i < one_hot.size(); ++i) ASSERT_NEAR(one_hot[i], labelled[i], 2e-7f);
        for (size_t i = 0; i < batch.rows; ++i) ASSERT_NEAR(losses[i], expected[i], 1e-6f * (1.0f + expected[i]));
        continue;
      }
      ASSERT_TRUE(same_bits(one_hot.data(), labelled.data(), one_hot.size()));
      ASSERT_TRUE(same_bits(losses.data(), expected.data(), batch.rows));
    }
  }
}

TEST_P(TargetLosses, DeltasMayReplaceTheOutputsOrBeLeftOut) {
  for (const Kind& kind : kinds()) {
    for (const size_t columns : {1u, 10u, 16u, 37u}) {
      Batch batch(kind, 5, columns, 77);
      std::vector<float> apart(batch.z.size());
      const std::vector<float> losses = batch.run(kind, batch.targets(), 0.2f, apart.data());
      EXPECT_EQ(batch.run(kind, batch.targets(), 0.2f, nullptr), losses);
      EXPECT_EQ(batch.run(kind, batch.targets(), 0.2f, batch.z.data()), losses);
      ASSERT_TRUE(same_bits(apart.data(), batch.z.data(), apart.size())) << columns;
    }
  }
}

TEST_P(TargetLosses, OrderAndStrideSayWhereTheTargetsOfARowAre) {
  const Kind kind{Loss::quadratic, Activation::identity};
  const Batch batch(kind, 4, 10, 5);
  const std::uint32_t order[] = {3, 1, 1, 0};
  std::vector<float> spread(4 * 13, kNotANumber), rows(4 * 10);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 10; ++j) {
      spread[i * 13 + j] = batch.values[i * 10 + j];
      rows[i * 10 + j] = batch.values[order[i] * 10 + j];
    }
  }
  const std::vector<float> expected = batch.run(kind, {rows.data(), 10}, 1.0f, nullptr);
  EXPECT_EQ(batch.run(kind, {spread.data(), 13, order}, 1.0f, nullptr), expected);
  EXPECT_NE(batch.run(kind, {spread.data(), 13}, 1.0f, nullptr), expected);
  for (const Targets& targets : {Targets(spread.data(), 13, order), Targets(rows.data(), 10)}) {
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(*targets.from(i).row(3 - i), rows[30]) << i;
  }
  const std::uint8_t labels[] = {4, 5, 6};
  EXPECT_EQ(*Targets(labels).from(2).labels, 6);
  EXPECT_EQ(Targets(labels).from(2).row(0), nullptr);
}

TEST_P(TargetLosses, HuberWithALargeDeltaIsQuadraticToTheBit) {
  for (const Activation activation : {Activation::identity, Activation::sigmoid, Activation::softmax}) {
    const Kind quadratic{Loss::quadratic, activation}, huber{{Loss::huber, 1e30f}, activation};
    const Batch batch(quadratic, 6, 21, 9);
    std::vector<float> expected(batch.z.size()), deltas(expected);
    EXPECT_EQ(batch.run(quadratic, batch.targets(), 1.0f, expected.data()),
              batch.run(huber, batch.targets(), 1.0f, deltas.data()));
    EXPECT_TRUE(same_bits(expected.data(), deltas.data(), deltas.size()));
  }
}

TEST_P(TargetLosses, HuberWithASmallDeltaIsDeltaTimesTheAbsoluteError) {
  constexpr float kDelta = 0x1p-20f;  // a power of two, so that products are exact
  for (const Activation activation : {Activation::identity, Activation::tanh, Activation::softmax}) {
    const Kind absolute{Loss::mean_absolute_error, activation}, huber{{Loss::huber, kDelta}, activation};
    const Batch batch(absolute, 6, 21, 9);
    std::vector<float> expected(batch.z.size()), deltas(expected);
    const std::vector<float> large = batch.run(absolute, batch.targets(), 1.0f, expected.data());
    const std::vector<float> small = batch.run(huber, batch.targets(), 1.0f, deltas.data());
    for (size_t i = 0; i < batch.rows; ++i) EXPECT_NEAR(small[i] / kDelta, large[i], 1e-4f);
    for (size_t i = 0; i < deltas.size(); ++i) EXPECT_NEAR(deltas[i] / kDelta, expected[i], 1e-6f);
  }
}

/// Loss and deltas of one row with target values.
struct Outcome {
  Outcome(const Kind& kind, const std::vector<float>& z, const std::vector<float>& y) : deltas(z) {
    deltas.resize(row_stride(z.size()));
    mote::loss_and_deltas(kind.loss, kind.activation, 1, z.size(), deltas.size(), deltas.data(), {y.data(), y.size()},
                          1.0f, deltas.data(), &loss);
    deltas.resize(z.size());
  }
  float loss = kNotANumber;
  std::vector<float> deltas;
};

TEST_P(TargetLosses, APerfectPredictionCostsNothingAndMovesNothing) {
  const std::vector<float> nothing(3, 0.0f);
  for (const Kind& kind : kinds()) {
    if (kind.loss.label_smoothing != 0.0f) continue;
    for (const float sure : {200.0f, 1e4f, 1e30f}) {
      const bool is_bounded = kind.activation == Activation::sigmoid || kind.activation == Activation::softmax;
      const std::vector<float> z = is_bounded ? std::vector<float>{-sure, sure, -sure} : std::vector<float>{0, 0.5f, 1};
      std::vector<float> y = {0, 1, 0};
      if (!is_bounded) y = z;
      if (kind.activation == Activation::tanh) {  // rounded like mote's tanh
        for (size_t j = 0; j < 3; ++j) y[j] = j == 0 ? 0.0f : 1.0f;
        const Outcome o(kind, {0, sure, sure}, y);
        EXPECT_TRUE(o.loss == 0.0f && o.deltas == nothing);
        continue;
      }
      const Outcome o(kind, z, y);
      EXPECT_EQ(o.loss, 0.0f) << static_cast<int>(kind.loss.kind) << ' ' << static_cast<int>(kind.activation);
      EXPECT_EQ(o.deltas, nothing) << "the slope of |e| at 0 is 0";
    }
  }
}

TEST_P(TargetLosses, HugeErrorsCostWhatTheFormulasSay) {
  const Outcome absolute({Loss::mean_absolute_error, Activation::identity}, {1e30f, -1e30f}, {0, 0});
  EXPECT_EQ(absolute.loss, 2e30f);
  EXPECT_EQ(absolute.deltas, (std::vector<float>{1, -1}));
  const Outcome largest({Loss::mean_absolute_error, Activation::identity}, {3.3e38f}, {0});
  EXPECT_EQ(largest.loss, 3.3e38f);
  const Outcome huber({{Loss::huber, 0.25f}, Activation::identity}, {1e30f, -1e30f}, {0, 0});
  EXPECT_EQ(huber.loss, 0.5e30f);
  EXPECT_EQ(huber.deltas, (std::vector<float>{0.25f, -0.25f}));
  for (const Loss loss : {Loss::mean_absolute_error, Loss::huber}) {
    const Outcome infinite({loss, Activation::identity}, {mote::test::kInf, 0}, {0, 0});
    EXPECT_EQ(infinite.loss, mote::test::kInf);
    EXPECT_EQ(infinite.deltas, (std::vector<float>{1, 0}));
  }
}

TEST_P(TargetLosses, AHopelessDistributionCostsAFiniteAmount) {
  const Kind kind{Loss::cross_entropy, Activation::softmax};
  for (const float sure : {200.0f, 1e4f, 1e30f}) {
    const Outcome o(kind, {sure, -sure, -sure}, {0.5f, 0.25f, 0.25f});
    EXPECT_NEAR(o.loss / sure, 1.0f, 1e-6f);
    EXPECT_EQ(o.deltas, (std::vector<float>{0.5f, -0.25f, -0.25f}));
  }
  EXPECT_EQ(Outcome(kind, {3.3e38f, -3.3e38f}, {0, 1}).loss, std::numeric_limits<float>::max());
  EXPECT_EQ(Outcome(kind, {3.3e38f, -3.3e38f}, {1, 0}).loss, 0.0f) << "0 times infinity is nothing here";
  EXPECT_EQ(Outcome(kind, {0, -mote::test::kInf}, {0.5f, 0.5f}).loss, std::numeric_limits<float>::max());
  const Kind smooth{{Loss::cross_entropy, 1.0f, 0.5f}, Activation::softmax};
  EXPECT_EQ(Outcome(smooth, {3.3e38f, -3.3e38f}, {1, 0}).loss, std::numeric_limits<float>::max());
  const Kind binary{Loss::sigmoid_cross_entropy, Activation::sigmoid};
  EXPECT_EQ(Outcome(binary, {1e30f, -1e30f}, {0.5f, 0.5f}).loss, 1e30f);
}

TEST_P(TargetLosses, NaNIsNotHidden) {
  for (const Kind& kind : kinds()) {
    EXPECT_TRUE(std::isnan(Outcome(kind, {0.5f, kNotANumber, 0.25f}, {1, 0, 0}).loss));
    EXPECT_TRUE(std::isnan(Outcome(kind, {0.5f, 0.5f, 0.25f}, {0, kNotANumber, 1}).loss));
  }
}

TEST_P(TargetLosses, LeastCrossEntropyIsTheEntropyOfTheTargets) {
  for (const float smoothing : {0.0f, 0.1f, 0.75f}) {
    const Kind kind{{Loss::cross_entropy, 1.0f, smoothing}, Activation::softmax};
    const std::vector<float> y = {0.125f, 0.5f, 0.25f, 0.0625f, 0.0625f};
    std::vector<float> smoothed, z;
    for (const float target : y) {
      smoothed.push_back((1.0f - smoothing) * target + smoothing / 5.0f);
      z.push_back(std::log(smoothed.back()));
    }
    const Outcome best(kind, z, y);
    EXPECT_NEAR(best.loss, mote::entropy({smoothed.data(), 5}), 1e-6f);
    for (const float delta : best.deltas) EXPECT_NEAR(delta, 0.0f, 1e-7f);
  }
}

// Szegedy et al. 2016, section 7: H(q', p) = (1 - e) H(q, p) + e H(u, p), u being the uniform distribution.
TEST_P(TargetLosses, SmoothedCrossEntropyMixesThatOfTheLabelAndOfTheUniformDistribution) {
  const std::vector<float> z = {0.5f, -1.0f, 2.0f, 0.25f}, label = {0, 0, 1, 0}, uniform(4, 0.25f);
  const Kind plain{Loss::cross_entropy, Activation::softmax};
  const double own = wide(Outcome(plain, z, label).loss), even = wide(Outcome(plain, z, uniform).loss);
  for (const float smoothing : {0.05f, 0.1f, 0.5f}) {
    const Kind smooth{{Loss::cross_entropy, 1.0f, smoothing}, Activation::softmax};
    EXPECT_NEAR(wide(Outcome(smooth, z, label).loss), (1.0 - wide(smoothing)) * own + wide(smoothing) * even, 1e-6);
  }
}

TEST_P(TargetLosses, LabelsBesideValuesCountHits) {
  const float z[2 * row_stride(3)] = {0.1f, 0.9f, 0.2f}, values[] = {0.2f, 0.6f, 0.2f, 1, 0, 0};
  const std::uint8_t labels[] = {1, 2};
  Targets targets(values, 3);
  targets.labels = labels;
  float losses[2], without[2];
  EXPECT_EQ(mote::loss_and_deltas(Loss::cross_entropy, Activation::softmax, 2, 3, row_stride(3), z, targets, 1.0f,
                                  nullptr, losses),
            1u);
  targets.labels = nullptr;
  EXPECT_EQ(mote::loss_and_deltas(Loss::cross_entropy, Activation::softmax, 2, 3, row_stride(3), z, targets, 1.0f,
                                  nullptr, without),
            0u);
  EXPECT_TRUE(same_bits(losses, without, 2)) << "the values make the loss";
}

}  // namespace
