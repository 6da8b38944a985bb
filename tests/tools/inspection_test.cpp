// SPDX-License-Identifier: MIT
#include "run/inspection.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "common/error.hpp"

namespace {

using mote::Activation;

/// Two inputs, two hidden units, two outputs; each sample's bytes are its inputs.
class Inspection : public testing::Test {
 protected:
  Inspection() : parameters_(topology_.parameter_count()) {
    set_weight(0, 0, 0, 1.0f);   // unit 1 passes the first input on
    set_weight(0, 0, 1, -2.0f);  // unit 2 is off where the first input is on
    set_weight(0, 1, 1, 3.0f);
    set_weight(1, 0, 0, 1.0f);
    set_weight(1, 1, 1, 1.0f);
    data_ = {inputs_, labels_, 4, 2, 2, 1.0f};
  }

  void set_weight(std::size_t layer, std::size_t input, std::size_t unit, float value) {
    parameters_[topology_.weights_offset(layer) + input * topology_.stride_of(layer) + unit] = value;
  }

  tools::Inspection inspect(const mote::Topology& topology, mote::Loss loss, const mote::Dataset& data,
                            std::size_t members = 1) {
    const mote::Span<const float> parameters(parameters_.data(), parameters_.size());
    const std::vector<mote::Member> all(members, parameters);
    return tools::inspect(topology, {all.data(), all.size()}, loss, data, data, memory_);
  }

