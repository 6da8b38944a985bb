// SPDX-License-Identifier: MIT
#include "mote/integer_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "mote/integer_conversion.hpp"
#include "support/guarded_memory.hpp"
#include "support/integer_layer.hpp"

namespace {

using integers::Bytes;
using integers::Layer;
using mote::IntegerLayer;
using mote::IntegerModel;
using mote::IntegerNetwork;
using mote::Quantization;
using mote::Span;
using mote::Status;

/// Layers of given sizes whose outputs are the sums of their inputs.
struct Chain {
  std::vector<Layer> layers;
  std::vector<IntegerLayer> views;
  IntegerModel model;

  explicit Chain(const std::vector<std::uint32_t>& sizes) {
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
      Layer layer;
      layer.view.inputs = sizes[l];
      layer.view.outputs = sizes[l + 1];
      layer.weights.assign(sizes[l] * sizes[l + 1], 1);
      layer.biases.assign(sizes[l + 1], 0);
      layer.multipliers.assign(sizes[l + 1], 1 << 30);
      layer.shifts.assign(sizes[l + 1], 1);
      layers.push_back(layer);
    }
    for (Layer& layer : layers) {
      layer.connect(0);
      views.push_back(layer.view);
    }
    model.layers = {views.data(), views.size()};
  }
};

TEST(IntegerNetwork, RunsLayerAfterLayerInExactlyItsMemory) {
  const Chain chain({3, 5, 2, 7, 1});
  const std::size_t bytes = mote::integer_network_bytes(chain.model.layers);
  EXPECT_EQ(bytes, 7u + 2u) << "rows for layers 0 and 2, and for layers 1 and 3";
  GuardedMemory scratch(bytes);
  IntegerNetwork network;
  ASSERT_TRUE(network.bind(chain.model, scratch.memory()).ok());
  const std::int8_t inputs[3] = {1, -2, 2};
  const Span<const std::int8_t> outputs = network.forward(inputs);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0], 1 * 5 * 2 * 7);
  EXPECT_TRUE(scratch.intact());
}

TEST(IntegerNetwork, RejectsLayersThatDoNotFitAndTooLittleMemory) {
  Chain chain({3, 5, 2});
  GuardedMemory scratch(7);
  IntegerNetwork network;
  EXPECT_EQ(network.bind(chain.model, scratch.memory().subspan(0, 6)).status, Status::memory_too_small);
  chain.views[1].inputs = 4;
  EXPECT_EQ(network.bind(chain.model, scratch.memory()).status, Status::input_size_mismatch);
  chain.views[0].outputs = 0;
  EXPECT_EQ(network.bind(chain.model, scratch.memory()).status, Status::layer_size_out_of_range);
  chain.model.layers = {};
  EXPECT_EQ(network.bind(chain.model, scratch.memory()).status, Status::no_layers);
}

TEST(Quantize, RoundsToNearestAndClamps) {
  const float x[] = {0.0f, 0.24f, 0.25f, -0.25f, 63.4f, 64.0f, -1e30f, 1e30f, NAN};
  std::int8_t q[9];
  mote::quantize(x, 9, Quantization{0.5f, 1}, q);
  const Bytes wanted = {1, 1, 2, 0, 127, 127, -128, 127, 1};
  EXPECT_EQ(Bytes(q, q + 9), wanted);
}

