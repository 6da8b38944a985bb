// SPDX-License-Identifier: MIT
#include "mote/information.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "support/support.hpp"

namespace {

using mote::test::kNotANumber;
using mote::test::wide;
using std::size_t;

using Distribution = std::vector<float>;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

mote::Span<const float> span(const Distribution& y) {
  return {y.data(), y.size()};
}
double entropy(const Distribution& y) {
  return wide(mote::entropy(span(y)));
}
double cross_entropy(const Distribution& y, const Distribution& predicted) {
  return wide(mote::cross_entropy(span(y), span(predicted)));
}
double divergence(const Distribution& y, const Distribution& predicted) {
  return wide(mote::kullback_leibler_divergence(span(y), span(predicted)));
}

/// Numbers that add up to 1 as nearly as floats can, some of them 0 if so wished.
Distribution random_distribution(size_t n, std::uint32_t seed, bool with_zeros) {
  std::mt19937 random(seed);
  std::exponential_distribution<double> exponential;
  std::vector<double> shares(n);
  double sum = 0.0;
  for (double& share : shares) sum += share = with_zeros && random() % 3 == 0 ? 0.0 : exponential(random);
  Distribution y;
  for (const double share : shares) y.push_back(static_cast<float>(sum == 0.0 ? 1.0 : share / sum));
  return y;
}

class Information : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Information, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(Information, OfUniformDistributionsIsTheLogarithmOfTheirSize) {
  for (const size_t n : {size_t{1}, size_t{2}, size_t{10}, size_t{16}, size_t{17}, size_t{1024}}) {
    const Distribution uniform(n, 1.0f / static_cast<float>(n));
    EXPECT_NEAR(entropy(uniform), std::log(static_cast<double>(n)), 1e-5) << n;
    EXPECT_EQ(divergence(uniform, uniform), 0.0);
    Distribution sure(n);
    sure[n / 2] = 1.0f;
    EXPECT_EQ(entropy(sure), 0.0) << "0 ln 0 = 0";
    EXPECT_NEAR(divergence(sure, uniform), std::log(static_cast<double>(n)), 1e-6) << n;
    EXPECT_EQ(cross_entropy(sure, sure), 0.0);
  }
}

TEST_P(Information, OfACoinAndOfThreeOutcomesIsThatOfTheTextbook) {
  EXPECT_NEAR(entropy({0.5f, 0.5f}), std::log(2.0), 1e-7);
  EXPECT_NEAR(entropy({0.25f, 0.75f}), 2.0 * std::log(2.0) - 0.75 * std::log(3.0), 1e-7);
  // Wikipedia, "Kullback-Leibler divergence", basic example: P = (9, 12, 4) / 25, Q uniform.
  const Distribution p = {0.36f, 0.48f, 0.16f}, q(3, 1.0f / 3.0f);
  EXPECT_NEAR(divergence(p, q), 0.0852996, 1e-6);
  EXPECT_NEAR(divergence(q, p), 0.097455, 1e-6);
}

TEST_P(Information, SumsAreThoseOfDoublePrecision) {
  for (const size_t n : {size_t{1}, size_t{5}, size_t{16}, size_t{33}, size_t{500}}) {
    for (std::uint32_t seed = 1; seed < 20; ++seed) {
      const Distribution y = random_distribution(n, seed, true), other = random_distribution(n, seed + 100, false);
      double h = 0.0, cross = 0.0, kl = 0.0;
      for (size_t i = 0; i < n; ++i) {
        if (y[i] == 0.0f) continue;
        h -= wide(y[i]) * std::log(wide(y[i]));
        cross -= wide(y[i]) * std::log(wide(other[i]));
        kl += wide(y[i]) * std::log(wide(y[i]) / wide(other[i]));
      }
      ASSERT_NEAR(entropy(y), h, 1e-6 * (1.0 + h));
      ASSERT_NEAR(cross_entropy(y, other), cross, 1e-6 * (1.0 + cross));
      ASSERT_NEAR(divergence(y, other), kl, 1e-6 * (1.0 + kl));
      ASSERT_NEAR(cross_entropy(y, other), entropy(y) + divergence(y, other), 1e-6 * (1.0 + cross));
      ASSERT_GE(divergence(y, other), -1e-6);
      ASSERT_NEAR(divergence(y, y), 0.0, 0.0) << "ln 1 is 0 exactly";
    }
  }
}

TEST_P(Information, IsInfiniteWhereThePossibleIsThoughtImpossible) {
  EXPECT_EQ(cross_entropy({0.5f, 0.5f}, {1.0f, 0.0f}), kInfinite);
  EXPECT_EQ(divergence({0.5f, 0.5f}, {1.0f, 0.0f}), kInfinite);
  EXPECT_EQ(cross_entropy({1.0f, 0.0f}, {1.0f, 0.0f}), 0.0) << "and not where the impossible is";
  EXPECT_EQ(divergence({1.0f, 0.0f}, {1.0f, 0.0f}), 0.0);
}

TEST_P(Information, OfTheLeastProbabilitiesIsFinite) {
  const float least = std::numeric_limits<float>::denorm_min();
  EXPECT_NEAR(divergence({1.0f, 0.0f}, {least, 1.0f}), 149.0 * std::log(2.0), 1e-4) << "1 / 2^-149 is no float";
  EXPECT_NEAR(cross_entropy({1.0f, 0.0f}, {least, 1.0f}), 149.0 * std::log(2.0), 1e-4);
  EXPECT_NEAR(entropy({1.0f, least}), 0.0, 1e-40);
}

TEST_P(Information, HidesNoNaN) {
  EXPECT_TRUE(std::isnan(entropy({0.5f, kNotANumber})));
  EXPECT_TRUE(std::isnan(cross_entropy({kNotANumber, 0.5f}, {0.5f, 0.5f})));
  EXPECT_TRUE(std::isnan(cross_entropy({0.5f, 0.5f}, {kNotANumber, 0.5f})));
  EXPECT_TRUE(std::isnan(divergence({0.5f, 0.5f}, {0.5f, -0.5f})));
}

TEST_P(Information, OfNothingIsZero) {
  EXPECT_EQ(entropy({}), 0.0);
  EXPECT_EQ(cross_entropy({}, {}), 0.0);
}

// One fixed pair, as numbers: the order of the sum and the logarithm may not change. Fused or not, they agree here.
TEST_P(Information, HasTheSameBitsOnEveryMachine) {
  Distribution y, other;
  for (size_t i = 0; i < 100; ++i) {
    y.push_back(static_cast<float>(i + 1) / 5050.0f);
    other.push_back(static_cast<float>(100 - i) / 5050.0f);
  }
  EXPECT_EQ(mote::entropy(span(y)), 0x1.1aae74p+2f);
  EXPECT_EQ(mote::cross_entropy(span(y), span(other)), 0x1.5734dep+2f);
  EXPECT_EQ(mote::kullback_leibler_divergence(span(y), span(other)), 0x1.e4335cp-1f);
}

TEST(InformationDeathTest, StopsAtDistributionsOfDifferentSizes) {
  EXPECT_DEATH(cross_entropy({1.0f}, {0.5f, 0.5f}), "");
  EXPECT_DEATH(divergence({1.0f}, {0.5f, 0.5f}), "");
}

}  // namespace
