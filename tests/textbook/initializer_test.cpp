// SPDX-License-Identifier: MIT
#include "mote/initializer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "mote/checksum.hpp"
#include "support/support.hpp"

namespace {

using mote::BiasInit;
using mote::Random;
using mote::Stream;
using mote::Topology;
using mote::WeightInit;
using mote::test::Guarded;
using mote::test::kNotANumber;
using mote::test::same_bits;
using mote::test::wide;
using std::size_t;

constexpr WeightInit kInits[] = {WeightInit::glorot_uniform, WeightInit::glorot_normal,   WeightInit::he_uniform,
                                 WeightInit::he_normal,      WeightInit::scaled_gaussian, WeightInit::gaussian,
                                 WeightInit::uniform,        WeightInit::orthogonal};
constexpr Topology kWide{250, {400}, {300}};

std::vector<float> initialized(const Topology& topology, mote::InitialWeights weights, mote::InitialBiases biases,
                               std::uint64_t seed) {
  Guarded<float> parameters(topology.parameter_count(), kNotANumber);
  Random random(seed, Stream::initialization);
  mote::initialize(topology, weights, biases, random, {parameters.data(), parameters.size()});
  EXPECT_TRUE(parameters.intact());
  return std::vector<float>(parameters.data(), parameters.data() + parameters.size());
}

/// The weights of one layer without their padding.
std::vector<float> weights_of(const Topology& t, const std::vector<float>& parameters, size_t layer) {
  std::vector<float> weights;
  for (size_t i = 0; i < t.inputs_of(layer); ++i) {
    const float* row = parameters.data() + t.weights_offset(layer) + i * t.stride_of(layer);
    weights.insert(weights.end(), row, row + t.outputs_of(layer));
  }
  return weights;
}

std::vector<float> biases_of(const Topology& t, const std::vector<float>& parameters, size_t layer) {
  const float* biases = parameters.data() + t.biases_offset(layer);
  return std::vector<float>(biases, biases + t.outputs_of(layer));
}

/// Fails unless the sample is normal with mean 0 and this standard deviation.
void expect_normal(const std::vector<float>& sample, double deviation) {
  const double n = static_cast<double>(sample.size());
  const mote::test::Moments m = mote::test::moments(sample);
  EXPECT_NEAR(m.mean / deviation, 0.0, 4.0 / std::sqrt(n));
  EXPECT_NEAR(m.variance / (deviation * deviation), 1.0, 4.0 * std::sqrt(2.0 / n));
  EXPECT_LT(mote::test::kolmogorov_smirnov(sample, [&](double x) { return mote::test::normal_cdf(x / deviation); }),
            mote::test::kolmogorov_smirnov_limit(sample.size()));
}

/// Fails unless the sample is uniform in [-bound, bound]: no value outside, some close to both ends.
void expect_uniform(const std::vector<float>& sample, double bound) {
  const double n = static_cast<double>(sample.size());
  const auto [least, largest] = std::minmax_element(sample.begin(), sample.end());
  EXPECT_GE(wide(*least), -bound * (1.0 + 1e-7));
  EXPECT_LE(wide(*largest), bound * (1.0 + 1e-7));
  EXPECT_LT(wide(*least), -bound * 0.999);
  EXPECT_GT(wide(*largest), bound * 0.999);
  const mote::test::Moments m = mote::test::moments(sample);
  EXPECT_NEAR(m.mean / bound, 0.0, 4.0 / std::sqrt(3.0 * n));
  EXPECT_NEAR(m.variance / (bound * bound), 1.0 / 3.0, 4.0 * std::sqrt(4.0 / 45.0 / n));
  EXPECT_LT(mote::test::kolmogorov_smirnov(sample, [&](double x) { return (x + bound) / (2.0 * bound); }),
            mote::test::kolmogorov_smirnov_limit(sample.size()));
}

// Limits of the means and variances are four standard deviations of theirs (of a normal sample's variance: sqrt(2/n),
// of a uniform one's: sqrt(4/45/n)), n around 100,000; seeds are fixed.
TEST(Initializer, UniformOnesFillTheirInterval) {
  for (size_t l = 0; l < 2; ++l) {
    const double m = static_cast<double>(kWide.inputs_of(l)), n = static_cast<double>(kWide.outputs_of(l));
    const auto weights = [&](mote::InitialWeights init) {
      return weights_of(kWide, initialized(kWide, init, BiasInit::zero, 1), l);
    };
    expect_uniform(weights(WeightInit::glorot_uniform), std::sqrt(6.0 / (m + n)));
    expect_uniform(weights(WeightInit::he_uniform), std::sqrt(6.0 / m));
    expect_uniform(weights(WeightInit::uniform), 1.0);
    expect_uniform(weights({WeightInit::uniform, 0.05f}), 0.05);
    expect_uniform(weights({WeightInit::he_uniform, 2.0f}), 2.0 * std::sqrt(6.0 / m));
  }
}

TEST(Initializer, GaussiansHaveTheDeviationOfTheirFormula) {
  for (size_t l = 0; l < 2; ++l) {
    const double m = static_cast<double>(kWide.inputs_of(l)), n = static_cast<double>(kWide.outputs_of(l));
    const auto weights = [&](mote::InitialWeights init) {
      return weights_of(kWide, initialized(kWide, init, BiasInit::zero, 2), l);
    };
    expect_normal(weights(WeightInit::glorot_normal), std::sqrt(2.0 / (m + n)));
    expect_normal(weights(WeightInit::he_normal), std::sqrt(2.0 / m));
    expect_normal(weights(WeightInit::scaled_gaussian), std::sqrt(1.0 / m));
    expect_normal(weights(WeightInit::gaussian), 1.0);
    expect_normal(weights({WeightInit::gaussian, 0.01f}), 0.01);
    expect_normal(weights({WeightInit::scaled_gaussian, 3.0f}), std::sqrt(9.0 / m));
  }
}

/// The largest error of the products of the columns, or where there are fewer of the rows, of m x n weights, computed
/// in double precision: gain^2 of each with itself, 0 with another.
double orthogonality_error(const std::vector<float>& weights, size_t m, size_t n, double gain) {
  const size_t count = std::min(m, n), length = std::max(m, n);
  const auto at = [&](size_t vector, size_t i) { return wide(weights[m >= n ? i * n + vector : vector * n + i]); };
  double largest = 0.0;
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = a; b < count; ++b) {
      double sum = 0.0;
      for (size_t i = 0; i < length; ++i) sum += at(a, i) * at(b, i);
      largest = std::max(largest, std::abs(sum / (gain * gain) - (a == b ? 1.0 : 0.0)));
    }
  }
  return largest;
}

