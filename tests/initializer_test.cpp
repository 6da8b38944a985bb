// SPDX-License-Identifier: MIT
#include "mote/initializer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support.hpp"

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

constexpr WeightInit kInits[] = {WeightInit::glorot_uniform, WeightInit::he_normal, WeightInit::scaled_gaussian,
                                 WeightInit::gaussian};
constexpr Topology kWide{250, {400}, {300}};

std::vector<float> initialized(const Topology& topology, WeightInit weights, BiasInit biases, std::uint64_t seed) {
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

TEST(Initializer, GlorotUniformFillsItsInterval) {
  const std::vector<float> parameters = initialized(kWide, WeightInit::glorot_uniform, BiasInit::zero, 1);
  for (size_t l = 0; l < 2; ++l) {
    const std::vector<float> weights = weights_of(kWide, parameters, l);
    const double n = static_cast<double>(weights.size());
    const double bound = std::sqrt(6.0 / static_cast<double>(kWide.inputs_of(l) + kWide.outputs_of(l)));
    const auto [least, largest] = std::minmax_element(weights.begin(), weights.end());
    EXPECT_GE(wide(*least), -bound * (1.0 + 1e-7));
    EXPECT_LE(wide(*largest), bound * (1.0 + 1e-7));
    EXPECT_LT(wide(*least), -bound * 0.999);
    EXPECT_GT(wide(*largest), bound * 0.999);
    const mote::test::Moments m = mote::test::moments(weights);
    EXPECT_NEAR(m.mean / bound, 0.0, 4.0 / std::sqrt(3.0 * n));
    EXPECT_NEAR(m.variance / (bound * bound), 1.0 / 3.0, 4.0 * std::sqrt(4.0 / 45.0 / n));
    EXPECT_LT(mote::test::kolmogorov_smirnov(weights, [&](double x) { return (x + bound) / (2.0 * bound); }),
              mote::test::kolmogorov_smirnov_limit(weights.size()));
  }
}

TEST(Initializer, GaussiansHaveTheDeviationOfTheirFormula) {
  for (size_t l = 0; l < 2; ++l) {
    const double m = static_cast<double>(kWide.inputs_of(l));
    const auto weights = [&](WeightInit init) {
      return weights_of(kWide, initialized(kWide, init, BiasInit::zero, 2), l);
    };
    expect_normal(weights(WeightInit::he_normal), std::sqrt(2.0 / m));
    expect_normal(weights(WeightInit::scaled_gaussian), std::sqrt(1.0 / m));
    expect_normal(weights(WeightInit::gaussian), 1.0);
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

TEST(InitializerDeathTest, StopsAtASpanOfAnotherSize) {
  constexpr Topology kTopology{3, {2}};
  std::vector<float> parameters(kTopology.parameter_count() + 1);
  Random random(1, Stream::initialization);
  for (const size_t size : {parameters.size(), parameters.size() - 2}) {
    EXPECT_DEATH(mote::initialize(kTopology, WeightInit::gaussian, BiasInit::zero, random, {parameters.data(), size}),
                 "");
  }
}

}  // namespace
