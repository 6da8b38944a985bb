// SPDX-License-Identifier: MIT
#include "mote/topology.hpp"

#include <gtest/gtest.h>

namespace {

using mote::Activation;
using mote::kMaxLayers;
using mote::kMaxLayerSize;
using mote::kRowAlignment;
using mote::Layer;
using mote::row_stride;
using mote::Status;
using mote::Topology;

constexpr Layer sigmoid(std::uint32_t outputs) {
  return {outputs, Activation::sigmoid};
}
constexpr Layer softmax(std::uint32_t outputs) {
  return {outputs, Activation::softmax};
}

#ifdef MOTE_MICROCONTROLLER
TEST(RowStride, RoundsUpToFourOnMicrocontrollers) {
  static_assert(kRowAlignment == 4);
  static_assert(row_stride(1) == 4 && row_stride(4) == 4 && row_stride(10) == 12 && row_stride(128) == 128);
}

TEST(Topology, CountsNielsensNetworkOnMicrocontrollers) {
  constexpr Topology t{784, sigmoid(30), softmax(10)};
  static_assert(t.trainable_count() == 23860, "784*30 + 30 + 30*10 + 10");
  static_assert(t.weight_floats(0) == 25088 && t.weight_floats(1) == 360, "784*32, 30*12");
  static_assert(t.parameter_count() == 25088 + 360 + 32 + 12);
}
#else
// Counts computed by hand for rows padded to 16 floats.
static_assert(kRowAlignment == 16);

TEST(RowStride, RoundsUpToSixteen) {
  static_assert(row_stride(1) == 16 && row_stride(15) == 16 && row_stride(16) == 16 && row_stride(17) == 32);
  static_assert(row_stride(100) == 112 && row_stride(112) == 112 && row_stride(784) == 784);
}

TEST(RowStride, AvoidsMultiplesOf512Bytes) {
  static_assert(row_stride(113) == 144 && row_stride(128) == 144 && row_stride(129) == 144 && row_stride(144) == 144);
  static_assert(row_stride(250) == 272 && row_stride(512) == 528 && row_stride(1024) == 1040);
}

TEST(RowStride, IsTheSmallestThatKeepsTheRules) {
  const auto allowed = [](std::size_t stride) { return stride % 16 == 0 && stride % 128 != 0; };
  std::size_t smallest = 16;
  for (std::size_t columns = 1; columns <= 5000; ++columns) {
    while (smallest < columns || !allowed(smallest)) ++smallest;
    ASSERT_EQ(row_stride(columns), smallest) << columns;
  }
}

TEST(Topology, CountsNielsensNetwork) {
  constexpr Topology t{784, sigmoid(30), softmax(10)};
  static_assert(t.layer_count == 2 && t.inputs == 784 && t.outputs() == 10);
  static_assert(t.output_activation() == Activation::softmax);
  static_assert(t.inputs_of(0) == 784 && t.outputs_of(0) == 30 && t.stride_of(0) == 32);
  static_assert(t.inputs_of(1) == 30 && t.outputs_of(1) == 10 && t.stride_of(1) == 16);
  static_assert(t.trainable_count() == 23860, "784*30 + 30 + 30*10 + 10");
  static_assert(t.weight_floats(0) == 25088 && t.weight_floats(1) == 480, "784*32, 30*16");
  static_assert(t.weights_offset(0) == 0 && t.weights_offset(1) == 25088 && t.all_weight_floats() == 25568);
  static_assert(t.biases_offset(0) == 25568 && t.biases_offset(1) == 25600);
  static_assert(t.parameter_count() == 25616 && t.parameter_bytes() == 102464);
  static_assert(t.max_stride() == 32);
  static_assert(check(t).ok());
}

TEST(Topology, CountsADeepNetwork) {
  constexpr Topology t{784, sigmoid(30), sigmoid(30), sigmoid(30), softmax(10)};
  static_assert(t.layer_count == 4);
  static_assert(t.trainable_count() == 25720, "23550 + 930 + 930 + 310");
  static_assert(t.all_weight_floats() == 27488, "784*32 + 30*32 + 30*32 + 30*16");
  static_assert(t.parameter_count() == 27600, "and 32 + 32 + 32 + 16 biases");
  static_assert(t.biases_offset(3) == 27584);
  static_assert(check(t).ok());
}

TEST(Topology, CountsWideLayersWithSkippedStrides) {
  constexpr Topology t{4, {128, Activation::relu}, {200, Activation::tanh}};
  static_assert(t.stride_of(0) == 144 && t.stride_of(1) == 208 && t.max_stride() == 208);
  static_assert(t.weights_offset(1) == 576 && t.all_weight_floats() == 27200, "4*144 + 128*208");
  static_assert(t.parameter_count() == 27552 && t.trainable_count() == 26440);
}

TEST(Topology, CountsScalesOfBatchNormalizationAfterTheBiases) {
  constexpr Topology t{4, {20, Activation::relu, true}, {3}, {17, Activation::tanh, true}, {5}};
  static_assert(t.biases_offset(4) == 4 * 32 + 20 * 16 + 3 * 32 + 17 * 16 + 32 + 16 + 32 + 16);
  static_assert(t.scales_offset(0) == t.biases_offset(4) && t.scales_offset(2) == t.scales_offset(0) + 32);
  static_assert(t.all_scale_floats() == 64 && t.scale_floats_before(2) == 32 && t.scale_floats_before(3) == 64);
  static_assert(t.parameter_count() == t.biases_offset(4) + 64);
  static_assert(t.trainable_count() == 80 + 20 + 60 + 3 + 51 + 17 + 85 + 5 + 20 + 17, "the last two are scales");
  static_assert(check(t).ok());
}

TEST(Topology, CountsTheSmallest) {
  constexpr Topology t{1, {1}};
  static_assert(t.layer_count == 1 && t.trainable_count() == 2 && t.parameter_count() == 32 && t.outputs() == 1);
  static_assert(t.output_activation() == Activation::identity);
  static_assert(check(t).ok());
}

TEST(Topology, TheWidestLayerNeedNotBeTheLast) {
  static_assert(Topology{2, {50}, {3}, {20}}.max_stride() == 64);
  static_assert(Topology{2, {3}, {20}, {50}}.max_stride() == 64);
}
#endif

TEST(Topology, TakesEightLayersAtOnceAndMoreOneByOne) {
  Topology t{3, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}};
  ASSERT_EQ(t.layer_count, 8u);
  for (std::uint32_t l = 8; l < kMaxLayers; ++l) EXPECT_TRUE(t.add({l + 1}).ok());
  for (std::size_t l = 0; l < kMaxLayers; ++l) EXPECT_EQ(t.outputs_of(l), l + 1);
  EXPECT_TRUE(check(t).ok());
  const mote::Result result = t.add({1});
  EXPECT_EQ(result.status, Status::too_many_layers);
  EXPECT_EQ(result.expected, kMaxLayers);
  EXPECT_EQ(t.layer_count, kMaxLayers) << "left as it was";
  EXPECT_TRUE(check(t).ok());
}