// The elements of unit vectors of n floats have rounding errors of 2^-24; the sums of n products in single precision
// that made them have errors of about sqrt(n) 2^-24 (n 2^-24 at worst).
TEST(Initializer, OrthogonalWeightsAre) {
  const size_t sizes[][2] = {{1, 1},   {1, 40},    {40, 1},   {2, 2},    {7, 7},
                             {64, 64}, {100, 100}, {300, 30}, {30, 300}, {129, 128}};
  for (const auto& [m, n] : sizes) {
    const Topology topology{static_cast<std::uint32_t>(m), {static_cast<std::uint32_t>(n)}};
    for (const float gain : {1.0f, 1.4142135f}) {
      for (std::uint64_t seed = 1; seed <= (m == 2 || m == 7 ? 500 : 2); ++seed) {
        const auto parameters = initialized(topology, {WeightInit::orthogonal, gain}, BiasInit::zero, seed);
        const double limit = 2e-7 * (2.0 + std::sqrt(static_cast<double>(std::max(m, n))));
        ASSERT_LT(orthogonality_error(weights_of(topology, parameters, 0), m, n, wide(gain)), limit)
            << m << " x " << n << ", gain " << gain << ", seed " << seed;
      }
    }
  }
}

TEST(Initializer, OrthogonalWeightsPreferNoDirection) {
  // Each element of a uniformly distributed orthogonal 6 x 6 matrix has mean 0, variance 1/6 and fourth moment 3/48.
  constexpr Topology kTopology{6, {6}};
  constexpr size_t kMatrices = 4000;
  std::vector<double> sum(36), squares(36), fourths(36);
  Random random(9, Stream::initialization);
  std::vector<float> parameters(kTopology.parameter_count());
  for (size_t k = 0; k < kMatrices; ++k) {
    mote::initialize(kTopology, WeightInit::orthogonal, BiasInit::zero, random, {parameters.data(), parameters.size()});
    const std::vector<float> weights = weights_of(kTopology, parameters, 0);
    for (size_t i = 0; i < 36; ++i) {
      const double square = wide(weights[i]) * wide(weights[i]);
      sum[i] += wide(weights[i]), squares[i] += square, fourths[i] += square * square;
    }
  }
  const double n = kMatrices;
  for (size_t i = 0; i < 36; ++i) {  // 36 numbers: four and a half standard deviations
    EXPECT_NEAR(sum[i] / n, 0.0, 4.5 * std::sqrt(1.0 / 6.0 / n)) << i;
    EXPECT_NEAR(squares[i] / n, 1.0 / 6.0, 4.5 * std::sqrt((3.0 / 48.0 - 1.0 / 36.0) / n)) << i;
    EXPECT_NEAR(fourths[i] / n, 3.0 / 48.0, 4.5 * std::sqrt(105.0 / 5760.0 / n)) << i;
  }
}

