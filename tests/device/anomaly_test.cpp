// SPDX-License-Identifier: MIT
#include "mote/anomaly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "mote/checksum.hpp"
#include "support/converted_network.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"
#include "target/anomaly_network.hpp"

namespace {

using mote::Activation;
using mote::AnomalyDetector;
using mote::FlashNetwork;
using mote::Inputs;
using mote::IntegerNetwork;
using mote::RunningQuantile;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::test::Converted;
using mote::test::wide;

/// The 20 numbers of Jain & Chlamtac's example, whose median is estimated as 4.44.
TEST(RunningQuantile, FindsTheMedianOfThePublishedExample) {
  RunningQuantile quantile(0.5f);
  EXPECT_EQ(quantile.value(), 0xffffffffu) << "nothing is known";
  for (const double x : {0.02,  0.15,  0.74, 3.39, 0.83, 22.37, 10.15, 15.43, 38.62, 15.92,
                         34.60, 10.28, 1.47, 0.40, 0.05, 11.39, 0.27,  0.42,  0.09,  11.37}) {
    quantile.add(static_cast<std::uint32_t>(std::lround(x * 1e7)));
  }
  EXPECT_EQ(quantile.count(), 20u);
  EXPECT_EQ(sizeof quantile, 48u);
  EXPECT_NEAR(quantile.value() * 1e-7, 4.44, 0.005);
}

/// P2 in double precision, step by step as in box 1 of the publication.
struct PublishedQuantile {
  double p, q[5] = {}, n[5] = {1, 2, 3, 4, 5};
  std::size_t count = 0;

  void add(double x) {
    if (count < 5) {
      q[count++] = x;
      std::sort(q, q + count);
      return;
    }
    ++count;
    std::size_t k = 0;
    if (x < q[0]) q[0] = x;
    while (k < 3 && x >= q[k + 1]) ++k;
    if (x > q[4]) q[4] = x;
    for (std::size_t i = k + 1; i < 5; ++i) ++n[i];
    for (std::size_t i = 1; i < 4; ++i) {
      const double increments[] = {0.0, p / 2.0, p, (1.0 + p) / 2.0, 1.0};
      const double d = 1.0 + static_cast<double>(count - 1) * increments[i] - n[i];
      if (!(d >= 1.0 && n[i + 1] - n[i] > 1.0) && !(d <= -1.0 && n[i - 1] - n[i] < -1.0)) continue;
      const double sign = d > 0.0 ? 1.0 : -1.0;
      const double parabola = q[i] + sign / (n[i + 1] - n[i - 1]) *
                                         ((n[i] - n[i - 1] + sign) * (q[i + 1] - q[i]) / (n[i + 1] - n[i]) +
                                          (n[i + 1] - n[i] - sign) * (q[i] - q[i - 1]) / (n[i] - n[i - 1]));
      const std::size_t beside = d > 0.0 ? i + 1 : i - 1;
      const bool is_between = q[i - 1] < parabola && parabola < q[i + 1];
      q[i] = is_between ? parabola : q[i] + sign * (q[beside] - q[i]) / (n[beside] - n[i]);
      n[i] += sign;
    }
  }
};

/// Of numbers that are all different, and of few different numbers.
TEST(RunningQuantile, FollowsThePublishedAlgorithm) {
  mote::test::Source source(2);
  for (const double p : {0.0625, 0.25, 0.5, 0.75, 0.9375}) {
    for (const std::size_t kinds : {std::size_t{3}, std::size_t{12}, std::size_t{1} << 20}) {
      PublishedQuantile published{p};
      RunningQuantile quantile(static_cast<float>(p));
      for (std::size_t i = 0; i < 500; ++i) {
        const auto x = static_cast<std::uint32_t>(0xffffffffu / kinds * source.below(kinds));
        published.add(static_cast<double>(x));
        quantile.add(x);
        const auto count = static_cast<double>(i + 1);
        if (count <= 5.0 || std::ceil(p * (count + 1.0)) >= count) continue;  // a stored number
        ASSERT_NEAR(quantile.value(), published.q[2], 1e4) << p << ", " << kinds << ", " << i;
      }
    }
  }
}

TEST(RunningQuantile, IsTheLargestOfFewNumbersAndExactForFive) {
  RunningQuantile quantile(0.9f), third(0.5f);
  std::uint32_t largest = 0;
  mote::test::Source source(1);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint32_t x = source.bits32();
    largest = std::max(largest, x);
    quantile.add(x);
    EXPECT_EQ(quantile.value(), largest) << i;
  }
  for (const std::uint32_t x : {50u, 10u, 40u, 20u, 30u}) third.add(x);
  EXPECT_EQ(third.value(), 30u);
}

