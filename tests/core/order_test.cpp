// SPDX-License-Identifier: MIT
// In which order samples are trained on, and which: shuffle, draw_bootstrap and permute of dataset.hpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "mote/dataset.hpp"
#include "support/support.hpp"

namespace {

using mote::Random;
using mote::Stream;
using mote::test::Guarded;
using std::size_t;

TEST(Shuffle, GivesAPermutationWhateverWasThereBefore) {
  for (const size_t n : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{100}, size_t{5000}}) {
    Guarded<std::uint32_t> order(n, 12345);
    Random random(n, Stream::shuffle);
    mote::shuffle({order.data(), n}, random);
    ASSERT_TRUE(order.intact());
    const std::vector<std::uint32_t> shuffled(order.data(), order.data() + n);
    std::vector<std::uint32_t> identity(n);
    std::iota(identity.begin(), identity.end(), 0u);
    EXPECT_TRUE(std::is_permutation(shuffled.begin(), shuffled.end(), identity.begin())) << n;
    if (n >= 100) {
      EXPECT_NE(shuffled, identity);
    }
  }
}

TEST(Shuffle, MakesAllPermutationsOfFourEquallyLikely) {
  std::vector<std::size_t> counts(24);
  Random random(1, Stream::shuffle);
  for (int trial = 0; trial < 48000; ++trial) {
    std::uint32_t order[4];
    mote::shuffle(order, random);
    size_t index = 0;  // in the factorial number system
    for (size_t i = 0; i < 4; ++i) {
      const auto smaller_later = std::count_if(order + i + 1, order + 4, [&](std::uint32_t x) { return x < order[i]; });
      index = index * (4 - i) + static_cast<size_t>(smaller_later);
    }
    ASSERT_LT(index, 24u);
    ++counts[index];
  }
  EXPECT_LT(mote::test::chi_square(counts), mote::test::chi_square_limit(24));
}

TEST(Shuffle, SendsEverySampleToEveryPlaceEquallyOften) {
  constexpr size_t kPlaces = 20;
  std::vector<size_t> counts(kPlaces * kPlaces);
  Random random(2, Stream::shuffle);
  for (int trial = 0; trial < 20000; ++trial) {
    std::uint32_t order[kPlaces];
    mote::shuffle(order, random);
    for (size_t i = 0; i < kPlaces; ++i) ++counts[i * kPlaces + order[i]];
  }
  EXPECT_LT(mote::test::chi_square(counts), mote::test::chi_square_limit(counts.size()));
}

TEST(Shuffle, DependsOnTheSeedAndGoesOn) {
  const auto two_orders = [](std::uint64_t seed) {
    Random random(seed, Stream::shuffle);
    std::vector<std::uint32_t> orders(200);
    mote::shuffle({orders.data(), 100}, random);
    mote::shuffle({orders.data() + 100, 100}, random);
    return orders;
  };
  const std::vector<std::uint32_t> orders = two_orders(3);
  EXPECT_EQ(orders, two_orders(3));
  EXPECT_NE(orders, two_orders(4));
  EXPECT_FALSE(std::equal(orders.begin(), orders.begin() + 100, orders.begin() + 100)) << "every epoch another order";
}

// Of n samples n (1 - (1 - 1/n)^n) are in a bootstrap sample in the mean, with a variance below n / 10 (the occupancy
// problem: n (1/e - 2/e^2)).
TEST(Bootstrap, HoldsTheExpectedShareOfDistinctSamples) {
  for (const size_t n : {1u, 2u, 50u, 1000u, 60000u}) {
    const double count = static_cast<double>(n), rounds = n > 1000 ? 20.0 : 500.0;
    double distinct = 0.0;
    for (int round = 0; round < static_cast<int>(rounds); ++round) {
      Guarded<std::uint32_t> order(n, 0xffffffffu);
      Random random(mote::derived_seed(1, static_cast<std::uint64_t>(round)), Stream::bootstrap);
      mote::draw_bootstrap({order.data(), n}, random);
      EXPECT_TRUE(order.intact());
      std::vector<std::uint32_t> sorted(order.data(), order.data() + n);
      std::sort(sorted.begin(), sorted.end());
      ASSERT_LT(sorted.back(), n);
      distinct += static_cast<double>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
    }
    const double expected = rounds * count * (1.0 - std::pow(1.0 - 1.0 / count, count));
    EXPECT_NEAR(distinct, expected, 5.0 * std::sqrt(rounds * count / 10.0)) << n;
    if (n == 60000) {
      EXPECT_NEAR(distinct / (rounds * count), 1.0 - std::exp(-1.0), 1e-3);
    }
  }
}

TEST(Bootstrap, DrawsEverySampleAsOften) {
  constexpr size_t kDrawn = 101;
  std::vector<size_t> counts(kDrawn);
  Random random(3, Stream::bootstrap);
  for (int round = 0; round < 1000; ++round) {
    std::uint32_t order[kDrawn];
    mote::draw_bootstrap(order, random);
    for (const std::uint32_t sample : order) ++counts[sample];
  }
  EXPECT_LT(mote::test::chi_square(counts), mote::test::chi_square_limit(kDrawn));
}

TEST(Permute, KeepsWhatIsThereAndMovesItLikeShuffle) {
  std::vector<std::uint32_t> values(100), positions(100);
  for (size_t i = 0; i < 100; ++i) values[i] = static_cast<std::uint32_t>(i * i % 37);
  const std::vector<std::uint32_t> before = values;
  Random a(4, Stream::shuffle), b(4, Stream::shuffle);
  mote::permute({values.data(), 100}, a);
  mote::shuffle({positions.data(), 100}, b);
  EXPECT_NE(values, before);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(values[i], before[positions[i]]);
}

}  // namespace