TEST(Initializer, BiasesAreZeroOrStandardNormal) {
  constexpr Topology kTopology{1, {10000}, {10}};
  for (const WeightInit init : kInits) {
    const std::vector<float> zero = initialized(kTopology, init, BiasInit::zero, 3);
    EXPECT_EQ(biases_of(kTopology, zero, 0), std::vector<float>(10000));
    EXPECT_EQ(biases_of(kTopology, zero, 1), std::vector<float>(10));
    const std::vector<float> gaussian = initialized(kTopology, init, BiasInit::gaussian, 3);
    expect_normal(biases_of(kTopology, gaussian, 0), 1.0);
    for (const float b : biases_of(kTopology, gaussian, 1)) EXPECT_NE(b, 0.0f);
  }
}

TEST(Initializer, BiasesMayBeAConstantAndThenDrawNothing) {
  constexpr Topology kTopology{5, {20}, {3}};
  const std::vector<float> zero = initialized(kTopology, WeightInit::gaussian, BiasInit::zero, 3);
  const std::vector<float> constant = initialized(kTopology, WeightInit::gaussian, {BiasInit::constant, -0.1f}, 3);
  for (size_t l = 0; l < 2; ++l) {
    EXPECT_EQ(weights_of(kTopology, constant, l), weights_of(kTopology, zero, l));
    EXPECT_EQ(biases_of(kTopology, constant, l), std::vector<float>(kTopology.outputs_of(l), -0.1f));
  }
}

/// Equal numbers in both arithmetic classes and in all later versions.
TEST(Initializer, FingerprintsAreTheSameOnEveryMachine) {
  constexpr Topology kTopology{37, {21}, {40}, {5}};
  const std::uint32_t expected[] = {0x1c41f000, 0x2c689383, 0x5186b44c, 0x84609d07,
                                    0xefe96270, 0x5354180d, 0x1ffbdd29, 0x1e16e5ef};
  for (size_t i = 0; i < std::size(kInits); ++i) {
    const auto parameters = initialized(kTopology, {kInits[i], 1.5f}, BiasInit::gaussian, 10);
    EXPECT_EQ(mote::fingerprint(kTopology, {parameters.data(), parameters.size()}), expected[i]) << i;
  }
}

