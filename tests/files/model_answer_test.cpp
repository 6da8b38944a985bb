// SPDX-License-Identifier: MIT
// Known answers in model files.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "mote/model_file.hpp"
#include "support/double_batch_norm.hpp"
#include "support/guarded_memory.hpp"
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

/// A network of random numbers, and a sample with its outputs by the network in double precision.
struct Answered {
  Model network{kSquare};
  Floats elements{0.0f, 255.0f, 31.0f, 128.0f}, outputs;
  Floats offsets{10.0f, 20.0f, 30.0f, 40.0f}, scales{0.01f, 0.02f, -0.03f, 0.04f};

  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;
  explicit Answered(bool of_each) {
    twin::randomize(kSquare, 9, {network.parameters.data(), network.parameters.size()});
    mote::test::Source source(3);
    for (std::size_t j = 0; j < 4; ++j) {
      network.parameters[kSquare.scales_offset(1) + j] = source.uniform(0.5f, 2.0f);
      network.running[j] = source.uniform(-0.5f, 0.5f);
      network.running[network.running.size() / 2 + j] = source.uniform(0.5f, 2.0f);
    }
    ModelDescription& model = network.description;
    model.input_offset = 100.0f, model.input_scale = 0.01f;
    if (of_each) model.input_offsets = {offsets.data(), 4}, model.input_scales = {scales.data(), 4};
    twin::Batch batch;
    batch.labels = {0};
    for (std::size_t k = 0; k < 4; ++k) {
      batch.inputs.push_back((elements[k] - (of_each ? offsets[k] : 100.0f)) * (of_each ? scales[k] : 0.01f));
    }
    const float* means = network.running.data();
    const float* variances = means + network.running.size() / 2;
    const std::vector<twin::Moments> moments{{}, {{means, means + 4}, {variances, variances + 4}}, {}};
    const twin::NormalizedNetwork expected(kSquare, {network.parameters.data(), network.parameters.size()});
    const twin::Vector answer = expected.forward(batch, &moments).outputs[0];
    outputs.assign(answer.begin(), answer.end());
  }
  std::string file() const {
    return with(network.written(), {{"golden.outputs", outputs}, {"golden.inputs", elements}});
  }
};

TEST(ModelAnswer, HoldsTheNetworkToItsKnownAnswer) {
  for (const bool of_each : {false, true}) {
    const Answered right(of_each);
    Model read(kSquare);
    ASSERT_TRUE(read.read(right.file()).ok());
    EXPECT_EQ(read.parameters, right.network.parameters);

    Answered transposed(of_each);
    float* weights = transposed.network.parameters.data() + kSquare.weights_offset(0);
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t k = 0; k < j; ++k) {
        std::swap(weights[j + k * kSquare.stride_of(0)], weights[k + j * kSquare.stride_of(0)]);
      }
    }
    EXPECT_EQ(read.read(transposed.file()).status, Status::golden_mismatch);
    EXPECT_EQ(read.parameters, Floats(read.parameters.size()));

    Answered wrong(of_each);
    wrong.outputs[1] += 0.01f * std::fabs(wrong.outputs[0]) + 0.01f * std::fabs(wrong.outputs[2]);
    const Result result = read.read(wrong.file());
    EXPECT_EQ(result.status, Status::golden_mismatch);
    EXPECT_EQ(result.found, 1u);

    Answered scaled(of_each);
    scaled.network.description.input_offset = 0.0f, scaled.scales[3] = -0.04f;
    EXPECT_EQ(read.read(scaled.file()).status, Status::golden_mismatch);
  }
}

TEST(ModelAnswer, NeedsMemoryForTheKnownAnswer) {
  const Answered right(false);
  const std::string file = right.file();
  const mote::Bytes bytes = model::bytes_of(file);
  std::vector<unsigned char> memory(20000);
  Model read(kSquare);
  const auto read_in = [&](std::size_t skipped, std::size_t size) {
    return read_model(mote::source_of(bytes), {memory.data() + skipped, size}, kSquare,
                      {read.parameters.data(), read.parameters.size()}, {read.running.data(), read.running.size()});
  };
  for (std::size_t skipped = 0; skipped < mote::kAlignment; ++skipped) {
    ASSERT_TRUE(read_in(skipped, model::header_size(file)).ok()) << "the memory of the header is free by then";
  }
  const Topology wide{1, {1, Activation::relu}, {1000, Activation::identity}};
  const std::string large =
      with(Model(wide).written(), {{"golden.inputs", {1.0f}}, {"golden.outputs", Floats(1000, 9.0f)}});
  std::vector<unsigned char> header(model::header_size(large));
  const mote::Bytes large_bytes = model::bytes_of(large);
  Model loaded(wide);
  const Floats before = loaded.parameters;
  const Result result = read_model(mote::source_of(large_bytes), {header.data(), header.size()}, wide,
                                   {loaded.parameters.data(), loaded.parameters.size()}, {});
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_GT(result.expected, 8000u);
  EXPECT_LT(result.expected, large.size());
  EXPECT_EQ(loaded.parameters, before);
  GuardedMemory enough(static_cast<std::size_t>(result.expected));
  EXPECT_EQ(
      read_model(mote::source_of(large_bytes), enough, wide, {loaded.parameters.data(), loaded.parameters.size()}, {})
          .status,
      Status::golden_mismatch);
  EXPECT_TRUE(enough.intact());
}

TEST(ModelAnswer, RejectsHalfAKnownAnswer) {
  ModelDescription read;
  for (const char* name : {"golden.inputs", "golden.outputs"}) {
    const std::size_t count = std::string(name) == "golden.inputs" ? 3 : 4;
    const Result result = model::read_description(with(Model(kPlain).written(), {{name, Floats(count)}}), read);
    EXPECT_EQ(result.status, Status::model_tensor);
    EXPECT_EQ(result.found, 0u);
    EXPECT_EQ(name_of(kPlain, result.expected), count == 3 ? "golden.outputs" : "golden.inputs");
  }
}

}  // namespace
