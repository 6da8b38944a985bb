// SPDX-License-Identifier: MIT
#include "mote/flash_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "mote/dataset.hpp"
#include "mote/network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::FlashModel;
using mote::FlashNetwork;
using mote::Half;
using mote::Result;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::test::wide;

template <typename T>
Span<T> span_of(std::vector<T>& v) {
  return {v.data(), v.size()};
}

/// A network with random parameters in every form.
struct Example {
  Topology topology;
  std::vector<float> parameters, weights, biases, factors;
  std::vector<Half> halves;
  std::vector<std::int8_t> bytes;
  std::vector<std::uint8_t> pixels;
  std::vector<float> inputs;

  explicit Example(const Topology& t, float scale = 1.0f) : topology(t) {
    mote::test::Source source(7);
    parameters.assign(t.parameter_count(), 0.0f);
    const auto fill = [&](std::size_t offset, std::size_t columns) {
      for (std::size_t j = 0; j < columns; ++j) parameters[offset + j] = source.uniform(-scale, scale);
    };
    for (std::size_t l = 0; l < t.layer_count; ++l) {
      for (std::size_t i = 0; i < t.inputs_of(l); ++i) fill(t.weights_offset(l) + i * t.stride_of(l), t.outputs_of(l));
      fill(t.biases_offset(l), t.outputs_of(l));
    }
    const std::size_t count = mote::flash_weight_count(t), rows = mote::flash_row_count(t);
    weights.resize(count), halves.resize(count), bytes.resize(count), biases.resize(rows), factors.resize(rows);
    const Span<const float> p{parameters.data(), parameters.size()};
    EXPECT_TRUE(make_flash_weights(t, p, span_of(weights), span_of(biases)).ok());
    EXPECT_TRUE(make_flash_weights(t, p, span_of(halves), span_of(biases)).ok());
    EXPECT_TRUE(make_flash_weights(t, p, span_of(bytes), span_of(biases), span_of(factors)).ok());
    for (std::size_t i = 0; i < t.inputs; ++i) {
      pixels.push_back(source.below(3) == 0 ? 0 : static_cast<std::uint8_t>(source.below(256)));
      inputs.push_back(static_cast<float>(pixels[i]) * (1.0f / 255.0f));
    }
  }
  Span<const float> b() const { return {biases.data(), biases.size()}; }
  FlashModel of_floats() const { return {topology, Span<const float>{weights.data(), weights.size()}, b()}; }
  FlashModel of_halves() const { return {topology, Span<const Half>{halves.data(), halves.size()}, b()}; }
  FlashModel of_bytes() const {
    return {topology, Span<const std::int8_t>{bytes.data(), bytes.size()}, b(),
            Span<const float>{factors.data(), factors.size()}};
  }
};

std::vector<Topology> topologies() {
  return {{784, {30, Activation::sigmoid}, {10, Activation::softmax}},
          {1, {1, Activation::identity}},
          {5, {17, Activation::tanh}, {4, Activation::relu}, {3, Activation::sigmoid}},
          {9, {64, Activation::gelu}, {33, Activation::softplus}, {2, Activation::softmax}}};
}

std::vector<float> answer(const FlashModel& model, const float* inputs, const std::uint8_t* pixels = nullptr) {
  GuardedMemory scratch(mote::flash_network_bytes(model.topology));
  FlashNetwork network;
  EXPECT_TRUE(network.bind(model, scratch.memory()).ok());
  const auto outputs = pixels == nullptr ? network.forward(inputs) : network.forward(pixels, 1.0f / 255.0f);
  EXPECT_TRUE(scratch.intact());
  return {outputs.begin(), outputs.end()};
}

/// Outputs before the last activation, in double precision, with the weights weight_of(layer, index within the layer);
/// hidden activations are relu or identity.
template <typename WeightOf>
std::vector<double> twin(const Example& e, WeightOf weight_of) {
  std::vector<double> x;
  for (const std::uint8_t pixel : e.pixels) x.push_back(pixel / 255.0);
  std::size_t at = 0, row = 0;
  for (std::size_t l = 0; l < e.topology.layer_count; ++l) {
    const std::size_t inputs = e.topology.inputs_of(l), outputs = e.topology.outputs_of(l);
    std::vector<double> z(outputs);
    for (std::size_t j = 0; j < outputs; ++j) {
      z[j] = wide(e.biases[row + j]);
      for (std::size_t k = 0; k < inputs; ++k) z[j] += x[k] * weight_of(at + k * outputs + j, row + j);
      if (e.topology.layers[l].activation == Activation::relu) z[j] = std::max(z[j], 0.0);
    }
    at += inputs * outputs;
    row += (outputs + 15) / 16 * 16;
    x = z;
  }
  return x;
}

