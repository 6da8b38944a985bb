// SPDX-License-Identifier: MIT
// Whether a million draws have the distribution they should: Kolmogorov and Smirnov's test at the level of 0.1 %, fixed
// seeds. It sees errors of 1 % in a bound and of 2 % in a deviation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "mote/initializer.hpp"
#include "support/support.hpp"

namespace {

using mote::Random;
using mote::Stream;
using mote::Topology;
using mote::WeightInit;
using mote::test::kolmogorov_smirnov;
using mote::test::normal_cdf;

constexpr std::size_t kDraws = 1000000;
const double kLimit = mote::test::kolmogorov_smirnov_limit(kDraws);  // 0.00195

double uniform_cdf(double x, double low, double high) {
  return x < low ? 0.0 : x > high ? 1.0 : (x - low) / (high - low);
}

template <typename Draw>
std::vector<float> draws(Stream stream, Draw draw) {
  Random random(2024, stream);
  std::vector<float> sample(kDraws);
  for (float& x : sample) x = draw(random);
  std::sort(sample.begin(), sample.end());  // so that sorting it again costs little
  return sample;
}

TEST(Distribution, UniformNumbersAreUniform) {
  const std::vector<float> unit = draws(Stream::dropout, [](Random& random) { return random.uniform(); });
  EXPECT_LT(kolmogorov_smirnov(unit, [](double x) { return uniform_cdf(x, 0.0, 1.0); }), kLimit);
  EXPECT_GT(kolmogorov_smirnov(unit, [](double x) { return uniform_cdf(x, 0.0, 1.01); }), kLimit);  // the test itself
  const auto between = draws(Stream::initialization, [](Random& random) { return random.uniform(-3.0f, 0.5f); });
  EXPECT_LT(kolmogorov_smirnov(between, [](double x) { return uniform_cdf(x, -3.0, 0.5); }), kLimit);
}

TEST(Distribution, GaussianNumbersAreNormal) {
  const auto normal = draws(Stream::initialization, [](Random& random) { return random.gaussian(); });
  EXPECT_LT(kolmogorov_smirnov(normal, normal_cdf), kLimit);
  EXPECT_GT(kolmogorov_smirnov(normal, [](double x) { return normal_cdf(x / 1.02); }), kLimit);  // the test itself
  EXPECT_GT(kolmogorov_smirnov(normal, [](double x) { return normal_cdf(x - 0.01); }), kLimit);
}

constexpr Topology kMillionWeights{800, {1250}};  // no row is a multiple of 16 floats

/// Weights of a layer of 800 inputs and 1250 outputs.
std::vector<float> weights(mote::InitialWeights initial) {
  std::vector<float> parameters(kMillionWeights.parameter_count());
  Random random(7, Stream::initialization);
  mote::initialize(kMillionWeights, initial, mote::BiasInit::zero, random, {parameters.data(), parameters.size()});
  std::vector<float> sample;
  for (std::size_t i = 0; i < kMillionWeights.inputs; ++i) {
    const float* row = parameters.data() + i * kMillionWeights.stride_of(0);
    sample.insert(sample.end(), row, row + kMillionWeights.outputs());
  }
  return sample;
}

TEST(Distribution, InitialWeightsAreUniformWithinTheirBounds) {
  const auto distance = [](mote::InitialWeights initial, double bound) {
    return kolmogorov_smirnov(weights(initial), [&](double x) { return uniform_cdf(x, -bound, bound); });
  };
  EXPECT_LT(distance(WeightInit::glorot_uniform, std::sqrt(6.0 / 2050.0)), kLimit);
  EXPECT_LT(distance(WeightInit::he_uniform, std::sqrt(6.0 / 800.0)), kLimit);
  EXPECT_LT(distance({WeightInit::uniform, 0.125f}, 0.125), kLimit);
}

TEST(Distribution, InitialWeightsAreNormalWithTheirDeviation) {
  const auto distance = [](mote::InitialWeights initial, double deviation) {
    return kolmogorov_smirnov(weights(initial), [&](double x) { return normal_cdf(x / deviation); });
  };
  EXPECT_LT(distance(WeightInit::glorot_normal, std::sqrt(2.0 / 2050.0)), kLimit);
  EXPECT_LT(distance(WeightInit::he_normal, std::sqrt(2.0 / 800.0)), kLimit);
  EXPECT_LT(distance(WeightInit::scaled_gaussian, std::sqrt(1.0 / 800.0)), kLimit);
  EXPECT_LT(distance({WeightInit::gaussian, 0.125f}, 0.125), kLimit);
}

TEST(Distribution, InitialBiasesAreNormal) {
  constexpr Topology kMillionBiases{1, {kDraws}};
  std::vector<float> parameters(kMillionBiases.parameter_count());
  Random random(8, Stream::initialization);
  mote::initialize(kMillionBiases, WeightInit::he_normal, mote::BiasInit::gaussian, random,
                   {parameters.data(), parameters.size()});
  const float* biases = parameters.data() + kMillionBiases.biases_offset(0);
  EXPECT_LT(kolmogorov_smirnov({biases, biases + kDraws}, normal_cdf), kLimit);
}

}  // namespace
