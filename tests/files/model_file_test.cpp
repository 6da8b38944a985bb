// SPDX-License-Identifier: MIT
#include "mote/model_file.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/model_support.hpp"
#include "support/support.hpp"

namespace {

using model::kPlain;
using model::Model;
using mote::Activation;
using mote::Loss;
using mote::Result;
using mote::Status;
using mote::Topology;

const Topology kNormed{3, {2, Activation::gelu, true}, {17, Activation::tanh, true}, {1, Activation::identity}};

float float_at(const std::string& bytes, std::size_t index) {
  std::uint32_t bits = 0;
  for (std::size_t i = 4; i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(bytes[4 * index + i]);
  return mote::test::from_bits(bits);
}

TEST(ModelFile, IsWrittenAsTheFormatSays) {
  const std::string file = Model(kPlain).written(), header = model::header_of(file), data = model::data_of(file);
  EXPECT_EQ(header.size() % 8, 0u);
  EXPECT_EQ(header.rfind("{\"__metadata__\":{\"mote_version\":\"", 0), 0u) << header;
  for (const char* part : {"\"sizes\":\"3,2,4\",\"activations\":\"relu,softmax\",\"loss\":\"cross-entropy\"",
                           "\"input_scale\":\"0x1.010102p-8\"",
                           "\"layers.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                           "\"layers.0.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"
                           "\"layers.1.weight\":{\"dtype\":\"F32\",\"shape\":[4,2],\"data_offsets\":[32,64]},"
                           "\"layers.1.bias\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[64,80]}}"}) {
    EXPECT_NE(header.find(part), std::string::npos) << header << "\n" << part;
  }
  for (const char* default_value : {"label_smoothing", "huber_delta", "input_offset", "batch_norm"}) {
    EXPECT_EQ(header.find(default_value), std::string::npos) << header;
  }
  ASSERT_EQ(data.size(), 80u);
  const Model expected(kPlain);
  for (std::size_t j = 0; j < 2; ++j) {
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(float_at(data, j * 3 + k), expected.parameters[k * kPlain.stride_of(0) + j]);
    }
    EXPECT_EQ(float_at(data, 6 + j), expected.parameters[kPlain.biases_offset(0) + j]);
  }
}

TEST(ModelFile, NamesBatchNormalizationAsPyTorchDoes) {
  const std::string header = model::header_of(Model(kNormed).written());
  EXPECT_NE(header.find("\"batch_norm\":\"0,1\""), std::string::npos);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < mote::model_tensor_count(kNormed); ++i) {
    names.emplace_back(mote::model_tensor_name(kNormed, i).text);
    const auto [rank, sizes] = mote::model_tensor_shape(kNormed, i);
    const std::string shape = std::to_string(sizes[0]) + (rank == 1 ? "" : "," + std::to_string(sizes[1]));
    const std::string entry = "\"" + names.back() + "\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],";
    EXPECT_NE(header.find(entry), std::string::npos) << entry;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"layers.0.weight", "norms.0.weight", "norms.0.bias",
                                             "norms.0.running_mean", "norms.0.running_var", "layers.1.weight",
                                             "norms.1.weight", "norms.1.bias", "norms.1.running_mean",
                                             "norms.1.running_var", "layers.2.weight", "layers.2.bias"}));
}

TEST(ModelFile, BringsBackEveryNumberAndLeavesPaddingZero) {
  for (const Topology& topology : {kPlain, kNormed}) {
    const Model written(topology);
    Model read(topology);
    for (float& x : read.parameters) x = mote::test::kNotANumber;
    for (float& x : read.running) x = mote::test::kNotANumber;
    ASSERT_TRUE(read.read(written.written()).ok());
    EXPECT_EQ(read.parameters, written.parameters);
    EXPECT_EQ(read.running, written.running);
  }
}