TEST(Initializer, PaddingIsZeroAndWeightsAreNot) {
  constexpr Topology kTopology{7, {17}, {128}, {3}};
  for (const WeightInit init : kInits) {
    for (const BiasInit bias : {BiasInit::zero, BiasInit::gaussian}) {
      const std::vector<float> parameters = initialized(kTopology, init, bias, 4);
      size_t used = 0, zeros = 0;
      for (size_t l = 0; l < kTopology.layer_count; ++l) {
        const std::vector<float> weights = weights_of(kTopology, parameters, l);
        used += weights.size() + (bias == BiasInit::zero ? 0 : kTopology.outputs_of(l));
        EXPECT_EQ(std::count(weights.begin(), weights.end(), 0.0f), 0);
      }
      for (const float p : parameters) zeros += mote::test::bits(p) == 0 ? 1 : 0;
      EXPECT_EQ(zeros, parameters.size() - used) << "everything else is 0";
    }
  }
}

TEST(Initializer, OneSeedGivesTheSameBitsAndAnotherDoesNot) {
  constexpr Topology kTopology{20, {30}, {10}};
  for (const WeightInit init : kInits) {
    const std::vector<float> a = initialized(kTopology, init, BiasInit::gaussian, 5);
    const std::vector<float> b = initialized(kTopology, init, BiasInit::gaussian, 5);
    const std::vector<float> c = initialized(kTopology, init, BiasInit::gaussian, 6);
    EXPECT_TRUE(same_bits(a.data(), b.data(), a.size()));
    size_t equal = 0;
    for (const float w : weights_of(kTopology, a, 0)) {
      const std::vector<float> others = weights_of(kTopology, c, 0);
      equal += static_cast<size_t>(std::count(others.begin(), others.end(), w));
    }
    EXPECT_LT(equal, 5u) << "values in common";
  }
}

TEST(Initializer, DrawsLayerByLayerWeightsThenBiases) {
  constexpr Topology kTopology{3, {2}, {4}};
  const std::vector<float> parameters = initialized(kTopology, WeightInit::gaussian, BiasInit::gaussian, 7);
  Random random(7, Stream::initialization);
  for (size_t l = 0; l < 2; ++l) {
    for (const float w : weights_of(kTopology, parameters, l)) EXPECT_EQ(w, random.gaussian());
    for (const float b : biases_of(kTopology, parameters, l)) EXPECT_EQ(b, random.gaussian());
  }
}

TEST(Initializer, ChangesOfLaterLayersLeaveEarlierOnesAsTheyWere) {
  constexpr Topology kShort{20, {30}, {10}}, kLong{20, {30}, {10}, {50}, {5}}, kOther{20, {30}, {11}};
  for (const WeightInit init : kInits) {
    const std::vector<float> a = initialized(kShort, init, BiasInit::gaussian, 8);
    const std::vector<float> b = initialized(kLong, init, BiasInit::gaussian, 8);
    const std::vector<float> c = initialized(kOther, init, BiasInit::gaussian, 8);
    for (size_t l = 0; l < 2; ++l) {
      EXPECT_EQ(weights_of(kShort, a, l), weights_of(kLong, b, l));
      EXPECT_EQ(biases_of(kShort, a, l), biases_of(kLong, b, l));
    }
    EXPECT_EQ(weights_of(kShort, a, 0), weights_of(kOther, c, 0));
    EXPECT_EQ(biases_of(kShort, a, 0), biases_of(kOther, c, 0));
  }
}

TEST(InitializerDeathTest, StopsAtASpanOfAnotherSizeAndAtNumbersThatAreNone) {
  constexpr Topology kTopology{3, {2}};
  std::vector<float> parameters(kTopology.parameter_count() + 1);
  Random random(1, Stream::initialization);
  for (const size_t size : {parameters.size(), parameters.size() - 2}) {
    EXPECT_DEATH(mote::initialize(kTopology, WeightInit::gaussian, BiasInit::zero, random, {parameters.data(), size}),
                 "");
  }
  const mote::Span<float> span{parameters.data(), kTopology.parameter_count()};
  EXPECT_DEATH(mote::initialize(kTopology, {WeightInit::gaussian, kNotANumber}, BiasInit::zero, random, span), "");
  EXPECT_DEATH(mote::initialize(kTopology, static_cast<WeightInit>(77), BiasInit::zero, random, span), "");
  EXPECT_DEATH(mote::initialize(kTopology, WeightInit::gaussian, static_cast<BiasInit>(77), random, span), "");
}

}  // namespace