TEST(Quantize, TakesTheFirstSampleOfAnyType) {
  const std::uint8_t bytes[] = {0, 1, 128, 255};
  std::int8_t q[4];
  mote::quantize(mote::Inputs(bytes, 1, 4, 1.0f / 255.0f), Quantization{1.0f / 255.0f, -128}, q);
  EXPECT_EQ(Bytes(q, q + 4), (Bytes{-128, -127, 0, 127}));
  mote::quantize(mote::Inputs(bytes, 1, 4, 0.5f), Quantization{1.0f, -128}, q);
  EXPECT_EQ(Bytes(q, q + 4), (Bytes{-128, -127, -64, 0}));
  const std::int16_t readings[] = {-1000, 0, 1000, 9000};
  mote::quantize(mote::Inputs(readings, 1, 4, 0.001f).set_offset(500.0f), Quantization{0.05f, 3}, q);
  EXPECT_EQ(Bytes(q, q + 4), (Bytes{-27, -7, 13, 127}));
  const float offsets[] = {0.0f, 1.0f}, scales[] = {1.0f, 10.0f};
  const std::int8_t small[] = {-7, 2};
  mote::quantize(mote::Inputs(small, 1, 2, 1.0f).set_transformation(offsets, scales), Quantization{1.0f, 0}, q);
  EXPECT_EQ(Bytes(q, q + 2), (Bytes{-7, 10}));
}

TEST(IntegerSoftmax, IsTheRoundedSoftmax) {
  std::uint16_t exponentials[256];
  constexpr float kScale = 0.07f;
  mote::make_exponentials(kScale, {exponentials, 256});
  const Bytes z = {-128, -20, 0, 31, 127, 100, 126};
  double sum = 0.0;
  for (const std::int8_t value : z) sum += std::exp(static_cast<double>(kScale) * value);
  Bytes p = z;
  mote::softmax({z.data(), z.size()}, exponentials, p.data());
  for (std::size_t j = 0; j < z.size(); ++j) {
    const double wanted = std::exp(static_cast<double>(kScale) * z[j]) / sum * 256.0 - 128.0;
    EXPECT_NEAR(p[j], std::round(wanted), std::abs(wanted - std::round(wanted)) > 0.49 ? 1.0 : 0.0) << j;
  }
  std::int8_t one = 5;
  mote::softmax({&one, 1}, exponentials, &one);
  EXPECT_EQ(one, 127) << "256/256 is clamped";
}

TEST(IntegerVerify, FindsDamageAndOtherOutputs) {
  Chain chain({3, 5, 2});
  GuardedMemory scratch(mote::integer_network_bytes(chain.model.layers));
  IntegerNetwork network;
  ASSERT_TRUE(network.bind(chain.model, scratch.memory()).ok());
  const std::int8_t inputs[3] = {1, -2, 3};
  std::int8_t outputs[2] = {10, 10};
  const std::uint32_t crc = mote::checksum(chain.model);
  EXPECT_TRUE(mote::verify(network, {inputs, outputs, crc}).ok());
  outputs[1] = 11;
  const mote::Result result = mote::verify(network, {inputs, outputs, crc});
  EXPECT_EQ(result.status, Status::golden_mismatch);
  EXPECT_EQ(result.found, 1u);
  for (std::int8_t* byte : {&chain.layers[1].weights[3], &chain.layers[0].shifts[4]}) {
    *byte = static_cast<std::int8_t>(*byte ^ 64);
    EXPECT_EQ(mote::verify(network, {inputs, outputs, crc}).status, Status::model_damaged);
    *byte = static_cast<std::int8_t>(*byte ^ 64);
  }
  for (std::int32_t* number : {&chain.layers[0].biases[0], &chain.layers[1].multipliers[1]}) {
    *number ^= 1 << 20;
    EXPECT_EQ(mote::verify(network, {inputs, outputs, crc}).status, Status::model_damaged);
    *number ^= 1 << 20;
  }
}

TEST(IntegerNetwork, CallsTheProductOfTheModel) {
  Chain chain({3, 5, 2});
  chain.model.product = [](const IntegerLayer& layer, const std::int8_t*, std::int8_t* y) {
    for (std::size_t j = 0; j < layer.outputs; ++j) y[j] = 42;
  };
  GuardedMemory scratch(mote::integer_network_bytes(chain.model.layers));
  IntegerNetwork network;
  ASSERT_TRUE(network.bind(chain.model, scratch.memory()).ok());
  const std::int8_t inputs[3] = {1, -2, 3};
  EXPECT_EQ(network.forward(inputs)[1], 42);
}

