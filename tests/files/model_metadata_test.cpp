// SPDX-License-Identifier: MIT
// Metadata that not every network needs: the transformation of all inputs, names of features and targets.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mote/model_file.hpp"
#include "support/model_support.hpp"

namespace {

using model::kPlain;
using model::kSquare;
using model::Model;
using mote::Activation;
using mote::ModelDescription;
using mote::Status;
using mote::Topology;

std::string text_of(mote::Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(ModelMetadata, KeepsTheTransformationOfAllInputs) {
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

TEST(ModelMetadata, KeepsNamesOfFeaturesAndTargets) {
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

}  // namespace
