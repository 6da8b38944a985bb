// SPDX-License-Identifier: MIT
#include "mote/folding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "mote/network.hpp"
#include "support/double_network.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::ElementType;
using mote::Inputs;
using mote::Status;
using mote::Topology;
using Floats = std::vector<float>;

constexpr std::size_t kSamples = 40;
const Topology kTopology{7, {33, Activation::tanh}, {5, Activation::gelu}, {3, Activation::identity}};

mote::Span<float> span_of(Floats& floats) {
  return {floats.data(), floats.size()};
}

Floats parameters_of(const Topology& topology) {
  Floats parameters(topology.parameter_count());
  twin::randomize(topology, 3, span_of(parameters));
  return parameters;
}

/// Outputs of a network of double precision; element(i, k): input k of sample i.
template <typename Element>
std::vector<twin::Vector> outputs_of(const Topology& topology, const twin::Parameters& parameters, Element element) {
  std::vector<twin::Vector> rows;
  for (std::size_t i = 0; i < kSamples; ++i) {
    twin::Vector a;
    for (std::size_t k = 0; k < topology.inputs; ++k) a.push_back(element(i, k));
    for (std::size_t l = 0; l < topology.layer_count; ++l) {
      twin::Vector z = parameters.biases[l];
      for (std::size_t j = 0; j < z.size(); ++j) {
        for (std::size_t k = 0; k < a.size(); ++k) z[j] += a[k] * parameters.weights[l][k * z.size() + j];
      }
      a = twin::activate(topology.layers[l].activation, z);
    }
    rows.push_back(a);
  }
  return rows;
}

/// Samples of one type, each feature with a range of its own, and its mean and deviation.
template <typename T>
struct Elements {
  std::vector<T> data;
  Floats offsets, scales;

  Elements() {
    mote::test::Source source(11);
    const bool is_signed = std::numeric_limits<T>::is_signed, is_byte = sizeof(T) == 1;
    for (std::size_t k = 0; k < kTopology.inputs; ++k) {
      const float size = is_byte ? 40.0f : 700.0f * static_cast<float>(k + 1);
      offsets.push_back((is_signed && k % 2 == 1 ? -1.0f : 1.0f) * 1.75f * size);
      scales.push_back(1.7f / size);
    }
    for (std::size_t i = 0; i < kSamples * kTopology.inputs; ++i) {
      const std::size_t k = i % kTopology.inputs;
      data.push_back(static_cast<T>(offsets[k] + source.uniform(-1.7f, 1.7f) / scales[k]));
    }
  }
  Inputs inputs() const { return Inputs(data.data(), kSamples, kTopology.inputs, 1.0f); }
};

/// The folded network on elements against the network in double precision on transformed elements.
void expect_equal_answers(const Inputs& inputs, const std::string& name) {
  Floats folded = parameters_of(kTopology);
  const twin::Parameters before = twin::unpack(kTopology, span_of(folded));
  ASSERT_TRUE(mote::fold_inputs(kTopology, inputs, span_of(folded)).ok()) << name;
  GuardedMemory scratch(mote::inference_bytes(kTopology, kSamples));
  mote::Network network;
  ASSERT_TRUE(network.bind(kTopology, span_of(folded), kSamples, scratch).ok());
  Floats raw;
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t k = 0; k < kTopology.inputs; ++k) raw.push_back(mote::element_at(inputs, i, k));
  }
  const mote::MatrixView found = network.forward(raw.data(), kSamples);
  const std::vector<twin::Vector> expected = outputs_of(kTopology, before, [&](std::size_t i, std::size_t k) {
    const bool of_each = inputs.scales != nullptr;
    const float offset = of_each ? inputs.offsets[k] : inputs.offset, scale = of_each ? inputs.scales[k] : inputs.scale;
    return (static_cast<double>(mote::element_at(inputs, i, k)) - static_cast<double>(offset)) *
           static_cast<double>(scale);
  });
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t j = 0; j < kTopology.outputs(); ++j) {
      ASSERT_NEAR(static_cast<double>(found.row(i)[j]), expected[i][j], 1e-5) << name << " sample " << i;
    }
  }
}

template <typename T>
void expect_equal_answers(const std::string& name) {
  const Elements<T> elements;
  expect_equal_answers(elements.inputs().set_transformation(elements.offsets.data(), elements.scales.data()), name);
  Inputs one = elements.inputs().set_offset(elements.offsets[0]);
  one.scale = elements.scales[6];
  expect_equal_answers(one, name + ", one for all");
}

TEST(Folding, AnswersToElementsAsTheNetworkDidToTransformedInputs) {
  expect_equal_answers<std::uint8_t>("uint8");
  expect_equal_answers<std::int8_t>("int8");
  expect_equal_answers<std::int16_t>("int16");
  expect_equal_answers<float>("float32");
}