TEST(ModelFile, BringsBackTheDescription) {
  Model written(Topology{6, {3, Activation::silu}, {2, Activation::sigmoid}});
  written.description.loss = {Loss::huber, 0.3f, 0.0f};
  written.description.input_scale = 0.1f;
  written.description.rows = 2, written.description.columns = 3;
  const std::string names = "caf\xc3\xa9 \"au\" lait\nback\\slash\ttab";
  written.description.class_names = model::bytes_of(names);
  const std::string file = written.written();
  std::vector<unsigned char> memory(2000);
  mote::ModelDescription read;
  const mote::Bytes bytes = model::bytes_of(file);
  ASSERT_TRUE(read_model_description(mote::source_of(bytes), {memory.data(), memory.size()}, read).ok());
  EXPECT_EQ(difference(read.topology, written.topology()).what, mote::TopologyDifference::What::nothing);
  EXPECT_EQ(read.loss.kind, Loss::huber);
  EXPECT_EQ(read.loss.huber_delta, 0.3f);
  EXPECT_EQ(read.input_scale, 0.1f);
  EXPECT_EQ(read.rows, 2u);
  EXPECT_EQ(read.columns, 3u);
  EXPECT_EQ(std::string(read.class_names.begin(), read.class_names.end()), names);
  written.description.loss = {Loss::sigmoid_cross_entropy, 1.0f, 0.7f};
  ASSERT_TRUE(model::read_description(written.written(), read).ok());
  EXPECT_EQ(read.loss.label_smoothing, 0.7f);
}

TEST(ModelFile, SaysTheTargetsUnlessTheyAreLabels) {
  using mote::ModelTargets;
  for (const ModelTargets targets : {ModelTargets::labels, ModelTargets::numbers, ModelTargets::inputs}) {
    Model written(kPlain);
    written.description.targets = targets;
    const std::string file = written.written();
    mote::ModelDescription read;
    ASSERT_TRUE(model::read_description(file, read).ok());
    EXPECT_EQ(read.targets, targets);
    EXPECT_EQ(file.find("\"targets\"") == std::string::npos, targets == ModelTargets::labels);
  }
}

TEST(ModelFile, KeepsEveryFractionToTheBit) {
  mote::test::Source source(5);
  for (int i = 0; i < 2000; ++i) {
    Model written(kPlain);
    const float scale = i < 3 ? std::vector<float>{1e-45f, 3.4028235e38f, 1.17549435e-38f}[static_cast<std::size_t>(i)]
                              : std::fabs(mote::test::from_bits(source.bits32()));
    if (!std::isfinite(scale) || scale == 0.0f) continue;
    written.description.input_scale = scale;
    mote::ModelDescription read;
    ASSERT_TRUE(model::read_description(written.written(), read).ok()) << scale;
    ASSERT_EQ(read.input_scale, scale);
  }
}

TEST(ModelFile, RefusesAnotherNetworkAndNamesTheDifference) {
  using What = mote::TopologyDifference::What;
  const struct {
    Topology expected;
    What what;
    std::size_t layer;
    std::uint32_t found, wanted;
  } cases[] = {
      {{5, {2, Activation::relu}, {4, Activation::softmax}}, What::inputs, 0, 3, 5},
      {{3, {4, Activation::softmax}}, What::layer_count, 0, 2, 1},
      {{3, {2, Activation::relu}, {5, Activation::softmax}}, What::outputs, 1, 4, 5},
      {{3, {2, Activation::tanh}, {4, Activation::softmax}}, What::activation, 0, 3, 2},
      {{3, {2, Activation::relu, true}, {4, Activation::softmax}}, What::batch_norm, 0, 0, 1},
  };
  const std::string file = Model(kPlain).written();
  for (const auto& c : cases) {
    Model other(c.expected);
    const std::vector<float> before = other.parameters;
    const Result result = other.read(file);
    EXPECT_EQ(result.status, Status::model_differs);
    EXPECT_EQ(result.found, c.layer);
    EXPECT_EQ(other.parameters, before);
    const mote::TopologyDifference found = difference(kPlain, c.expected);
    EXPECT_EQ(found.what, c.what);
    EXPECT_EQ(found.layer, c.layer);
    EXPECT_EQ(found.found, c.found);
    EXPECT_EQ(found.expected, c.wanted);
  }
}