class FlashNetworks : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, FlashNetworks, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(FlashNetworks, OfFloatsGivesTheBitsOfANetwork) {
  for (const Topology& topology : topologies()) {
    const Example example(topology);
    GuardedMemory scratch(mote::inference_bytes(topology, 1));
    mote::Network network;
    ASSERT_TRUE(network.bind(topology, {example.parameters.data(), example.parameters.size()}, 1, scratch).ok());
    const auto expected = network.forward(example.inputs.data(), 1).row(0);
    for (const std::uint8_t* pixels : {static_cast<const std::uint8_t*>(nullptr), example.pixels.data()}) {
      const std::vector<float> found = answer(example.of_floats(), example.inputs.data(), pixels);
      ASSERT_EQ(found.size(), expected.size());
      EXPECT_TRUE(mote::test::same_bits(found.data(), expected.data(), found.size())) << topology.inputs;
    }
  }
}

TEST_P(FlashNetworks, OfHalvesGivesTheBitsOfANetworkOfTheFloatsTheyStandFor) {
  for (const Topology& topology : topologies()) {
    Example example(topology);
    for (std::size_t i = 0; i < example.weights.size(); ++i) {
      const std::uint16_t half = example.halves[i].bits;  // by the definition of binary16
      const int exponent = half >> 10 & 31, fraction = half & 1023;
      const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      const double value = (half & 0x8000) != 0 ? -magnitude : magnitude;
      EXPECT_LE(std::fabs(value - wide(example.weights[i])), std::fabs(value) * 0x1p-11 + 0x1p-25);
      example.weights[i] = static_cast<float>(value);
    }
    const std::vector<float> found = answer(example.of_halves(), nullptr, example.pixels.data());
    const std::vector<float> expected = answer(example.of_floats(), example.inputs.data());
    EXPECT_TRUE(mote::test::same_bits(found.data(), expected.data(), found.size()));
  }
}

TEST_P(FlashNetworks, OfBytesIsCloseToItsWeightsInDoublePrecision) {
  for (const Topology& topology :
       {Topology{784, {30, Activation::relu}, {10}}, Topology{3, {5}}, Topology{20, {7}, {6}}}) {
    const Example example(topology);
    const std::vector<double> expected = twin(example, [&](std::size_t index, std::size_t column) {
      EXPECT_LE(std::fabs(wide(example.bytes[index] * example.factors[column]) - wide(example.weights[index])),
                0.5001 * wide(example.factors[column]));
      return static_cast<double>(example.bytes[index]) * wide(example.factors[column]);
    });
    for (const std::uint8_t* pixels : {static_cast<const std::uint8_t*>(nullptr), example.pixels.data()}) {
      const std::vector<float> found = answer(example.of_bytes(), example.inputs.data(), pixels);
      for (std::size_t j = 0; j < found.size(); ++j)
        EXPECT_NEAR(wide(found[j]), expected[j], 1e-4 * (1 + std::fabs(expected[j])));
    }
  }
}

TEST_P(FlashNetworks, OfBytesAddsTheLargestSumsExactly) {
  const std::size_t inputs = 65536;
  const Topology topology{static_cast<std::uint32_t>(inputs), {1}};
  const std::vector<std::int8_t> weights(inputs, -127);
  const std::vector<float> biases(16), factors(16, 1.0f);
  const std::vector<std::uint8_t> pixels(inputs, 255);
  const FlashModel model{topology, Span<const std::int8_t>{weights.data(), inputs},
                         Span<const float>{biases.data(), 16}, Span<const float>{factors.data(), 16}};
  GuardedMemory scratch(mote::flash_network_bytes(topology));
  FlashNetwork network;
  ASSERT_TRUE(network.bind(model, scratch.memory()).ok());
  EXPECT_EQ(network.forward(pixels.data(), 1.0f)[0], -2122383360.0f) << "65536 * 255 * 127 has 24 digits";
}

