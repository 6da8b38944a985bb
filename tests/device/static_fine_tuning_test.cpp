// SPDX-License-Identifier: MIT
#include "mote/static_fine_tuning.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "mote/integer_conversion.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::FineTuningOptions;
using mote::Inputs;
using mote::Optimizer;
using mote::Topology;

constexpr Topology kTopology{4, {6, Activation::tanh}, {3, Activation::softmax}};
constexpr FineTuningOptions kLast = FineTuningOptions().set_layers(1).set_optimizer({Optimizer::adam, 0.01f});
constexpr FineTuningOptions kAll =
    FineTuningOptions().set_layers(2).set_optimizer({Optimizer::nesterov, 0.05f}).set_batch_size(3);

// A network in flash: not random, since it is a constant.
constexpr std::size_t kWeightCount = mote::flash_weight_count(kTopology);
struct Weights {
  float values[kWeightCount] = {};
  constexpr Weights() {
    for (std::size_t i = 0; i < kWeightCount; ++i) values[i] = static_cast<float>(i * 37 % 19) / 10.0f - 0.9f;
  }
};
constexpr Weights kWeights;
constexpr float kBiases[mote::flash_row_count(kTopology)] = {0.1f, -0.2f, 0.3f};
constexpr mote::FlashModel kModel{kTopology, kWeights.values, kBiases};

constexpr mote::Quantization kInput{1.0f / 64.0f, 0}, kHidden{1.0f / 128.0f, 0}, kOutput{1.0f / 16.0f, 0};
constexpr std::int8_t kBytes[] = {10, -20, 30, -40, 50, -60, 70, -80, 90,  -100, 110, -120, 5,   -15,
                                  25, -35, 45, -55, 65, -75, 85, -95, 105, -115, 1,   2,    3,   4,
                                  5,  6,   -7, -8,  -9, 10,  11, 12,  13,  -14,  15,  16,   -17, 18};
constexpr std::int32_t kSums[9] = {100, -200, 300};
constexpr std::int32_t kMultipliers[] = {1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30,
                                         1 << 30, 1 << 30, 1 << 30, 1 << 30};
constexpr std::int8_t kShifts[9] = {-6, -6, -6, -6, -6, -6, -6, -6, -6};
constexpr mote::IntegerLayer kLayers[] = {
    {4, 6, kBytes, kSums, kMultipliers, kShifts, nullptr, -128, 127, kHidden, kHidden},
    {6, 3, kBytes + 24, kSums + 6, kMultipliers + 6, kShifts + 6, nullptr, -128, 127, kOutput, kOutput}};
constexpr mote::IntegerModel kIntegers{kLayers, kInput};

/// Trains both on random samples, and compares parameters, totals and outputs to the bit.
void expect_equal_bits(mote::TunedLayers& one, mote::TunedLayers& other) {
  EXPECT_EQ(one.learned().size(), other.learned().size());
  EXPECT_EQ(std::memcmp(one.learned().data(), other.learned().data(), one.learned().size()), 0);
  EXPECT_EQ(one.totals().mean_loss(), other.totals().mean_loss());
}

template <typename One, typename Other>
void expect_to_learn_alike(One& one, Other& other, std::size_t learned_bytes) {
  const auto before = std::vector<unsigned char>(one.learned().begin(), one.learned().end());
  mote::test::Source source(7);
  for (std::size_t i = 0; i < 60; ++i) {
    const std::vector<float> x = source.floats(4);
    const auto label = static_cast<std::uint8_t>(source.below(3));
    ASSERT_TRUE(one.train(Inputs(x.data(), 1, 4), label).ok());
    ASSERT_TRUE(other.train(Inputs(x.data(), 1, 4), label).ok());
    const mote::Span<const float> y = one.forward_pre_activations(Inputs(x.data(), 1, 4));
    const std::vector<float> kept(y.begin(), y.end());
    EXPECT_EQ(std::memcmp(kept.data(), other.forward_pre_activations(Inputs(x.data(), 1, 4)).data(), 3 * sizeof(float)),
              0);
  }
  expect_equal_bits(one, other);
  EXPECT_NE(before, std::vector<unsigned char>(one.learned().begin(), one.learned().end()));
  EXPECT_EQ(one.learned().size(), learned_bytes);
}

template <const FineTuningOptions& kOptions>
void expect_static_to_equal_dynamic() {
  static mote::StaticFineTuning<kModel, kOptions> tuning;
  static mote::Storage<mote::fine_tuning_bytes(kTopology, kOptions)> memory;
  mote::FineTuning dynamic;
  ASSERT_TRUE(dynamic.bind(kModel, kOptions, memory).ok());
  expect_to_learn_alike(tuning, dynamic, mote::learned_bytes(kTopology, kOptions));

  static mote::StaticIntegerFineTuning<kTopology, kIntegers, kOptions> integers;
  static mote::Storage<mote::integer_fine_tuning_bytes(kTopology, kOptions)> integer_memory;
  mote::IntegerFineTuning dynamic_integers;
  ASSERT_TRUE(dynamic_integers.bind(kTopology, kIntegers, kOptions, integer_memory).ok());
  expect_to_learn_alike(integers, dynamic_integers, mote::learned_bytes(kTopology, kOptions));
}

TEST(StaticFineTuning, LearnsToTheBitsOfFineTuning) {
  expect_static_to_equal_dynamic<kLast>();
  expect_static_to_equal_dynamic<kAll>();
}

TEST(StaticFineTuning, OwnsItsMemoryOnly) {
  EXPECT_LE(sizeof(mote::StaticFineTuning<kModel, kLast>),
            sizeof(mote::FineTuning) + mote::fine_tuning_bytes(kTopology, kLast) + mote::kAlignment);
}

TEST(StaticFineTuning, NamesOnlyTheMethodsOfItsOptions) {
  constexpr mote::detail::Methods kMethods = mote::detail::methods_of(kTopology, kLast);
  EXPECT_EQ(kMethods.move_gradient_point, nullptr);
  EXPECT_EQ(kMethods.multiply_by_derivative[static_cast<std::size_t>(Activation::tanh)], nullptr)
      << "the layer below the last does not learn";
}

}  // namespace