/// Root mean squared deviation from p of the fraction of all numbers below an estimate, over 400 streams of numbers
/// with the distribution of x = 2^22 e^(u + v + w - 3/2), where u, v, w are uniform in (0, 1).
struct Deviations {
  double running = 0.0, stored = 0.0;

  Deviations(float p, std::size_t count) {
    mote::test::Source source(7);
    const auto draw = [&] {
      const float sum = source.uniform(-0.5f, 0.5f) + source.uniform(-0.5f, 0.5f) + source.uniform(-0.5f, 0.5f);
      return static_cast<std::uint32_t>(0x1p22 * std::exp(wide(sum)));
    };
    std::vector<std::uint32_t> all(200000), some(count);
    for (std::uint32_t& x : all) x = draw();
    std::sort(all.begin(), all.end());
    const auto deviation = [&](std::uint32_t estimate) {
      const auto below = std::upper_bound(all.begin(), all.end(), estimate) - all.begin();
      return static_cast<double>(below) / static_cast<double>(all.size()) - wide(p);
    };
    constexpr int kStreams = 400;
    for (int stream = 0; stream < kStreams; ++stream) {
      RunningQuantile quantile(p);
      for (std::uint32_t& x : some) quantile.add(x = draw());
      std::sort(some.begin(), some.end());
      const double rank = wide(p) * static_cast<double>(count + 1);
      const auto place = static_cast<std::size_t>(std::min(static_cast<double>(count), std::ceil(rank)));
      running += std::pow(deviation(quantile.value()), 2) / kStreams;
      stored += std::pow(deviation(some[place - 1]), 2) / kStreams;
    }
    running = std::sqrt(running);
    stored = std::sqrt(stored);
  }
};

TEST(RunningQuantile, DeviatesAboutAsMuchAsTheQuantileOfStoredNumbers) {
  for (const float p : {0.9f, 0.95f, 0.99f}) {
    for (const std::size_t count : {10u, 20u, 50u, 100u, 300u, 1000u}) {
      const Deviations deviations(p, count);
      EXPECT_LE(deviations.running, 1.3 * deviations.stored + 0.001) << p << " of " << count;
    }
  }
}

TEST(RunningQuantile, BearsEqualAndExtremeNumbers) {
  RunningQuantile quantile(0.75f);
  for (int i = 0; i < 1000; ++i) quantile.add(0xffffffffu);
  EXPECT_EQ(quantile.value(), 0xffffffffu);
  RunningQuantile mixed(0.5f);
  for (int i = 0; i < 1000; ++i) mixed.add(i % 3 == 0 ? 0xffffffffu : 5u);
  EXPECT_LT(mixed.value(), 1u << 30);
}

/// One layer of `size` units that gives `output` for every input.
struct Constant {
  std::vector<std::int8_t> weights, shifts;
  std::vector<std::int32_t> biases, multipliers;
  mote::IntegerLayer layer;
  mote::IntegerModel model;
  std::vector<unsigned char> scratch;
  IntegerNetwork network;

  Constant(std::uint32_t size, std::int8_t output)
      : weights(std::size_t{size} * size), shifts(size), biases(size), multipliers(size), scratch(size) {
    layer.inputs = layer.outputs = size;
    layer.weights = weights.data();
    layer.biases = biases.data();
    layer.multipliers = multipliers.data();
    layer.shifts = shifts.data();
    layer.z.zero = output;
    model.layers = {&layer, 1};
    EXPECT_TRUE(network.bind(model, {scratch.data(), scratch.size()}).ok());
  }
};

TEST(AnomalyScore, OfIntegersIsTheMeanSquaredErrorOfTheirNumbers) {
  mote::test::Source source(3);
  for (const std::uint32_t size : {1u, 7u, 200u}) {
    for (int trial = 0; trial < 50; ++trial) {
      Constant constant(size, static_cast<std::int8_t>(source.below(256)));
      mote::IntegerModel& model = constant.model;
      model.input = {source.uniform(0.01f, 0.1f), static_cast<std::int8_t>(source.below(256))};
      constant.layer.output = {source.uniform(0.001f, 1.0f), static_cast<std::int8_t>(source.below(256))};
      const mote::Quantization to = model.output();
      std::vector<std::int8_t> sample(size);
      double sum = 0.0;
      for (std::int8_t& x : sample) {
        x = static_cast<std::int8_t>(source.below(256));
        const double input = (x - model.input.zero) * wide(model.input.scale);
        const double output = (constant.layer.z.zero - to.zero) * wide(to.scale);
        sum += (output - input) * (output - input);
      }
      const double mean = sum / size / wide(score_unit(model)), step = 0x1p14;
      const double found = mote::anomaly_score(constant.network, sample.data());
      // An error of at most 255 / 2^16 of a step, in a mean of squares.
      const double rounding = 255.0 / 65536.0 * step * (2.0 * std::sqrt(mean / step) + 0.01);
      EXPECT_NEAR(found, mean, rounding + 1.0);
    }
  }
}