TEST(TopologyCheck, RefusesNoLayers) {
  static_assert(check(Topology()).status == Status::no_layers);
  static_assert(Topology().outputs() == 0 && Topology().parameter_count() == 0);
}

TEST(TopologyCheck, RefusesALayerCountThatIsNotItsOwn) {
  Topology t{3, {1}};
  t.layer_count = kMaxLayers + 1;
  EXPECT_EQ(check(t).status, Status::too_many_layers);
  EXPECT_EQ(check(t).expected, kMaxLayers);
}

TEST(TopologyCheck, RefusesSizesOutOfRange) {
  static_assert(check(Topology{0, {3}}).status == Status::layer_size_out_of_range);
  constexpr mote::Result inputs = check(Topology{kMaxLayerSize + 1, {3}});
  static_assert(inputs.status == Status::layer_size_out_of_range);
  static_assert(inputs.found == kMaxLayerSize + 1 && inputs.expected == kMaxLayerSize);
  constexpr mote::Result outputs = check(Topology{3, {2}, {0xffffffffu}});
  static_assert(outputs.status == Status::layer_size_out_of_range && outputs.found == 0xffffffffu);
  static_assert(check(Topology{kMaxLayerSize, {1}}).ok() && check(Topology{1, {kMaxLayerSize}}).ok());
}

TEST(TopologyCheck, RefusesAZeroLayerWhereverItStands) {
  constexpr mote::Result middle = check(Topology{4, sigmoid(3), {0}, softmax(2)});
  static_assert(middle.status == Status::layer_size_out_of_range && middle.found == 0);
  static_assert(check(Topology{4, {0}, {2}}).status == Status::layer_size_out_of_range);
  static_assert(check(Topology{4, {0}}).status == Status::layer_size_out_of_range);
  static_assert(check(Topology{4, {1}, {2}, {3}, {4}, {5}, {6}, {0}, {8}}).status == Status::layer_size_out_of_range);
}

TEST(TopologyCheck, AllowsSoftmaxInTheLastLayerOnly) {
  constexpr mote::Result first = check(Topology{4, softmax(3), softmax(2)});
  static_assert(first.status == Status::softmax_not_last && first.found == 1);
  constexpr mote::Result second = check(Topology{4, sigmoid(3), softmax(3), sigmoid(2)});
  static_assert(second.status == Status::softmax_not_last && second.found == 2);
  static_assert(check(Topology{4, softmax(2)}).ok());
}

TEST(TopologyCheck, AllowsBatchNormalizationInHiddenLayersOnly) {
  static_assert(check(Topology{4, {3, Activation::relu, true}, softmax(2)}).ok());
  static_assert(check(Topology{4, {3, Activation::relu, true}}).status == Status::batch_norm_in_last_layer);
  static_assert(check(Topology{4, sigmoid(2), {3, Activation::softmax, true}}).status ==
                Status::batch_norm_in_last_layer);
}

TEST(TopologyCheck, LargestNetworkIsRefusedOrCountable) {
  Topology t;
  t.inputs = kMaxLayerSize;
  for (std::size_t l = 0; l < kMaxLayers; ++l) ASSERT_TRUE(t.add({kMaxLayerSize}).ok());
  const std::uint64_t floats = (std::uint64_t{kMaxLayerSize} + 1) * (kMaxLayerSize + 16) * kMaxLayers;
  if (sizeof(std::size_t) < 8) {
    EXPECT_EQ(check(t).status, Status::network_too_large);
  } else {
    EXPECT_TRUE(check(t).ok());
    EXPECT_EQ(t.parameter_count(), floats);
    EXPECT_LT(floats, ~std::uint64_t{0} / 16 / sizeof(float)) << "bytes of several such arrays are countable";
  }
}

}  // namespace
