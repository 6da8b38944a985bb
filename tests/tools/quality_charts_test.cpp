// SPDX-License-Identifier: MIT
#include "run/quality_charts.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using tools::LineChart;
using tools::TestOutputs;

TEST(RankingCharts, DrawTheCurvesOfAWorkedExample) {
  // Scores 0.9 0.8 0.7 0.6 of class 1 and labels 1 0 1 0: three of four pairs are in order.
  TestOutputs test;
  test.outputs = 2;
  test.values = {0.1f, 0.9f, 0.2f, 0.8f, 0.3f, 0.7f, 0.4f, 0.6f};
  test.labels = {1, 0, 1, 0};
  const std::vector<LineChart> charts = tools::ranking_charts(test, {"no", "yes"});
  ASSERT_EQ(charts.size(), 2u);
  ASSERT_EQ(charts[0].series.size(), 1u) << "of two classes, the second";
  EXPECT_EQ(charts[0].series[0].name, "yes, AUC 0.7500");
  const std::vector<std::vector<double>> rates = {{0, 0}, {0, 0.5}, {0.5, 0.5}, {0.5, 1}, {1, 1}};
  ASSERT_EQ(charts[0].series[0].points.size(), rates.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    EXPECT_EQ(charts[0].series[0].points[i].x, rates[i][0]) << i;
    EXPECT_EQ(charts[0].series[0].points[i].y, rates[i][1]) << i;
  }
  EXPECT_EQ(charts[1].series[0].name, "yes, AP 0.8333") << "(1 + 2/3) / 2";
}

TEST(RankingCharts, LeaveOutClassesThatDoNotOccur) {
  TestOutputs test;
  test.outputs = 3;
  test.values = {0.6f, 0.3f, 0.1f, 0.2f, 0.7f, 0.1f};
  test.labels = {0, 1};
  EXPECT_EQ(tools::ranking_charts(test, {})[0].series.size(), 2u);
  test.labels = {0, 0};
  EXPECT_TRUE(tools::ranking_charts(test, {}).empty());
}

TEST(RankingCharts, ThinLongCurvesAndKeepTheirEnds) {
  TestOutputs test;
  test.outputs = 2;
  for (int i = 0; i < 5000; ++i) {
    const float score = static_cast<float>(i) / 5000.0f;
    test.values.insert(test.values.end(), {1.0f - score, score});
    test.labels.push_back(static_cast<std::uint8_t>(i % 2));
  }
  const tools::Series series = tools::ranking_charts(test, {})[0].series[0];
  EXPECT_LE(series.points.size(), 202u);
  EXPECT_EQ(series.points.front().y, 0.0);
  EXPECT_EQ(series.points.back().x, 1.0);
  EXPECT_EQ(series.points.back().y, 1.0);
}

TEST(Residuals, CountErrorsOfTheirOutput) {
  TestOutputs test;
  test.outputs = 2;
  test.values = {1.0f, 5.0f, 2.0f, 6.0f, 3.0f, 9.0f};
  test.targets = {1.0f, 5.0f, 2.0f, 5.0f, 3.0f, 5.0f};
  const tools::Histogram none = tools::residuals(test, 0), some = tools::residuals(test, 1);
  EXPECT_EQ(none.counts[20], 3u);
  EXPECT_EQ(some.low, 0.0);
  EXPECT_EQ(some.high, 4.0);
  EXPECT_EQ(some.counts.front(), 1u);
  EXPECT_EQ(some.counts[10], 1u);
  EXPECT_EQ(some.counts.back(), 1u);
  const LineChart chart = tools::prediction_chart(test, {"a", "b"});
  ASSERT_EQ(chart.series.size(), 3u) << "two outputs, and the line of equal values";
  EXPECT_EQ(chart.series[2].points.back().y, 9.0);
  EXPECT_FALSE(chart.series[0].joined) << "rows are no curve";
}

}  // namespace