TEST(ModelFile, ComparesAsManyLayersAsThereCanBe) {
  using What = mote::TopologyDifference::What;
  Topology full{1, {1}};
  full.layer_count = mote::kMaxLayers;
  for (std::size_t l = 0; l < full.layer_count; ++l) full.layers[l] = full.layers[0];
  Topology other = full;
  EXPECT_EQ(difference(full, other).what, What::nothing);
  other.layers[mote::kMaxLayers - 1].outputs = 2;
  EXPECT_EQ(difference(full, other).what, What::outputs);
  EXPECT_EQ(difference(full, other).layer, mote::kMaxLayers - 1);
}

TEST(ModelFile, RefusesRoomOfTheWrongSize) {
  const std::string file = Model(kPlain).written();
  Model read(kPlain);
  mote::ModelDescription description;
  const Result result = model::read_description(file, description, model::header_size(file) - 1);
  EXPECT_EQ(result.status, Status::memory_too_small);
  EXPECT_EQ(result.expected, model::header_size(file));
  EXPECT_TRUE(model::read_description(file, description, model::header_size(file)).ok());
  read.parameters.pop_back();
  EXPECT_EQ(read.read(file).status, Status::memory_too_small);
  Model normed(kNormed);
  normed.running.push_back(0.0f);
  EXPECT_EQ(normed.read(Model(kNormed).written()).status, Status::memory_too_small);
}

TEST(ModelFile, DoesNotWriteWhatItWouldNotRead) {
  std::string file;
  Model bad(kPlain);
  bad.parameters[kPlain.biases_offset(1)] = mote::test::kInf;
  EXPECT_EQ(bad.write(file).status, Status::model_number);
  EXPECT_EQ(bad.write(file).found, 3u);
  EXPECT_TRUE(file.empty());
  bad = Model(kPlain);
  bad.description.input_scale = 0.0f;
  EXPECT_EQ(bad.write(file).status, Status::model_metadata);
  bad = Model(kPlain);
  bad.description.rows = 2, bad.description.columns = 2;
  EXPECT_EQ(bad.write(file).status, Status::model_metadata);
  bad = Model(kPlain);
  const std::string three = "a\nb\nc", invalid = "a\nb\nc\n\xff";
  bad.description.class_names = model::bytes_of(three);
  EXPECT_EQ(bad.write(file).status, Status::model_names);
  bad.description.class_names = model::bytes_of(invalid);
  EXPECT_EQ(bad.write(file).status, Status::model_metadata);
  bad = Model(kPlain);
  bad.description.targets = static_cast<mote::ModelTargets>(3);
  EXPECT_EQ(bad.write(file).status, Status::model_metadata);
  bad = Model(kNormed);
  bad.running[kNormed.all_scale_floats()] = -1.0f;
  EXPECT_EQ(bad.write(file).status, Status::model_number);
  EXPECT_EQ(bad.write(file).found, 4u);
}

/// Fails at the n-th call.
struct Failing {
  int calls_left;
  mote::Bytes bytes;
};