TEST(Quantize16, RoundsToNearestAndClampsAtTheLimitOfTheNextLayer) {
  const float x[] = {0.0f, 0.24f, 0.25f, -0.25f, 499.9f, 500.1f, -500.1f, -1e30f, 1e30f, NAN};
  const Quantization to{0.5f, 0, 1000};
  std::int16_t q[10];
  mote::quantize(x, 10, to, q);
  EXPECT_EQ(std::vector<std::int16_t>(q, q + 10),
            (std::vector<std::int16_t>{0, 0, 1, -1, 1000, 1000, -1000, -1000, 1000, 0}));
  const std::uint8_t bytes[] = {0, 1, 255};
  mote::quantize(mote::Inputs(bytes, 1, 3, 0.5f), Quantization{0.5f, 0, 200}, q);
  EXPECT_EQ(std::vector<std::int16_t>(q, q + 3), (std::vector<std::int16_t>{0, 1, 200}));
  const std::int16_t readings[] = {-32768, 32767};
  mote::quantize(mote::Inputs(readings, 1, 2, 1.0f), Quantization{}, q);
  EXPECT_EQ(std::vector<std::int16_t>(q, q + 2), (std::vector<std::int16_t>{-32767, 32767}));
}

/// y = 100 x0 + 100 x1, then a table of 257 entries.
TEST(IntegerNetwork16, RunsInAlignedMemoryAndVerifies) {
  const std::int8_t weights[] = {100, 100, 1}, shifts[] = {1, 1};
  const std::int32_t biases[] = {0, 0}, multipliers[] = {1 << 30, 1 << 30};
  std::int16_t table[257];
  for (std::int32_t i = 0; i < 257; ++i) table[i] = static_cast<std::int16_t>(40 * (i - 128));
  mote::IntegerLayer16 layers[2];
  for (mote::IntegerLayer16& layer : layers) {
    layer.inputs = &layer == layers ? 2 : 1;
    layer.outputs = 1;
    layer.weights = &layer == layers ? weights : weights + 2;
    layer.biases = biases;
    layer.multipliers = multipliers;
    layer.shifts = shifts;
  }
  layers[1].table = table;
  mote::IntegerModel16 model;
  model.layers = layers;
  GuardedMemory scratch(mote::integer_network_bytes(model.layers) + 1);
  ASSERT_EQ(scratch.memory().size(), 5u) << "a row for each layer, and a byte";
  mote::IntegerNetwork16 network;
  EXPECT_EQ(network.bind(model, scratch.memory().subspan(1, 4)).status, Status::memory_misaligned);
  EXPECT_EQ(network.bind(model, scratch.memory().subspan(0, 3)).status, Status::memory_too_small);
  ASSERT_TRUE(network.bind(model, scratch.memory().subspan(0, 4)).ok());
  const std::int16_t inputs[] = {-12, 20};
  std::int16_t outputs[] = {125};  // 800 * 40 / 256
  EXPECT_EQ(network.forward(inputs)[0], 125);
  EXPECT_TRUE(scratch.intact());
  const std::uint32_t crc = mote::checksum(model);
  EXPECT_TRUE(mote::verify(network, {inputs, outputs, crc}).ok());
  table[256] = 1;
  EXPECT_EQ(mote::verify(network, {inputs, outputs, crc}).status, Status::model_damaged);
  table[256] = 40 * 128;
  outputs[0] = 124;
  EXPECT_EQ(mote::verify(network, {inputs, outputs, crc}).status, Status::golden_mismatch);
}

TEST(IntegerArgmax, IsTheFirstOfTheLargest) {
  const std::int8_t values[] = {-5, 3, 3, -128};
  EXPECT_EQ(mote::argmax(Span<const std::int8_t>(values, 4)), 1u);
  const std::int16_t wide[] = {-5, 300, 3, 300};
  EXPECT_EQ(mote::argmax(wide), 1u);
}

}  // namespace
