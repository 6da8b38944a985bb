// SPDX-License-Identifier: MIT
#include "mote/inputs.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace {

using mote::Inputs;
using mote::Result;
using mote::Status;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Inputs, ScalesEachTypeToOneUnlessToldOtherwise) {
  const std::uint8_t bytes[] = {255};
  const std::int8_t signed_bytes[] = {-128};
  const std::int16_t integers[] = {-32768};
  const float floats[] = {-7.5f};
  EXPECT_EQ(mote::input_at(Inputs(bytes, 1, 1), 0, 0), 1.0f);
  EXPECT_EQ(mote::input_at(Inputs(signed_bytes, 1, 1), 0, 0), -1.0f);
  EXPECT_EQ(mote::input_at(Inputs(integers, 1, 1), 0, 0), -1.0f);
  EXPECT_EQ(mote::input_at(Inputs(floats, 1, 1), 0, 0), -7.5f);
}

TEST(Inputs, RowsMayLieApart) {
  const std::int16_t readings[] = {10, 20, 0, 30, 40, 0, 50, 60, 0};  // two of three columns
  const Inputs inputs = Inputs(readings, 3, 2, 0.5f).set_stride(3).set_offset(10.0f);
  const std::uint32_t order[] = {2, 0, 1};
  float rows[4];
  ASSERT_TRUE(mote::gather(inputs, order, 1, 2, rows).ok());
  EXPECT_EQ(rows[0], 0.0f);
  EXPECT_EQ(rows[1], 5.0f);
  EXPECT_EQ(rows[2], 10.0f);
  EXPECT_EQ(rows[3], 15.0f);
  const Inputs last = inputs.subset(2, 1);
  EXPECT_EQ(last.row(0), readings + 6);
  EXPECT_EQ(last.count, 1u);
  ASSERT_TRUE(mote::gather(last, nullptr, 0, 1, rows).ok());
  EXPECT_EQ(rows[1], 25.0f);
}

TEST(Inputs, EveryFeatureMayHaveItsOwnTransformation) {
  const float values[] = {1.0f, 100.0f, 3.0f, 300.0f}, offsets[] = {2.0f, 200.0f}, scales[] = {1.0f, 0.01f};
  float rows[4];
  ASSERT_TRUE(mote::gather(Inputs(values, 2, 2).set_transformation(offsets, scales), nullptr, 0, 2, rows).ok());
  EXPECT_EQ(rows[0], -1.0f);
  EXPECT_EQ(rows[1], -1.0f);
  EXPECT_EQ(rows[2], 1.0f);
  EXPECT_EQ(rows[3], 1.0f);
}

TEST(Inputs, ZeroStaysZeroOnlyWithoutOffset) {
  const std::uint8_t bytes[] = {0};
  const float one[] = {0.0f};
  EXPECT_TRUE(Inputs(bytes, 1, 1).keeps_zeros());
  EXPECT_FALSE(Inputs(bytes, 1, 1).set_offset(1.0f).keeps_zeros());
  EXPECT_FALSE(Inputs(bytes, 1, 1).set_transformation(one, one).keeps_zeros());
}

/// Checkpoints hold the hash: it must not change between versions. The numbers are those of FNV-1a in Python.
TEST(Inputs, HashOfTheTransformationIsThatOfEveryVersion) {
  const float offsets[] = {-0.5f, 3.0f}, scales[] = {2.0f, 0.25f};
  EXPECT_EQ(mote::transformation_hash(Inputs(scales, 1, 2).set_transformation(offsets, scales)), 4141217045u);
  Inputs of_all(scales, 1, 2);
  of_all.offset = 0.0f, of_all.scale = 1.0f / 255.0f;
  EXPECT_EQ(mote::transformation_hash(of_all), 364961722u);
}

TEST(GatherInputs, NamesTheFirstThatIsNotFinite) {
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    const float values[] = {0, 1, 2, 3, 4, bad, bad, 7};
    const std::uint32_t order[] = {0, 1, 3, 2};
    std::vector<float> rows(8);
    const Result result = mote::gather(Inputs(values, 4, 2), order, 0, 4, rows.data());
    EXPECT_EQ(result.status, Status::input_not_finite);
    EXPECT_EQ(result.found, 3u) << "the first in this order";
    EXPECT_EQ(result.expected, 0u);
    EXPECT_EQ(mote::gather(Inputs(values, 4, 2), nullptr, 2, 1, rows.data()).expected, 1u);
    EXPECT_TRUE(mote::gather(Inputs(values, 4, 2), nullptr, 0, 2, rows.data()).ok());
  }
}

TEST(CheckInputs, RejectsScalesThatLoseOrSpoilTheData) {
  const std::uint8_t bytes[] = {0, 255};
  const float floats[] = {0.0f, 1.0f};
  for (const float scale : {0.0f, -0.0f, kNan, kInfinity, 1e37f}) {  // the last overflows 255
    EXPECT_EQ(mote::check(Inputs(bytes, 1, 2, scale)).status, Status::bad_input_scale) << scale;
  }
  EXPECT_TRUE(mote::check(Inputs(floats, 1, 2, 1e37f)).ok()) << "gather() sees floats";
  EXPECT_TRUE(mote::check(Inputs(floats, 1, 2, -1.0f)).ok());
  EXPECT_EQ(mote::check(Inputs(floats, 1, 2).set_offset(kNan)).status, Status::bad_input_scale);
  const float offsets[] = {0.0f, kInfinity}, scales[] = {1.0f, 1.0f}, zero[] = {1.0f, 0.0f};
  EXPECT_EQ(mote::check(Inputs(floats, 1, 2).set_transformation(offsets, scales)).found, 1u);
  EXPECT_EQ(mote::check(Inputs(floats, 1, 2).set_transformation(scales, zero)).found, 1u);
  EXPECT_TRUE(mote::check(Inputs(floats, 1, 2).set_transformation(scales, scales)).ok());
}

}  // namespace