TEST(ModelFile, ReportsAFailureOfTheCallersFunctions) {
  const Model written(kNormed);
  const mote::Span<const float> parameters{written.parameters.data(), written.parameters.size()};
  const mote::Span<const float> running{written.running.data(), written.running.size()};
  const auto refuse = [](void* context, mote::Bytes) { return static_cast<Failing*>(context)->calls_left-- > 0; };
  for (int calls = 0; calls < 5; ++calls) {
    Failing failing{calls, {}};
    EXPECT_EQ(write_model(written.description, parameters, running, {refuse, &failing}).status, Status::write_failed);
  }
  const std::string file = written.written();
  const auto read = [](void* context, std::uint64_t offset, mote::Memory to) {
    Failing& failing = *static_cast<Failing*>(context);
    if (failing.calls_left-- <= 0) return false;
    std::memcpy(to.data(), failing.bytes.data() + offset, to.size());
    return true;
  };
  Result result = Status::read_failed;
  int calls = 0;
  for (; !result.ok(); ++calls) {
    ASSERT_LT(calls, 1000);
    Failing failing{calls, model::bytes_of(file)};
    std::vector<unsigned char> header(20000);
    Model loaded(kNormed);
    result = read_model({file.size(), read, &failing}, {header.data(), header.size()}, kNormed,
                        {loaded.parameters.data(), loaded.parameters.size()},
                        {loaded.running.data(), loaded.running.size()});
    ASSERT_TRUE(result.ok() || result.status == Status::read_failed);
  }
  EXPECT_GT(calls, 10);
}

TEST(ModelFile, HoldsAFileWithoutChecksumToItsFingerprint) {
  const std::string file = Model(kPlain).written();
  const std::string header = model::unsealed(model::header_of(file));
  std::string data = model::data_of(file);
  Model read(kPlain);
  EXPECT_TRUE(read.read(model::file_of(header, data)).ok());
  data[0] = static_cast<char>(data[0] ^ 1);
  const Result result = read.read(model::file_of(header, data));
  EXPECT_EQ(result.status, Status::model_fingerprint);
  EXPECT_EQ(result.expected, Model(kPlain).fingerprint());
  EXPECT_EQ(read.parameters, std::vector<float>(read.parameters.size()));
}

TEST(ModelFile, RefusesNumbersThatNoNetworkHas) {
  const Model written(kNormed);
  const std::string file = written.written();
  const std::string header = model::unsealed(model::header_of(file));
  const std::size_t variance = 6 + 2 + 2 + 2;  // floats before norms.0.running_var
  for (const std::uint32_t bits : {0x7fc00000u, 0x7f800000u, 0xff800000u, 0xbf800000u}) {
    std::string data = model::data_of(file);
    for (std::size_t i = 0; i < 4; ++i) data[4 * variance + i] = static_cast<char>(bits >> 8 * i);
    Model read(kNormed);
    const std::vector<float> before = read.parameters;
    const Result result = read.read(model::file_of(header, data));
    EXPECT_EQ(result.status, Status::model_number) << bits;
    EXPECT_STREQ(mote::model_tensor_name(kNormed, static_cast<std::size_t>(result.found)).text, "norms.0.running_var");
    EXPECT_EQ(read.parameters, before);
  }
}

TEST(ModelFile, RefusesEveryTruncationAndAnythingMore) {
  const std::string file = Model(kNormed).written();
  for (std::size_t size = 0; size < file.size(); ++size) {
    Model read(kNormed);
    const Result result = read.read(file.substr(0, size));
    ASSERT_EQ(result.status, Status::model_truncated) << size;
    EXPECT_EQ(result.found, size);
    EXPECT_GT(result.expected, size);
  }
  Model read(kNormed);
  EXPECT_FALSE(read.read(file + '\0').ok());
}

/// Every bit of the file, one at a time, also in the names of the sums.
TEST(ModelFile, LetsNoFlippedBitIn) {
  for (const Topology& topology : {kPlain, kNormed}) {
    const Model written(topology);
    const std::string file = written.written();
    for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
      std::string flipped = file;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      Model read(topology);
      if (!read.read(flipped).ok()) continue;
      // A letter of the checksum in upper case.
      ASSERT_EQ(flipped[bit / 8] | 0x20, file[bit / 8]) << "bit " << bit;
      ASSERT_TRUE(bit / 8 - file.find("checksum") < 20) << "bit " << bit;
    }
  }
}

}  // namespace
