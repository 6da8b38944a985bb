// SPDX-License-Identifier: MIT
// Splits: every row once, classes in proportion, one order for a seed.
#include "data/row_split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

namespace {

void expect_every_row_once(const tools::RowSplit& split, std::size_t rows) {
  std::vector<std::uint32_t> sorted = split.order;
  std::sort(sorted.begin(), sorted.end());
  ASSERT_EQ(sorted.size(), rows);
  for (std::size_t i = 0; i < rows; ++i) ASSERT_EQ(sorted[i], i);
}

TEST(RowSplit, HoldsOutTheShareOfRows) {
  for (const std::size_t rows : {1u, 2u, 3u, 10u, 149u, 150u}) {
    for (const double share : {0.0, 0.01, 0.2, 0.5, 0.99}) {
      const tools::RowSplit split = tools::split_rows(rows, share, 7);
      expect_every_row_once(split, rows);
      const double exact = share * static_cast<double>(rows);
      const std::size_t held_out = rows - split.training;
      EXPECT_GE(split.training, 1u);
      if (rows == 1 || share == 0.0) {
        EXPECT_EQ(held_out, 0u);
      } else if (exact >= 1.0 && exact <= static_cast<double>(rows - 1)) {
        EXPECT_LE(std::fabs(static_cast<double>(held_out) - exact), 0.5);
      } else {
        EXPECT_EQ(held_out, exact < 1.0 ? 1u : rows - 1);
      }
    }
  }
  EXPECT_EQ(tools::split_rows(0, 0.2, 7).training, 0u);
}

TEST(RowSplit, DependsOnTheSeedAlone) {
  // Computed apart from this library: xoshiro128++ and Lemire's bounded numbers in another language.
  EXPECT_EQ(tools::split_rows(10, 0.3, 1).order, (std::vector<std::uint32_t>{9, 7, 6, 0, 3, 4, 2, 1, 8, 5}));
  EXPECT_EQ(tools::split_rows(100, 0.3, 1).order, tools::split_rows(100, 0.3, 1).order);
  std::set<std::vector<std::uint32_t>> orders;
  for (std::uint64_t seed = 0; seed < 100; ++seed) orders.insert(tools::split_rows(100, 0.3, seed).order);
  EXPECT_EQ(orders.size(), 100u);
}

TEST(RowSplit, HoldsOutEveryRowEquallyOften) {
  std::vector<int> counts(20);
  for (std::uint64_t seed = 0; seed < 10000; ++seed) {
    const tools::RowSplit split = tools::split_rows(20, 0.25, seed);
    for (std::size_t i = split.training; i < 20; ++i) ++counts[split.order[i]];
  }
  for (const int count : counts) EXPECT_NEAR(count, 2500, 5 * std::sqrt(10000 * 0.25 * 0.75));
}

TEST(RowSplit, KeepsTheShareOfEveryClassWithinOneRow) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    const std::size_t classes = 1 + random() % 9;
    std::vector<std::uint16_t> labels(1 + random() % 200);
    for (std::uint16_t& label : labels)
      label = static_cast<std::uint16_t>(300 + std::min(random(), random()) % classes);
    const double share = static_cast<double>(random() % 100) / 100;
    const tools::RowSplit split = tools::split_by_class({labels.data(), labels.size()}, share, random());
    expect_every_row_once(split, labels.size());
    std::vector<double> sizes(300 + classes), held(300 + classes);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      ++sizes[labels[split.order[i]]];
      if (i >= split.training) ++held[labels[split.order[i]]];
    }
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      if (sizes[c] == 0.0) continue;
      ASSERT_LT(std::fabs(held[c] - share * sizes[c]), 1.0) << share << " of " << sizes[c];
      ASSERT_LE(held[c], sizes[c] - 1);
    }
  }
}

TEST(RowSplit, MixesSortedClasses) {
  std::vector<std::uint8_t> labels(90);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i / 30);
  const tools::RowSplit split = tools::split_by_class({labels.data(), labels.size()}, 0.2, 1);
  EXPECT_EQ(split.training, 72u);
  int changes = 0;
  std::size_t held[3] = {};
  for (std::size_t i = 1; i < split.training; ++i) changes += labels[split.order[i]] != labels[split.order[i - 1]];
  for (std::size_t i = split.training; i < 90; ++i) ++held[labels[split.order[i]]];
  EXPECT_GT(changes, 30);  // 48 expected
  for (const std::size_t count : held) EXPECT_EQ(count, 6u);
}

TEST(RowSplit, LeavesSingleRowsOfAClassInTraining) {
  const std::uint8_t labels[] = {0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
  const tools::RowSplit split = tools::split_by_class({labels, sizeof labels}, 0.2, 1);
  EXPECT_EQ(split.training, 12u);
  for (std::size_t i = split.training; i < 15; ++i) EXPECT_EQ(labels[split.order[i]], 3);
}

}  // namespace
