// SPDX-License-Identifier: MIT
#include "pictures/axis.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

using tools::Axis;

std::string labels(const Axis& axis) {
  std::string text;
  for (const tools::Tick& tick : axis.ticks) text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

TEST(Axis, TicksAreAtRoundNumbersThatHoldTheData) {
  EXPECT_EQ(labels(tools::linear_axis(0.0243, 0.2812, 6)), "0.0 0.1 0.2 0.3");
  EXPECT_EQ(labels(tools::linear_axis(0.9172, 0.9938, 6)), "0.90 0.92 0.94 0.96 0.98 1.00");
  EXPECT_EQ(labels(tools::linear_axis(0, 10, 6)), "0 2 4 6 8 10");
  EXPECT_EQ(labels(tools::linear_axis(-1, 1, 5)), "-1.0 -0.5 0.0 0.5 1.0");
  EXPECT_EQ(labels(tools::linear_axis(-2e-7, 3e-7, 6)), "-2e-07 -1e-07 0 1e-07 2e-07 3e-07");
  EXPECT_EQ(labels(tools::linear_axis(0, 4e9, 5)), "0 1e+09 2e+09 3e+09 4e+09");
}

TEST(Axis, HoldsAnyDataInAtMostSoManyTicks) {
  for (const double low : {-1e30, -7.0, -0.001, 0.0, 0.3, 41.0, 1e20}) {
    for (const double size : {1e-6, 0.07, 1.0, 3.3, 999.0, 1e31}) {
      for (const std::size_t most : {3u, 4u, 6u, 11u}) {
        const Axis axis = tools::linear_axis(low, low + size, most);
        EXPECT_LE(axis.low, low + 1e-9 * size) << low << " " << size;
        EXPECT_GE(axis.high, low + size - 1e-9 * size) << low << " " << size;
        EXPECT_GE(axis.ticks.size(), 2u);
        EXPECT_LE(axis.ticks.size(), most) << low << " " << size;
        EXPECT_EQ(axis.ticks.front().value, axis.low);
        EXPECT_EQ(axis.ticks.back().value, axis.high);
      }
    }
  }
}

TEST(Axis, MakesRoomAroundASingleNumber) {
  for (const double value : {0.0, 1.0, -3e-9, 1e30}) {
    const Axis axis = tools::linear_axis(value, value, 5);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
    EXPECT_TRUE(std::isfinite(axis.position(value)));
  }
}

TEST(Axis, CountsInWholeNumbersFromTheFirst) {
  EXPECT_EQ(labels(tools::count_axis(1, 8, 6)), "1 2 4 6 8");
  EXPECT_EQ(labels(tools::count_axis(1, 3, 6)), "1 2 3");
  EXPECT_EQ(labels(tools::count_axis(0, 499, 6)), "0 100 200 300 400");
  EXPECT_EQ(labels(tools::count_axis(1, 100, 6)), "1 20 40 60 80 100");
  const Axis one = tools::count_axis(1, 1, 6);
  EXPECT_EQ(labels(one), "1");
  EXPECT_EQ(one.position(1.0), 0.5);
}

TEST(Axis, PowersOfTenOnALogarithmicAxis) {
  EXPECT_EQ(labels(tools::logarithmic_axis(0.002, 0.3, 6)), "0.001 0.01 0.1 1");
  EXPECT_EQ(labels(tools::logarithmic_axis(1e-5, 1e-5, 6)), "10⁻⁵ 10⁻⁴");
  EXPECT_EQ(labels(tools::logarithmic_axis(1e-12, 1e3, 6)), "10⁻¹² 10⁻⁹ 10⁻⁶ 10⁻³ 10⁰ 10³");
  EXPECT_EQ(labels(tools::logarithmic_axis(2e4, 3e6, 6)), "10⁴ 10⁵ 10⁶ 10⁷");
  const Axis axis = tools::logarithmic_axis(0.01, 1, 6);
  EXPECT_NEAR(axis.position(0.01), 0.0, 1e-12);
  EXPECT_NEAR(axis.position(0.1), 0.5, 1e-12);
  EXPECT_NEAR(axis.position(1.0), 1.0, 1e-12);
  EXPECT_FALSE(std::isfinite(axis.position(0.0)));
  EXPECT_FALSE(std::isfinite(axis.position(-1.0)));
}

TEST(Axis, HoldsAnyPositiveDataOnALogarithmicAxis) {
  for (const double low : {1e-45, 3e-9, 0.999, 1.0, 5.0, 1e38}) {
    for (const double factor : {1.0, 2.0, 1e3, 1e40}) {
      const Axis axis = tools::logarithmic_axis(low, low * factor, 5);
      EXPECT_LE(axis.low, low * (1 + 1e-9));
      EXPECT_GE(axis.high, low * factor * (1 - 1e-9));
      EXPECT_GE(axis.ticks.size(), 2u);
      EXPECT_LE(axis.ticks.size(), 5u);
    }
  }
}

TEST(Axis, WritesNumbersWithTheDecimalsOfTheirStep) {
  EXPECT_EQ(tools::decimals_of(0.05), 2);
  EXPECT_EQ(tools::decimals_of(0.1), 1);
  EXPECT_EQ(tools::decimals_of(1.0), 0);
  EXPECT_EQ(tools::decimals_of(500.0), 0);
  EXPECT_EQ(tools::number_label(0.25, 2), "0.25");
  EXPECT_EQ(tools::number_label(12345678.0, 0), "1.23e+07");
}

}  // namespace