  static constexpr mote::Topology topology_{2, {2, Activation::relu}, {2, Activation::softmax}};
  const std::uint8_t inputs_[8] = {1, 0, 0, 1, 2, 0, 0, 0};
  const std::uint8_t labels_[4] = {0, 0, 1, 1};
  mote::Dataset data_;
  std::vector<float> parameters_;
  mote::Storage<1 << 18> memory_;
};

TEST_F(Inspection, SummarisesTheActivationsOfEveryLayer) {
  const tools::Inspection found = inspect(topology_, mote::Loss::cross_entropy, data_);
  ASSERT_EQ(found.layers.size(), 2u);
  EXPECT_EQ(found.response_samples, 4u);
  const tools::LayerResponse& hidden = found.layers[0];  // 1 0, 0 3, 2 0, 0 0
  EXPECT_EQ(hidden.activation, Activation::relu);
  EXPECT_DOUBLE_EQ(hidden.mean, 6.0 / 8.0);
  EXPECT_DOUBLE_EQ(hidden.deviation, std::sqrt(14.0 / 8.0 - 0.75 * 0.75));
  EXPECT_DOUBLE_EQ(hidden.zeros, 5.0 / 8.0);
  EXPECT_EQ(hidden.histogram.low, 1.0);
  EXPECT_EQ(hidden.histogram.high, 3.0);
  std::vector<std::uint64_t> expected(40);
  expected[0] = expected[20] = expected[39] = 1;  // 1, 2 and 3
  EXPECT_EQ(hidden.histogram.counts, expected);
  const tools::LayerResponse& outputs = found.layers[1];
  EXPECT_EQ(outputs.activation, Activation::softmax);
  EXPECT_NEAR(outputs.mean, 0.5, 1e-7);
  EXPECT_EQ(outputs.zeros, 0.0);
}

TEST_F(Inspection, FindsWhatIsNotCorrectAndTheWorstFirst) {
  const tools::Inspection found = inspect(topology_, mote::Loss::cross_entropy, data_);
  ASSERT_EQ(found.mistakes.size(), 3u);  // sample 0 is right; of equal outputs the first counts
  const std::size_t samples[] = {1, 2, 3}, labels[] = {0, 1, 1}, said[] = {1, 0, 0};
  const double losses[] = {std::log1p(std::exp(3.0)), std::log1p(std::exp(2.0)), std::log(2.0)};
  for (std::size_t i = 0; i < 3; ++i) {
    const tools::Mistake& mistake = found.mistakes[i];
    EXPECT_EQ(mistake.sample, samples[i]);
    EXPECT_EQ(mistake.label, labels[i]);
    EXPECT_EQ(mistake.said, said[i]);
    EXPECT_NEAR(mistake.loss, losses[i], 1e-6);
    EXPECT_NEAR(mistake.output, 1.0 - std::exp(-losses[i]), 1e-6);
    EXPECT_EQ(mistake.pixels, std::vector<std::uint8_t>(inputs_ + 2 * samples[i], inputs_ + 2 * samples[i] + 2));
  }
}

TEST_F(Inspection, ShowsTheUnitsWithTheLargestNormsFirst) {
  const tools::Inspection found = inspect(topology_, mote::Loss::cross_entropy, data_);
  ASSERT_EQ(found.units.size(), 2u);
  EXPECT_EQ(found.units[0].number, 2u);
  EXPECT_EQ(found.units[0].weights, (std::vector<float>{-2.0f, 3.0f}));
  EXPECT_EQ(found.units[1].number, 1u);
  EXPECT_EQ(found.units[1].weights, (std::vector<float>{1.0f, 0.0f}));
}

TEST_F(Inspection, TakesMembersTogetherForMistakes) {
  const tools::Inspection one = inspect(topology_, mote::Loss::cross_entropy, data_);
  const tools::Inspection three = inspect(topology_, mote::Loss::cross_entropy, data_, 3);  // all the same
  ASSERT_EQ(three.mistakes.size(), one.mistakes.size());
  for (std::size_t i = 0; i < one.mistakes.size(); ++i) {
    EXPECT_EQ(three.mistakes[i].sample, one.mistakes[i].sample);
    EXPECT_NEAR(three.mistakes[i].loss, one.mistakes[i].loss, 1e-6);
    EXPECT_NEAR(three.mistakes[i].output, one.mistakes[i].output, 1e-6);
  }
}

TEST_F(Inspection, WithoutLabelsEverySampleCounts) {
  constexpr mote::Topology topology{2, {2, Activation::relu}, {2, Activation::identity}};
  const tools::Inspection found = inspect(topology, mote::Loss::quadratic, data_.autoencoding());
  ASSERT_EQ(found.mistakes.size(), 4u);
  EXPECT_EQ(found.mistakes[0].sample, 1u);  // (0, 1) becomes (0, 3)
  EXPECT_FLOAT_EQ(static_cast<float>(found.mistakes[0].loss), 2.0f);
  EXPECT_EQ(found.mistakes[0].outputs, (std::vector<float>{0.0f, 3.0f}));
  EXPECT_TRUE(found.mistakes[0].targets.empty());
  const float targets[] = {1, 0, 0, 1, 0, 0, 5, 0};
  mote::Dataset regression = data_;
  regression.labels = nullptr;
  regression.targets = {targets, 4, 2, 2};
  const tools::Inspection numbers = inspect(topology, mote::Loss::quadratic, regression);
  EXPECT_EQ(numbers.mistakes[0].sample, 3u);
  EXPECT_FLOAT_EQ(static_cast<float>(numbers.mistakes[0].loss), 12.5f);
  EXPECT_EQ(numbers.mistakes[0].targets, (std::vector<float>{5.0f, 0.0f}));
}

TEST_F(Inspection, BearsActivationsThatAreAllTheSameOrNotFinite) {
  std::fill(parameters_.begin(), parameters_.end(), 0.0f);
  const tools::Inspection zero = inspect(topology_, mote::Loss::cross_entropy, data_);
  EXPECT_EQ(zero.layers[0].zeros, 1.0);
  EXPECT_EQ(zero.layers[0].histogram.counts, std::vector<std::uint64_t>(40));
  EXPECT_EQ(zero.layers[1].histogram.low, 0.0);  // all 0.5
  EXPECT_EQ(zero.layers[1].histogram.high, 1.0);
  EXPECT_EQ(zero.layers[1].histogram.counts[20], 8u);
  constexpr mote::Topology topology{2, {2, Activation::identity}, {2, Activation::identity}};
  set_weight(0, 0, 0, 3e38f);  // infinite where the first input is 2
  const tools::Inspection infinite = inspect(topology, mote::Loss::quadratic, data_);
  EXPECT_DOUBLE_EQ(infinite.layers[0].mean, static_cast<double>(3e38f) / 7.0);
}

TEST_F(Inspection, NeedsAllItsMemory) {
  const mote::Member parameters = mote::Span<const float>(parameters_.data(), parameters_.size());
  const mote::Memory memory = memory_;
  const std::size_t bytes = tools::inspection_bytes(topology_);
  EXPECT_NO_THROW(tools::inspect(topology_, {&parameters, 1}, {}, data_, data_, memory.subspan(0, bytes)));
  EXPECT_THROW(tools::inspect(topology_, {&parameters, 1}, {}, data_, data_, memory.subspan(0, bytes - 1)),
               tools::Error);
}

}  // namespace