TEST(FlashConversion, RoundsHalvesToNearestTiesToEven) {
  const Topology topology{1, {1}};
  const auto half_of = [&](float weight) {
    std::vector<float> parameters(topology.parameter_count()), biases(16);
    parameters[0] = weight;
    std::vector<Half> halves(1);
    const Result result =
        make_flash_weights(topology, {parameters.data(), parameters.size()}, span_of(halves), span_of(biases));
    EXPECT_TRUE(result.ok()) << wide(weight);
    return halves[0].bits;
  };
  EXPECT_EQ(half_of(0.0f), 0x0000);
  EXPECT_EQ(half_of(-0.0f), 0x8000);
  EXPECT_EQ(half_of(1.0f), 0x3c00);
  EXPECT_EQ(half_of(-2.0f), 0xc000);
  EXPECT_EQ(half_of(65504.0f), 0x7bff);
  EXPECT_EQ(half_of(65519.0f), 0x7bff);
  EXPECT_EQ(half_of(1.0f + 0x1p-11f), 0x3c00) << "a tie, to the even one below";
  EXPECT_EQ(half_of(1.0f + 3 * 0x1p-11f), 0x3c02) << "a tie, to the even one above";
  EXPECT_EQ(half_of(1.0f + 0x1.002p-11f), 0x3c01);
  EXPECT_EQ(half_of(0x1p-14f), 0x0400) << "the smallest normal one";
  EXPECT_EQ(half_of(0x1p-24f), 0x0001) << "the smallest of all";
  EXPECT_EQ(half_of(0x1p-25f), 0x0000) << "a tie";
  EXPECT_EQ(half_of(0x1.8p-24f), 0x0002) << "a tie";
  EXPECT_EQ(half_of(0x1.ffcp-15f), 0x0400) << "rounds up to a normal one";
  EXPECT_EQ(half_of(-0x1p-149f), 0x8000);
}

TEST(FlashConversion, RefusesWhatTheFormatCannotHold) {
  const Topology topology{3, {2}};
  std::vector<float> parameters(topology.parameter_count()), biases(16), factors(16), floats(6);
  std::vector<Half> halves(6);
  std::vector<std::int8_t> bytes(6);
  parameters[topology.stride_of(0) + 1] = 65520.0f;  // the fourth weight
  const Span<const float> p{parameters.data(), parameters.size()};
  const Result too_large = make_flash_weights(topology, p, span_of(halves), span_of(biases));
  EXPECT_EQ(too_large.status, Status::weight_out_of_range);
  EXPECT_EQ(too_large.found, 3u);
  EXPECT_TRUE(make_flash_weights(topology, p, span_of(bytes), span_of(biases), span_of(factors)).ok());
  EXPECT_EQ(bytes[3], 127);
  EXPECT_EQ(bytes[0], 0) << "a column of zeros";
  parameters[topology.stride_of(0) + 1] = 127.0f;
  EXPECT_TRUE(make_flash_weights(topology, p, span_of(bytes), span_of(biases), span_of(factors)).ok());
  EXPECT_EQ(bytes[3], 127) << "a factor of 1";
  parameters[0] = NAN;
  EXPECT_EQ(make_flash_weights(topology, p, span_of(halves), span_of(biases)).status, Status::weight_out_of_range);
  EXPECT_EQ(make_flash_weights(topology, p, span_of(bytes), span_of(biases), span_of(factors)).status,
            Status::weight_out_of_range);
  floats.pop_back();
  const Result short_of_one = make_flash_weights(topology, p, span_of(floats), span_of(biases));
  EXPECT_EQ(short_of_one.status, Status::model_size_mismatch);
  EXPECT_EQ(short_of_one.found, 5u);
  EXPECT_EQ(short_of_one.expected, 6u);
}

TEST(FlashNetworkBind, RefusesModelsAndMemoryThatDoNotFit) {
  const Example example({5, {17, Activation::tanh}, {3, Activation::softmax}});
  const std::size_t bytes = mote::flash_network_bytes(example.topology);
  GuardedMemory scratch(bytes);
  FlashNetwork network;
  FlashModel model = example.of_floats();
  EXPECT_EQ(network.bind(model, scratch.memory().subspan(0, bytes - 1)).status, Status::memory_too_small);
  const Span<const std::int8_t> bytes_of_it{example.bytes.data(), example.bytes.size()};
  model = {example.topology, bytes_of_it, example.b(), {}};
  EXPECT_EQ(network.bind(model, scratch.memory()).status, Status::model_size_mismatch);
  model = {example.topology, bytes_of_it.subspan(1, example.bytes.size() - 1), example.b(), example.b()};
  EXPECT_EQ(network.bind(model, scratch.memory()).expected, 5u * 17u + 17u * 3u);
  Topology normalized = example.topology;
  normalized.layers[0].batch_norm = true;
  model = {normalized, bytes_of_it, example.b(), example.b()};
  EXPECT_EQ(network.bind(model, scratch.memory()).status, Status::batch_norm_not_folded);
}

TEST(FlashNetworkBind, ComputesTheFirstLayersWhenAskedTo) {
  const Example example({5, {17, Activation::tanh}, {3, Activation::softmax}});
  GuardedMemory scratch(mote::flash_network_bytes(example.topology));
  FlashNetwork first;
  const FlashModel model = example.of_floats();
  ASSERT_TRUE(first.bind(model, 1, scratch.memory()).ok());
  const auto hidden = first.forward(example.inputs.data());
  ASSERT_EQ(hidden.size(), 17u);
  for (std::size_t j = 0; j < 17; ++j) {
    double z = wide(example.biases[j]);
    for (std::size_t k = 0; k < 5; ++k) z += wide(example.inputs[k]) * wide(example.weights[k * 17 + j]);
    EXPECT_NEAR(wide(hidden[j]), std::tanh(z), 1e-6);
  }
}