TEST(Folding, TurnsAnswersIntoTheUnitsOfTargets) {
  const float offsets[] = {1200.0f, -3.5f, 0.0f}, scales[] = {1.0f / 300.0f, -8.0f, 1.0f};
  Floats folded = parameters_of(kTopology);
  const twin::Parameters before = twin::unpack(kTopology, span_of(folded));
  ASSERT_TRUE(mote::fold_targets(kTopology, offsets, scales, span_of(folded)).ok());
  const twin::Parameters after = twin::unpack(kTopology, span_of(folded));
  EXPECT_EQ(after.weights[0], before.weights[0]);
  EXPECT_EQ(after.biases[1], before.biases[1]);
  const twin::Batch batch = twin::random_batch(kTopology, kSamples, 4);
  const auto input = [&](std::size_t i, std::size_t k) {
    return static_cast<double>(batch.inputs[i * kTopology.inputs + k]);
  };
  const auto trained = outputs_of(kTopology, before, input), found = outputs_of(kTopology, after, input);
  for (std::size_t i = 0; i < kSamples; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const double expected = static_cast<double>(offsets[j]) + trained[i][j] / static_cast<double>(scales[j]);
      EXPECT_NEAR(found[i][j], expected,
                  1e-6 * (std::fabs(expected) + std::fabs(1.0 / static_cast<double>(scales[j]))));
    }
  }
}

TEST(Folding, FoldsBothIntoASingleLayer) {
  const Topology line{1, {1, Activation::identity}};
  Floats parameters(line.parameter_count());
  parameters[0] = 2.0f, parameters[line.biases_offset(0)] = 1.0f;
  Inputs inputs;
  inputs.offset = 10.0f, inputs.scale = 0.5f;
  const float offset[] = {100.0f}, scale[] = {0.25f};
  ASSERT_TRUE(mote::fold_inputs(line, inputs, span_of(parameters)).ok());
  ASSERT_TRUE(mote::fold_targets(line, offset, scale, span_of(parameters)).ok());
  EXPECT_EQ(parameters[0], 4.0f);                       // 2 * 0.5 / 0.25
  EXPECT_EQ(parameters[line.biases_offset(0)], 64.0f);  // (1 - 10) / 0.25 + 100
}

TEST(Folding, RejectsWithoutAChange) {
  const Floats before = parameters_of(kTopology);
  Floats parameters = before;
  const auto fold = [&](const Inputs& inputs) { return mote::fold_inputs(kTopology, inputs, span_of(parameters)); };
  Floats offsets(7, 0.0f), scales(7, 1.0f);
  Inputs each(nullptr, ElementType::float32, 0, 7, 1.0f);
  each.set_transformation(offsets.data(), scales.data());
  scales[5] = 0.0f;
  EXPECT_EQ(fold(each).status, Status::bad_input_scale);
  EXPECT_EQ(fold(each).found, 5u);
  scales[5] = 3e38f, parameters[5 * kTopology.stride_of(0) + 32] = 2.0f;
  const Floats large = parameters;
  EXPECT_EQ(fold(each).status, Status::not_finite);
  EXPECT_EQ(parameters, large);
  parameters = before;
  scales[5] = 1.0f, each.features = 6;
  EXPECT_EQ(fold(each).status, Status::input_size_mismatch);
  EXPECT_EQ(mote::fold_inputs(kTopology, {}, span_of(parameters).subspan(0, 10)).status, Status::memory_too_small);
  const Topology normed{7, {3, Activation::tanh, true}, {2}};
  Floats other(normed.parameter_count());
  EXPECT_EQ(mote::fold_inputs(normed, {}, span_of(other)).status, Status::batch_norm_not_folded);

  const float tiny[] = {1.0f, 1e-39f, 1.0f}, zero[] = {0.0f, 0.0f, 0.0f}, one[] = {1.0f};
  parameters[kTopology.biases_offset(2) + 1] = 1.0f;
  const Floats last = parameters;
  const mote::Result result = mote::fold_targets(kTopology, zero, tiny, span_of(parameters));
  EXPECT_EQ(result.status, Status::not_finite);
  EXPECT_EQ(result.expected, 2u);
  EXPECT_EQ(mote::fold_targets(kTopology, zero, zero, span_of(parameters)).status, Status::bad_input_scale);
  EXPECT_EQ(mote::fold_targets(kTopology, zero, one, span_of(parameters)).status, Status::memory_too_small);
  EXPECT_EQ(parameters, last);
  const Topology softmax{1, {1, Activation::softmax}};
  Floats few(softmax.parameter_count());
  EXPECT_EQ(mote::fold_targets(softmax, one, one, span_of(few)).status, Status::loss_activation_mismatch);
}

}  // namespace
