// SPDX-License-Identifier: MIT
// Tensors that not every network needs: the transformation of each feature, and biases before batch normalization.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mote/model_file.hpp"
#include "support/model_support.hpp"
#include "support/support.hpp"

namespace {

using model::kPlain;
using model::kSquare;
using model::Model;
using model::name_of;
using model::with;
using mote::Activation;
using mote::ModelDescription;
using mote::Result;
using mote::Status;
using mote::Topology;
using Floats = std::vector<float>;

TEST(ModelTensor, KeepsTheTransformationOfEachFeatureInMemoryOfAnyAlignment) {
  const float offsets[] = {-1.5f, 1e-40f, 3e38f}, scales[] = {0.1f, -7.0f, 1e-30f};
  Model written(kPlain);
  written.description.take_transformation(mote::Inputs(scales, 1, 3).set_transformation(offsets, scales));
  const std::string file = written.written();
  EXPECT_EQ(model::header_of(file).find("input_scale"), std::string::npos) << "which they replace";
  const mote::Bytes bytes = model::bytes_of(file);
  for (std::size_t skipped = 0; skipped < 8; ++skipped) {
    std::vector<unsigned char> memory(10000);
    ModelDescription read;
    const auto read_in = [&](std::size_t size) {
      return read_model_description(mote::source_of(bytes), {memory.data() + skipped, size}, read);
    };
    const Result small = read_in(model::header_size(file));
    ASSERT_EQ(small.status, Status::memory_too_small);
    ASSERT_LT(small.expected, file.size());
    ASSERT_EQ(read_in(static_cast<std::size_t>(small.expected) - 1).status, Status::memory_too_small);
    ASSERT_TRUE(read_in(static_cast<std::size_t>(small.expected)).ok());
    const unsigned char* end = memory.data() + skipped + small.expected;
    ASSERT_EQ(reinterpret_cast<const unsigned char*>(read.input_scales.data() + 3), end);
    mote::Inputs samples;
    read.set_transformation(samples);
    EXPECT_EQ(Floats(samples.offsets, samples.offsets + 3), Floats(offsets, offsets + 3));
    EXPECT_EQ(Floats(samples.scales, samples.scales + 3), Floats(scales, scales + 3));
  }
  Model loaded(kPlain);
  loaded.parameters.assign(loaded.parameters.size(), 0.0f);
  EXPECT_TRUE(loaded.read(file).ok());
  EXPECT_EQ(loaded.parameters, written.parameters);
}

TEST(ModelTensor, RejectsATransformationThatNoSamplesHave) {
  const std::string file = Model(kPlain).written();
  const Floats ones{1.0f, 1.0f, 1.0f};
  Floats bad = ones;
  ModelDescription read;
  for (const float x : {0.0f, mote::test::kInf, mote::test::kNotANumber}) {
    bad[2] = x;
    const std::string wrong = with(file, {{"inputs.offset", ones}, {"inputs.scale", bad}});
    const Result result = model::read_description(wrong, read);
    EXPECT_EQ(result.status, Status::model_number) << x;
    EXPECT_EQ(name_of(read.topology, result.found), "inputs.scale");
    Model loaded(kPlain);
    EXPECT_EQ(loaded.read(wrong).status, Status::model_number) << x;
  }
  const Result alone = model::read_description(with(file, {{"inputs.offset", ones}}), read);
  EXPECT_EQ(alone.status, Status::model_tensor);
  EXPECT_EQ(alone.found, 0u);
  EXPECT_EQ(name_of(read.topology, alone.expected), "inputs.scale");
  const Result size = model::read_description(with(file, {{"inputs.offset", {1.0f}}, {"inputs.scale", ones}}), read);
  EXPECT_EQ(size.status, Status::model_tensor);
  EXPECT_EQ(name_of(read.topology, size.expected), "inputs.offset");
  EXPECT_EQ(model::read_description(with(file, {{"inputs.mean", ones}}), read).expected,
            mote::known_model_tensors(kPlain));

  Model model(kPlain);
  std::string none;
  model.description.input_offset = mote::test::kInf;
  EXPECT_EQ(model.write(none).status, Status::model_metadata);
  model = Model(kPlain);
  model.description.input_offsets = model.description.input_scales = {bad.data(), 2};
  EXPECT_EQ(model.write(none).status, Status::memory_too_small);
  model.description.input_offsets = {ones.data(), 3}, model.description.input_scales = {};
  const mote::Result half = model.write(none);
  EXPECT_EQ(half.status, Status::memory_too_small);
  EXPECT_EQ(half.found, 0u) << "it names the scales, not the offsets";
  model.description.input_scales = {bad.data(), 3};
  EXPECT_EQ(model.write(none).status, Status::model_number);
  EXPECT_TRUE(none.empty());
}

TEST(ModelTensor, SubtractsBiasesBeforeANormalizationFromItsMeans) {
  const Model written(kSquare);
  const Floats biases{0.5f, -1.0f, 100.0f, 0.0f};
  Model read(kSquare);
  ASSERT_TRUE(read.read(with(written.written(), {{"layers.1.bias", biases}})).ok());
  EXPECT_EQ(read.parameters, written.parameters);
  for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(read.running[j], written.running[j] - biases[j]);
  EXPECT_EQ(Floats(read.running.begin() + 4, read.running.end()),
            Floats(written.running.begin() + 4, written.running.end()));

  const float large = 3e38f;
  Model huge(kSquare);
  huge.running[1] = -large;
  const Result result = read.read(with(huge.written(), {{"layers.1.bias", {0.0f, large, 0.0f, 0.0f}}}));
  EXPECT_EQ(result.status, Status::model_number);
  EXPECT_EQ(name_of(kSquare, result.found), "layers.1.bias");
  EXPECT_EQ(read.parameters, Floats(read.parameters.size()));
}

TEST(ModelTensor, NamesLayersOfTwoDigits) {
  mote::Topology topology;
  topology.inputs = 1;
  for (int l = 0; l < 13; ++l) ASSERT_TRUE(topology.add({1}).ok());
  EXPECT_EQ(model::name_of(topology, 2 * 9), "layers.9.weight");
  EXPECT_EQ(model::name_of(topology, 2 * 10), "layers.10.weight");
  EXPECT_EQ(model::name_of(topology, 2 * 12 + 1), "layers.12.bias");
}

}  // namespace