TEST(AnomalyScore, OfIntegersIsExactForEqualStepsAndAtTheLargestError) {
  Constant constant(256, 127);
  constant.model.input = {0.5f, 127};
  constant.layer.output = {0.5f, -128};
  std::vector<std::int8_t> sample(256, -128);
  EXPECT_EQ(mote::anomaly_score(constant.network, sample.data()), 510u * 510u << 14);
  sample.assign(256, 127);
  EXPECT_EQ(mote::anomaly_score(constant.network, sample.data()), 255u * 255u << 14);
  constant.layer.output.scale = 0.25f;  // 255 / 2 of the input's steps
  EXPECT_EQ(mote::anomaly_score(constant.network, sample.data()), (255u * 255u << 14) / 4);
  EXPECT_EQ(wide(score_unit(constant.model)) * 0x1p14, 0.25);
  constant.layer.output.scale = 0x1p-17f;  // 2^-16 of the input's step is taken as 2^-15
  EXPECT_EQ(mote::anomaly_score(constant.network, sample.data()), 1u) << "255^2 / 2^16, rounded to nearest";
}

/// The network that the boards run too.
TEST(AnomalyScore, OfIntegersIsEqualOnEveryMachine) {
  const auto weights = std::make_unique<dense::AnomalyNetwork>();
  dense::Numbers numbers;
  weights->fill(numbers);
  std::vector<std::int8_t> sample(dense::kAnomalyInputs);
  record(numbers, 60, sample.data());
  GuardedMemory scratch(dense::kAnomalyScratch);
  IntegerNetwork network;
  ASSERT_TRUE(network.bind(weights->model, scratch.memory()).ok());
  const Span<const std::int8_t> outputs = network.forward(sample.data());
  EXPECT_EQ(mote::crc32({reinterpret_cast<const unsigned char*>(outputs.data()), outputs.size()}),
            dense::kAnomalyChecksum);
  EXPECT_EQ(mote::anomaly_score(network, sample.data()), 18730886u);
}

/// x to (x0 + x1) / 2 and back: samples on the diagonal are normal.
struct Diagonal {
  Topology topology{2, {1}, {2}};
  std::vector<float> parameters, weights, biases;
  mote::FlashModel model;
  mote::Storage<4 * 64> scratch;
  FlashNetwork network;

  Diagonal()
      : parameters(topology.parameter_count()),
        weights(mote::flash_weight_count(topology)),
        biases(mote::flash_row_count(topology)) {
    parameters[topology.weights_offset(0)] = parameters[topology.weights_offset(0) + topology.stride_of(0)] = 0.5f;
    parameters[topology.weights_offset(1)] = parameters[topology.weights_offset(1) + 1] = 1.0f;
    const Span<float> w(weights.data(), weights.size()), b(biases.data(), biases.size());
    EXPECT_TRUE(mote::make_flash_weights(topology, parameter_span(), w, b).ok());
    model = mote::FlashModel(topology, Span<const float>(w), b);
    EXPECT_TRUE(network.bind(model, scratch).ok());
  }
  Span<const float> parameter_span() const { return {parameters.data(), parameters.size()}; }
};

TEST(AnomalyScore, OfFloatsTakesEveryTypeOfInputs) {
  const Diagonal diagonal;
  const float floats[] = {1.0f, 3.0f};
  const std::int16_t integers[] = {100, 300};
  EXPECT_EQ(mote::anomaly_score(diagonal.network, Inputs(floats, 1, 2)), 1.0f);
  EXPECT_NEAR(wide(mote::anomaly_score(diagonal.network, Inputs(integers, 1, 2, 0.01f))), 1.0, 1e-6);
  EXPECT_EQ(mote::anomaly_score(diagonal.network, Inputs(integers, 1, 2, 1.0f).set_offset(200.0f)), 10000.0f);
}

