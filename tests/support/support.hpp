// SPDX-License-Identifier: MIT
// Shared code of tests: guarded buffers, distances in units of the last place, random fills, statistics, and a fixture
// that runs a test with every build of the numeric code.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "mote/instruction_set.hpp"

namespace mote::test {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

inline std::uint32_t bits(float x) {
  std::uint32_t b;
  std::memcpy(&b, &x, sizeof b);
  return b;
}

inline float from_bits(std::uint32_t b) {
  float x;
  std::memcpy(&x, &b, sizeof x);
  return x;
}

inline double wide(float x) {
  return static_cast<double>(x);
}

inline bool same_bits(const float* a, const float* b, std::size_t n) {
  return n == 0 || std::memcmp(a, b, n * sizeof(float)) == 0;
}

/// |y - exact| in units of the last place of a float near exact; 0 where both are NaN, NaN where one is. Infinity
/// counts as 2^128, the number after the largest.
inline double ulp_error(float y, double exact) {
  if (exact != exact && y != y) return 0.0;
  const auto limited = [](double x) { return x > 0x1p128 ? 0x1p128 : x < -0x1p128 ? -0x1p128 : x; };
  exact = limited(exact);
  std::uint64_t b;
  std::memcpy(&b, &exact, sizeof b);
  const std::uint64_t exponent = std::clamp<std::uint64_t>(b >> 52 & 0x7ff, 1023 - 126, 1023 + 127);  // biased
  const std::uint64_t scale_bits = (23 + 2 * 1023 - exponent) << 52;
  double scale;
  std::memcpy(&scale, &scale_bits, sizeof scale);
  return std::fabs(limited(wide(y)) - exact) * scale;
}

/// A heap buffer between two guard zones. `count` elements start as `initial`.
template <typename T>
class Guarded {
 public:
  explicit Guarded(std::size_t count, T initial = T{}) : count_(count), memory_(count + 2 * kZone) {
    std::memset(memory_.data(), kPattern, memory_.size() * sizeof(T));
    std::fill_n(data(), count, initial);
  }
  T* data() { return memory_.data() + kZone; }
  const T* data() const { return memory_.data() + kZone; }
  T& operator[](std::size_t i) { return data()[i]; }
  std::size_t size() const { return count_; }
  /// Whether both guard zones are unchanged.
  bool intact() const {
    const auto is_pattern = [](const T* from) {
      const auto* bytes = reinterpret_cast<const unsigned char*>(from);
      return std::all_of(bytes, bytes + kZone * sizeof(T), [](unsigned char byte) { return byte == kPattern; });
    };
    return is_pattern(memory_.data()) && is_pattern(data() + count_);
  }

 private:
  static constexpr std::size_t kZone = 160;  // wider than any register tile
  static constexpr unsigned char kPattern = 0xa5;
  std::size_t count_;
  std::vector<T> memory_;
};

/// A deterministic source of test data, independent of mote's generator.
class Source {
 public:
  explicit Source(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t bits32() { return static_cast<std::uint32_t>(engine_()); }
  std::size_t below(std::size_t bound) { return bits32() % bound; }
  float uniform(float low, float high) { return low + (high - low) * (static_cast<float>(bits32() >> 8) * 0x1p-24f); }
  std::vector<float> floats(std::size_t count, float low = -1.0f, float high = 1.0f) {
    std::vector<float> values(count);
    for (float& value : values) value = uniform(low, high);
    return values;
  }
  /// A matrix [rows][stride] with random values in `columns` columns and `rest` in the others.
  std::vector<float> matrix(std::size_t rows, std::size_t columns, std::size_t stride, float rest = 0.0f) {
    std::vector<float> values(rows * stride, rest);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) values[i * stride + j] = uniform(-1.0f, 1.0f);
    }
    return values;
  }

 private:
  std::mt19937 engine_;
};

inline constexpr InstructionSet kInstructionSets[] = {InstructionSet::baseline, InstructionSet::v3, InstructionSet::v4};

inline std::vector<InstructionSet> supported_instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : kInstructionSets) {
    if (is_supported(set)) sets.push_back(set);
  }
  return sets;
}

/// TEST_P of a class derived from this runs once per build of the numeric code that the processor can run:
/// INSTANTIATE_TEST_SUITE_P(, Name, mote::test::kEachInstructionSet, mote::test::instruction_set_name);
class EachInstructionSet : public testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override { ASSERT_TRUE(select(GetParam()).ok()); }
  void TearDown() override { EXPECT_TRUE(select(before_).ok()); }

 private:
  InstructionSet before_ = selected();
};

inline const auto kEachInstructionSet = testing::ValuesIn(supported_instruction_sets());

inline std::string instruction_set_name(const testing::TestParamInfo<InstructionSet>& info) {
  return std::array<const char*, 3>{"baseline", "v3", "v4"}[static_cast<std::size_t>(info.param)];
}

/// Largest distance between the empirical distribution of a sample and a cumulative distribution function.
template <typename Cdf>
double kolmogorov_smirnov(std::vector<float> sample, Cdf cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double expected = cdf(wide(sample[i]));
    const double before = static_cast<double>(i) / n, after = static_cast<double>(i + 1) / n;
    largest = std::max({largest, std::fabs(expected - before), std::fabs(expected - after)});
  }
  return largest;
}

/// The distance that n samples of the right distribution exceed once in a thousand times.
inline double kolmogorov_smirnov_limit(std::size_t n) {
  return 1.95 / std::sqrt(static_cast<double>(n));
}

inline double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

inline Moments moments(const std::vector<float>& sample) {
  Moments m;
  const double n = static_cast<double>(sample.size());
  for (const float x : sample) m.mean += wide(x) / n;
  for (const float x : sample) m.variance += (wide(x) - m.mean) * (wide(x) - m.mean) / n;
  return m;
}

/// Chi-square of counts with equal expectations.
inline double chi_square(const std::vector<std::size_t>& counts) {
  double total = 0.0;
  for (const std::size_t count : counts) total += static_cast<double>(count);
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0.0;
  for (const std::size_t count : counts) {
    const double difference = static_cast<double>(count) - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

/// Five standard deviations above the mean of chi-square, by number of counts.
inline double chi_square_limit(std::size_t counts) {
  const double freedom = static_cast<double>(counts - 1);
  return freedom + 5.0 * std::sqrt(2.0 * freedom);
}

}  // namespace mote::test
