// SPDX-License-Identifier: MIT
#include "mote/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "core/arithmetic.hpp"
#include "support/support.hpp"

namespace {

using mote::Random;
using mote::Stream;
using mote::test::wide;

constexpr Stream kStreams[] = {Stream::initialization, Stream::shuffle, Stream::dropout, Stream::bootstrap};

// Reference generators, after the publications: SplitMix64 (Steele, Lea & Flood 2014), xoshiro128++ (Blackman & Vigna).
struct SplitMix64 {
  std::uint64_t state;

  std::uint64_t operator()() {
    state += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state;
    z ^= z >> 30;
    z *= 0xBF58476D1CE4E5B9ull;
    z ^= z >> 27;
    z *= 0x94D049BB133111EBull;
    z ^= z >> 31;
    return z;
  }
};

struct Xoshiro128PlusPlus {
  std::uint32_t s[4];

  static std::uint32_t rotl(std::uint32_t x, unsigned k) { return x << k | x >> (32u - k); }
  std::uint32_t operator()() {
    const std::uint32_t result = rotl(s[0] + s[3], 7) + s[0];
    const std::uint32_t t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  }
  double uniform() { return std::floor((*this)() / 256.0) / 16777216.0; }
};

/// As mote seeds it: the stream's number is added to the first output for the seed, and SplitMix64 starts anew from
/// there.
Xoshiro128PlusPlus reference(std::uint64_t seed, Stream stream) {
  SplitMix64 mixer{SplitMix64{seed}() + static_cast<std::uint64_t>(stream)};
  const std::uint64_t low = mixer(), high = mixer();
  return {{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32), static_cast<std::uint32_t>(high),
           static_cast<std::uint32_t>(high >> 32)}};
}

TEST(Random, ReferencesGiveThePublishedNumbers) {
  SplitMix64 mixer{1234567};
  for (const std::uint64_t wanted : {6457827717110365317ull, 3203168211198807973ull, 9817491932198370423ull,
                                     4593380528125082431ull, 16408922859458223821ull}) {
    EXPECT_EQ(mixer(), wanted);
  }
  Xoshiro128PlusPlus generator{{1, 2, 3, 4}};
  for (const std::uint32_t wanted : {641u, 1573767u, 3222811527u, 3517856514u, 836907274u, 4247214768u, 3867114732u,
                                     1355841295u, 495546011u, 621204420u}) {
    EXPECT_EQ(generator(), wanted);
  }
}

TEST(Random, IsXoshiroSeededThroughSplitMix) {
  for (const std::uint64_t seed : {0ull, 1ull, 2ull, 42ull, 0xffffffffull, 0x123456789abcdefull, ~0ull}) {
    for (const Stream stream : kStreams) {
      Random random(seed, stream);
      Xoshiro128PlusPlus expected = reference(seed, stream);
      for (int i = 0; i < 1000; ++i) ASSERT_EQ(random.next(), expected()) << seed << ", draw " << i;
    }
  }
}

TEST(Random, CopiesContinueAlike) {
  Random a(7, Stream::shuffle);
  a.next();
  Random b = a;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, StreamsAndNeighbouringSeedsShareNoStart) {
  std::set<std::uint64_t> starts;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const Stream stream : kStreams) {
      Random random(seed, stream);
      const std::uint64_t first = random.next();
      EXPECT_TRUE(starts.insert(first << 32 | random.next()).second) << seed;
    }
  }
}

TEST(Random, FirstDrawsOfNeighbouringSeedsAreUniform) {
  for (const Stream stream : kStreams) {
    std::vector<std::size_t> counts(64);
    for (std::uint64_t seed = 0; seed < 20000; ++seed) ++counts[Random(seed, stream).next() >> 26];
    EXPECT_LT(mote::test::chi_square(counts), mote::test::chi_square_limit(counts.size()));
  }
}

