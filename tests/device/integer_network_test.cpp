// SPDX-License-Identifier: MIT
#include "mote/integer_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

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

TEST(IntegerArgmax, IsTheFirstOfTheLargest) {
  const std::int8_t values[] = {-5, 3, 3, -128};
  EXPECT_EQ(mote::argmax(Span<const std::int8_t>(values, 4)), 1u);
}

}  // namespace