/// verify(), and in slices of any size.
Result verify_in_every_way(const FlashNetwork& network, const mote::Golden& golden) {
  const Result whole = verify(network, golden);
  for (const std::size_t work : {1u, 7u, 50u, 1000u}) {
    mote::Verification verification(network, golden);
    std::size_t slices = 1;
    while (!verification.advance(work)) ++slices;
    EXPECT_EQ(verification.result().status, whole.status) << work;
    EXPECT_EQ(verification.result().found, whole.found) << work;
    if (work == 1) {
      EXPECT_GE(slices, network.model().weight_count);
    }
    if (work == 1000) {
      EXPECT_EQ(slices, 1u);
    }
  }
  return whole;
}

TEST(Golden, TellsADamagedModelAndAWrongAnswer) {
  Example example({5, {17, Activation::tanh}, {3, Activation::softmax}});
  const FlashModel model = example.of_bytes();
  GuardedMemory scratch(mote::flash_network_bytes(example.topology));
  FlashNetwork network;
  ASSERT_TRUE(network.bind(model, scratch.memory()).ok());
  std::vector<float> outputs = answer(model, nullptr, example.pixels.data());
  mote::Golden golden{example.pixels.data(), 1.0f / 255.0f, outputs.data(), mote::arithmetic_is_fused(),
                      mote::checksum(model)};
  EXPECT_TRUE(verify_in_every_way(network, golden).ok());
  const float right = outputs[1];
  outputs[1] = std::nextafter(right, 2.0f);
  EXPECT_EQ(verify_in_every_way(network, golden).status, Status::golden_mismatch);
  EXPECT_EQ(verify_in_every_way(network, golden).found, 1u);
  golden.fused = !golden.fused;
  EXPECT_TRUE(verify_in_every_way(network, golden).ok()) << "the other arithmetic rounds differently";
  outputs[1] = right + 0.99f * 0x1p-12f * (1.0f + right);
  EXPECT_TRUE(verify_in_every_way(network, golden).ok());
  outputs[1] = right + 0.01f;
  EXPECT_EQ(verify_in_every_way(network, golden).status, Status::golden_mismatch);
  outputs[1] = NAN;
  EXPECT_EQ(verify_in_every_way(network, golden).status, Status::golden_mismatch);
  outputs[1] = right;
  example.bytes[40] ^= 1;
  EXPECT_EQ(verify_in_every_way(network, golden).status, Status::model_damaged);
  example.bytes[40] ^= 1;
  example.factors[16] *= 1.5f;
  EXPECT_EQ(verify_in_every_way(network, golden).status, Status::model_damaged);
  example.factors[16] /= 1.5f;
  EXPECT_TRUE(verify_in_every_way(network, golden).status != Status::model_damaged);
  example.biases[0] += 1.0f;
  EXPECT_EQ(verify_in_every_way(network, golden).status, Status::model_damaged);
}

TEST(FlashConversion, RefusesBiasesAndFactorsOfAnotherSize) {
  const Topology topology{3, {2}};
  const std::size_t rows = mote::flash_row_count(topology);
  std::vector<float> parameters(topology.parameter_count()), floats(6), right(rows), wrong(rows + 1);
  std::vector<std::int8_t> bytes(6);
  const Span<const float> p{parameters.data(), parameters.size()};
  for (const Result& result : {make_flash_weights(topology, p, span_of(floats), span_of(wrong)),
                               make_flash_weights(topology, p, span_of(bytes), span_of(wrong), span_of(right)),
                               make_flash_weights(topology, p, span_of(bytes), span_of(right), span_of(wrong))}) {
    EXPECT_EQ(result.status, Status::model_size_mismatch);
    EXPECT_EQ(result.found, rows + 1);
    EXPECT_EQ(result.expected, rows);
  }
}

TEST_P(FlashNetworks, OfBytesAddsLargerSumsThanIntegersHold) {
  const Topology topology{70000, {1}};
  const std::vector<std::int8_t> weights(70000, 127);
  const std::vector<std::uint8_t> pixels(70000, 255);
  const std::vector<float> biases(mote::flash_row_count(topology)), factors(biases.size(), 1.0f);
  const FlashModel model(topology, Span<const std::int8_t>{weights.data(), weights.size()},
                         Span<const float>{biases.data(), biases.size()},
                         Span<const float>{factors.data(), factors.size()});
  const std::vector<float> outputs = answer(model, nullptr, pixels.data());
  EXPECT_NEAR(outputs[0] / (70000.0f * 127.0f), 1.0f, 1e-3f) << "of 255 / 255 each";
}

}  // namespace