TEST(AnomalyDetector, LearnsWhatIsNormalAndDetectsTheRest) {
  const Diagonal diagonal;
  mote::test::Source source(5);
  std::vector<float> normal(2 * 400);
  for (std::size_t i = 0; i < normal.size(); i += 2) {
    normal[i] = source.uniform(-1.0f, 1.0f);
    normal[i + 1] = normal[i] + source.uniform(-0.2f, 0.2f);  // scores up to 0.01, uniform in their root
  }
  Converted converted(diagonal.topology);
  converted.make(diagonal.topology, diagonal.parameter_span(), Inputs(normal.data(), 400, 2), mote::ScalePer::output);
  AnomalyDetector<FlashNetwork> floats;
  AnomalyDetector<IntegerNetwork> integers;
  ASSERT_TRUE(floats.bind(diagonal.network, 0.9f).ok());
  ASSERT_TRUE(integers.bind(converted.network, 0.9f).ok());
  std::int8_t q[2];
  const auto quantized = [&](const float* x) { return mote::quantize(x, 2, converted.model.input, q), q; };
  const float strange[] = {0.5f, -0.5f};
  EXPECT_FALSE(floats.detect(Inputs(strange, 1, 2))) << "nothing was learned";
  EXPECT_FALSE(integers.detect(quantized(strange)));
  for (std::size_t i = 0; i < normal.size(); i += 2) {
    ASSERT_TRUE(floats.learn(Inputs(normal.data() + i, 1, 2)).ok());
    ASSERT_TRUE(integers.learn(quantized(normal.data() + i)).ok());
  }
  EXPECT_NEAR(wide(floats.threshold()), 0.0081, 0.001) << "the square of 0.9 times 0.1";
  EXPECT_NEAR(integers.threshold() * wide(score_unit(converted.model)), wide(floats.threshold()), 0.001);
  EXPECT_TRUE(floats.detect(Inputs(strange, 1, 2)));
  EXPECT_TRUE(integers.detect(quantized(strange)));
  std::size_t of_floats = 0, of_integers = 0;
  for (std::size_t i = 0; i < normal.size(); i += 2) {
    of_floats += floats.detect(Inputs(normal.data() + i, 1, 2)) ? 1 : 0;
    of_integers += integers.detect(quantized(normal.data() + i)) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(of_floats), 40.0, 12.0);
  EXPECT_NEAR(static_cast<double>(of_integers), 40.0, 20.0);

  const RunningQuantile saved = floats.scores();
  const float threshold = floats.threshold();
  ASSERT_TRUE(floats.bind(diagonal.network, 0.9f).ok());
  EXPECT_EQ(floats.scores().count(), 0u);
  floats.scores() = saved;
  EXPECT_EQ(floats.threshold(), threshold);
}

TEST(AnomalyDetector, RejectsScoresThatAreNotFiniteAndDetectsThem) {
  const Diagonal diagonal;
  AnomalyDetector<FlashNetwork> detector;
  ASSERT_TRUE(detector.bind(diagonal.network, 0.5f).ok());
  const float normal[] = {1.0f, 1.5f}, huge[] = {1e30f, -1e30f}, none[] = {NAN, 1.0f};
  ASSERT_TRUE(detector.learn(Inputs(normal, 1, 2)).ok());
  for (const float* x : {huge, none}) {
    const mote::Result result = detector.learn(Inputs(x, 1, 2));
    EXPECT_EQ(result.status, Status::score_not_finite);
    EXPECT_EQ(result.found, 1u);
    EXPECT_EQ(detector.threshold(), 0.0625f) << "nothing changed";
    EXPECT_TRUE(detector.detect(Inputs(x, 1, 2)));
  }
}

TEST(AnomalyDetector, NeedsAnOutputForEachInput) {
  const Topology t{3, {2}};
  std::vector<float> parameters(t.parameter_count(), 1.0f), inputs(3, 1.0f);
  Converted converted(t);
  converted.make(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), 1, 3), mote::ScalePer::layer);
  AnomalyDetector<IntegerNetwork> detector;
  const mote::Result result = detector.bind(converted.network, 0.5f);
  EXPECT_EQ(result.status, Status::output_size_mismatch);
  EXPECT_EQ(result.found, 2u);
  EXPECT_EQ(result.expected, 3u);
  mote::FlashModel model;
  model.topology = t;
  EXPECT_EQ(mote::check_autoencoder(model).status, Status::output_size_mismatch);
}

}  // namespace