TEST(RandomBelow, IsInRangeAndUnbiased) {
  for (const std::uint32_t bound : {1u, 2u, 3u, 7u, 10u, 100u, 1000u}) {
    Random random(bound, Stream::shuffle);
    std::vector<std::size_t> counts(bound);
    for (std::uint32_t i = 0; i < 100u * bound + 20000u; ++i) {
      const std::uint32_t drawn = random.below(bound);
      ASSERT_LT(drawn, bound);
      ++counts[drawn];
    }
    EXPECT_LE(mote::test::chi_square(counts), mote::test::chi_square_limit(bound)) << bound;
  }
}

TEST(RandomBelow, IsUnbiasedWhereScalingAloneWouldDoubleEveryThirdNumber) {
  constexpr std::uint32_t kBound = 3u << 30;
  Random random(5, Stream::shuffle);
  std::vector<std::size_t> remainders(3), thirds(3);
  for (int i = 0; i < 60000; ++i) {
    const std::uint32_t drawn = random.below(kBound);
    ASSERT_LT(drawn, kBound);
    ++remainders[drawn % 3];
    ++thirds[drawn >> 30];
  }
  EXPECT_LT(mote::test::chi_square(remainders), mote::test::chi_square_limit(3));
  EXPECT_LT(mote::test::chi_square(thirds), mote::test::chi_square_limit(3));
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(0xffffffffu), 0xffffffffu);
}

TEST(RandomBelowDeathTest, StopsAtZero) {
  Random random(1, Stream::shuffle);
  EXPECT_DEATH(random.below(0), "");
}

TEST(RandomUniform, IsTheTop24BitsAndInRange) {
  Random random(3, Stream::dropout), twin(3, Stream::dropout);
  std::vector<float> sample(200000);
  for (float& x : sample) {
    x = random.uniform();
    ASSERT_TRUE(x >= 0.0f && x < 1.0f);
    ASSERT_EQ(x * 16777216.0f, static_cast<float>(twin.next() >> 8));
  }
  const mote::test::Moments m = mote::test::moments(sample);
  EXPECT_NEAR(m.mean, 0.5, 4.0 * std::sqrt(1.0 / 12.0 / 200000.0));
  EXPECT_NEAR(m.variance, 1.0 / 12.0, 4.0 * std::sqrt(1.0 / 180.0 / 200000.0));
  EXPECT_LT(mote::test::kolmogorov_smirnov(sample, [](double x) { return x; }),
            mote::test::kolmogorov_smirnov_limit(sample.size()));
}

TEST(RandomUniform, StaysWithinItsBounds) {
  mote::test::Source source(1);
  Random random(4, Stream::initialization);
  for (int pair = 0; pair < 500; ++pair) {
    const float low = source.uniform(-3.0f, 1.0f), high = low + source.uniform(0.0f, 1e-6f) * static_cast<float>(pair);
    for (int i = 0; i < 200; ++i) {
      const float x = random.uniform(low, high);
      ASSERT_TRUE(x >= low && x <= high) << low << ' ' << high;
    }
  }
  std::vector<float> sample(100000);
  for (float& x : sample) x = random.uniform(-2.0f, 6.0f);
  EXPECT_LT(mote::test::kolmogorov_smirnov(sample, [](double x) { return (x + 2.0) / 8.0; }),
            mote::test::kolmogorov_smirnov_limit(sample.size()));
}

std::vector<float> gaussians(std::uint64_t seed, std::size_t count) {
  Random random(seed, Stream::initialization);
  std::vector<float> sample(count);
  for (float& x : sample) x = random.gaussian();
  return sample;
}

TEST(RandomGaussian, IsMarsagliasPolarMethod) {
  Xoshiro128PlusPlus generator = reference(11, Stream::initialization);
  for (const float x : gaussians(11, 50000)) {
    double u, square;
    do {
      u = 2.0 * generator.uniform() - 1.0;
      const double v = 2.0 * generator.uniform() - 1.0;
      // Rounded as floats are: near 1 this decides whether the pair is taken.
      square = wide(static_cast<float>(static_cast<float>(u * u)) + static_cast<float>(v * v));
    } while (square >= 1.0 || square == 0.0);
    const double expected = u * std::sqrt(-2.0 * std::log(square) / square);
    ASSERT_NEAR(wide(x), expected, 4e-7 * std::fabs(expected));
  }
}

