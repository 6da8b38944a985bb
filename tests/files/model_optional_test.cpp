// SPDX-License-Identifier: MIT
// Parts of a model file that not every network needs: the transformation of its inputs, names and kind of its outputs,
// a known answer, and biases before batch normalization.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "mote/model_file.hpp"
#include "support/double_batch_norm.hpp"
#include "support/model_support.hpp"
#include "support/support.hpp"

namespace {

using model::Model;
using mote::Activation;
using mote::ModelDescription;
using mote::Result;
using mote::Status;
using mote::Topology;
using Floats = std::vector<float>;

const Topology kPlain{3, {2, Activation::relu}, {4, Activation::softmax}};
const Topology kSquare{4, {4, Activation::tanh}, {4, Activation::relu, true}, {3, Activation::identity}};

struct Tensor {
  std::string name;
  Floats numbers;
};

/// A file with more tensors of one dimension, and without the checksum that they would break.
std::string with(const std::string& file, const std::vector<Tensor>& tensors) {
  std::string header = model::header_of(file), data = model::data_of(file);
  header.replace(header.find("checksum"), 8, "chequsum");
  header.erase(header.rfind('}'));
  for (const Tensor& tensor : tensors) {
    const std::size_t begin = data.size(), count = tensor.numbers.size();
    data.append(reinterpret_cast<const char*>(tensor.numbers.data()), 4 * count);
    header += ",\"" + tensor.name + R"(":{"dtype":"F32","shape":[)" + std::to_string(count) + R"(],"data_offsets":[)" +
              std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  return model::file_of(header + "}", data);
}

std::string text_of(mote::Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string name_of(const Topology& topology, std::uint64_t tensor) {
  return mote::model_tensor_name(topology, static_cast<std::size_t>(tensor)).text;
}

TEST(ModelOptional, KeepsTheTransformationOfAllInputs) {
  Model written(kPlain);
  mote::Inputs samples;
  samples.offset = -0.1f, samples.scale = -3.0f;
  written.description.take_transformation(samples);
  ModelDescription read;
  ASSERT_TRUE(model::read_description(written.written(), read).ok());
  EXPECT_EQ(read.input_offset, -0.1f);
  EXPECT_EQ(read.input_scale, -3.0f);
  mote::Inputs again;
  read.set_transformation(again);
  EXPECT_EQ(again.offset, -0.1f);
  EXPECT_EQ(again.scale, -3.0f);
  EXPECT_EQ(again.scales, nullptr);
}

TEST(ModelOptional, KeepsTheTransformationOfEachFeatureInMemoryOfAnyAlignment) {
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

TEST(ModelOptional, RejectsATransformationThatNoSamplesHave) {
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
  EXPECT_EQ(model.write(none).status, Status::memory_too_small);
  model.description.input_scales = {bad.data(), 3};
  EXPECT_EQ(model.write(none).status, Status::model_number);
  EXPECT_TRUE(none.empty());
}

TEST(ModelOptional, KeepsNamesOfFeaturesAndTargets) {
  const std::string features = "length\n\"wid\\th\"\nheight\nweight", targets = "\xc3\xa4ge\nprice\nsize";
  Model written(kSquare);
  written.description.feature_names = model::bytes_of(features);
  written.description.target_names = model::bytes_of(targets);
  const std::string file = written.written();
  std::vector<unsigned char> memory(10000);
  ModelDescription read;
  const mote::Bytes bytes = model::bytes_of(file);
  ASSERT_TRUE(read_model_description(mote::source_of(bytes), {memory.data(), memory.size()}, read).ok());
  EXPECT_EQ(text_of(read.feature_names), features);
  EXPECT_EQ(text_of(read.target_names), targets);
  std::string none;
  written.description.feature_names = model::bytes_of(targets);
  EXPECT_EQ(written.write(none).status, Status::model_names);
  EXPECT_EQ(written.write(none).expected, 4u);
  written.description.feature_names = {}, written.description.target_names = model::bytes_of(features);
  EXPECT_EQ(written.write(none).expected, 3u);
}

TEST(ModelOptional, SubtractsBiasesBeforeANormalizationFromItsMeans) {
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

TEST(ModelOptional, HoldsTheNetworkToItsKnownAnswer) {
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

TEST(ModelOptional, NeedsMemoryForTheKnownAnswer) {
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
  const Topology wide{1, {1000, Activation::relu}, {1, Activation::identity}};
  const std::string large = with(Model(wide).written(), {{"golden.inputs", {1.0f}}, {"golden.outputs", {1.0f}}});
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
}

TEST(ModelOptional, RejectsHalfAKnownAnswer) {
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
