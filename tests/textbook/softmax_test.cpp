// SPDX-License-Identifier: MIT
// Softmax, the only activation that looks at a whole row.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mote/activation.hpp"
#include "mote/topology.hpp"
#include "support/support.hpp"
#include "mote/detail/activation.hpp"

namespace {

using mote::Activation;
using mote::row_stride;
using mote::test::Guarded;
using mote::test::kNotANumber;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

/// e^z_j / sum of e^z_i, without mote's shift.
std::vector<double> softmax(const float* z, size_t columns) {
  std::vector<double> a(columns);
  double sum = 0.0;
  for (size_t j = 0; j < columns; ++j) sum += a[j] = std::exp(wide(z[j]));
  for (double& x : a) x /= sum;
  return a;
}

class Softmax : public mote::test::EachInstructionSet {
 protected:
  /// Softmax of one row without biases, padding left out.
  static std::vector<float> of(std::vector<float> z) {
    const size_t columns = z.size(), stride = row_stride(columns);
    const std::vector<float> biases(stride);
    z.resize(stride);
    mote::add_biases_and_activate(Activation::softmax, 1, columns, stride, biases.data(), z.data());
    for (size_t j = columns; j < stride; ++j) EXPECT_EQ(z[j], 0.0f) << "padding";
    z.resize(columns);
    return z;
  }
};
INSTANTIATE_TEST_SUITE_P(, Softmax, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(Softmax, FollowsTheClosedFormForAnyNumberOfColumns) {
  Source source(3);
  for (size_t columns = 1; columns <= 130; ++columns) {
    const size_t stride = row_stride(columns), rows = 3;
    const std::vector<float> given = source.matrix(rows, columns, stride), biases = source.matrix(1, columns, stride);
    Guarded<float> z(given.size());
    for (size_t i = 0; i < given.size(); ++i) z[i] = 6.0f * given[i];
    mote::add_biases_and_activate(Activation::softmax, rows, columns, stride, biases.data(), z.data());
    ASSERT_TRUE(z.intact());
    for (size_t i = 0; i < rows; ++i) {
      std::vector<float> sums(columns);
      for (size_t j = 0; j < columns; ++j) sums[j] = 6.0f * given[i * stride + j] + biases[j];
      const std::vector<double> expected = softmax(sums.data(), columns);
      double total = 0.0;
      for (size_t j = 0; j < columns; ++j) {
        // The shift by the largest, up to 14, is rounded to half an ulp of itself: that is the tolerance beside 3 ulp.
        ASSERT_NEAR(wide(z[i * stride + j]), expected[j], 1.2e-6 * expected[j]);
        total += wide(z[i * stride + j]);
      }
      ASSERT_NEAR(total, 1.0, 4e-7);
      for (size_t j = columns; j < stride; ++j) ASSERT_EQ(z[i * stride + j], 0.0f);
    }
  }
}

TEST_P(Softmax, EqualValuesShareEqually) {
  for (const float level : {0.0f, 1.0f, -1.0f, 1e4f, -1e4f, 3e38f, -3e38f}) {
    for (const size_t columns : {size_t{1}, size_t{2}, size_t{4}, size_t{10}, size_t{64}}) {
      for (const float a : of(std::vector<float>(columns, level))) {
        ASSERT_EQ(a, 1.0f / static_cast<float>(columns)) << level;
      }
    }
  }
}

TEST_P(Softmax, LargeValuesNeitherOverflowNorVanishTogether) {
  EXPECT_EQ(of({1e30f, 0.0f, -1e30f}), (std::vector<float>{1.0f, 0.0f, 0.0f}));
  EXPECT_EQ(of({-1e30f, -1e30f, -2e30f}), (std::vector<float>{0.5f, 0.5f, 0.0f}));
  EXPECT_EQ(of({3.4e38f, -3.4e38f}), (std::vector<float>{1.0f, 0.0f}));
  EXPECT_EQ(of({-200.0f, -400.0f}), (std::vector<float>{1.0f, 0.0f}));
  EXPECT_EQ(of({-1000.0f}), (std::vector<float>{1.0f}));
}

TEST_P(Softmax, OnlyDifferencesMatter) {
  const std::vector<float> z = {0.5f, -1.25f, 3.0f, 2.75f};
  for (const float shift : {64.0f, -64.0f, 1024.0f, -1024.0f}) {  // exact sums
    std::vector<float> shifted = z;
    for (float& x : shifted) x += shift;
    EXPECT_EQ(of(shifted), of(z)) << shift;
  }
}

TEST_P(Softmax, ANaNSpreadsInsteadOfHiding) {
  std::vector<float> z = {1.0f, kNotANumber, 2.0f};
  z.resize(row_stride(3));
  const std::vector<float> biases(z.size());
  mote::add_biases_and_activate(Activation::softmax, 1, 3, z.size(), biases.data(), z.data());
  for (size_t j = 0; j < 3; ++j) EXPECT_TRUE(std::isnan(z[j]));
}

}  // namespace