TEST(RandomGaussian, HasTheMomentsAndTheDistribution) {
  constexpr std::size_t kCount = 300000;
  const std::vector<float> sample = gaussians(1, kCount);
  const mote::test::Moments m = mote::test::moments(sample);
  EXPECT_NEAR(m.mean, 0.0, 4.0 / std::sqrt(double{kCount}));
  EXPECT_NEAR(m.variance, 1.0, 4.0 * std::sqrt(2.0 / kCount));
  EXPECT_LT(mote::test::kolmogorov_smirnov(sample, mote::test::normal_cdf),
            mote::test::kolmogorov_smirnov_limit(kCount));
  std::size_t beyond = 0;
  double neighbours = 0.0;
  for (std::size_t i = 0; i < kCount; ++i) {
    beyond += std::fabs(sample[i]) > 3.0f ? 1 : 0;
    neighbours += i == 0 ? 0.0 : wide(sample[i]) * wide(sample[i - 1]) / kCount;
  }
  const double expected = 2.0 * mote::test::normal_cdf(-3.0) * kCount;
  EXPECT_NEAR(static_cast<double>(beyond), expected, 4.0 * std::sqrt(expected));
  EXPECT_NEAR(neighbours, 0.0, 4.0 / std::sqrt(double{kCount}));
}

TEST(SquareRootByBits, EqualsTheCorrectlyRoundedRoot) {
  const auto compare = [](std::uint32_t b) {
    const float x = mote::test::from_bits(b);
    ASSERT_EQ(mote::test::bits(mote::detail::square_root_by_bits(x)), mote::test::bits(std::sqrt(x))) << x;
  };
  for (std::uint32_t b = 0; b < 0x7f800000u; b += 6007) compare(b);
  for (std::uint32_t edge = 0; edge <= 0x7f800000u; edge += 0x00800000u) {  // around every power of two
    for (std::uint32_t near = 0; near < 20; ++near) {
      compare(edge + near);
      if (edge + near >= 20 && edge != 0) compare(edge - near);
      if (edge == 0x7f800000u) break;
    }
  }
  for (std::uint32_t b = 0; b < 2000; ++b) compare(b);  // the smallest subnormals
  for (std::uint32_t n = 1; n < 4096; ++n) compare(mote::test::bits(static_cast<float>(n * n)));  // exact roots
  EXPECT_EQ(mote::test::bits(mote::detail::square_root_by_bits(-0.0f)), 0x80000000u);
  EXPECT_EQ(mote::detail::square_root(2.0f), std::sqrt(2.0f));
}

TEST(DerivedSeed, IsAnotherForEveryNumberAndSeed) {
  std::set<std::uint64_t> seeds;
  std::set<std::uint32_t> first_numbers;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    seeds.insert(seed);
    for (std::uint64_t number = 0; number < 100; ++number) {
      const std::uint64_t derived = mote::derived_seed(seed, number);
      seeds.insert(derived);
      for (const Stream stream : kStreams) first_numbers.insert(Random(derived, stream).next());
    }
  }
  EXPECT_EQ(seeds.size(), 100u + 100u * 100u);
  // Of 40,000 draws from 2^32 numbers 0.19 pairs are equal in the mean.
  EXPECT_GE(first_numbers.size(), 40000u - 4u);
}

TEST(DerivedSeed, IsThatOfTheReferenceGenerator) {
  for (const std::uint64_t seed : {0ull, 1ull, 0xffffffffffffffffull}) {
    for (const std::uint64_t number : {0ull, 1ull, 1000ull}) {
      SplitMix64 mixer{~SplitMix64{seed}() + number};
      EXPECT_EQ(mote::derived_seed(seed, number), mixer());
    }
  }
}

}  // namespace
