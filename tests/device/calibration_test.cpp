// SPDX-License-Identifier: MIT
#include "mote/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::Activation;
using mote::Inputs;
using mote::Range;
using mote::Span;
using mote::Status;
using mote::Topology;
using mote::test::wide;

TEST(Calibration, RecordsTheRangesOfInputsAndPreActivations) {
  const Topology t{2, {1, Activation::relu}, {1}};
  std::vector<float> parameters(t.parameter_count());
  parameters[t.weights_offset(0)] = 2.0f;  // z = 2 x0 - x1 + 1
  parameters[t.weights_offset(0) + t.stride_of(0)] = -1.0f;
  parameters[t.biases_offset(0)] = 1.0f;
  parameters[t.weights_offset(1)] = -3.0f;
  const float inputs[] = {1.0f, 0.0f, -2.0f, 4.0f};
  std::vector<Range> ranges(3);
  GuardedMemory scratch(mote::calibration_bytes(t));
  ASSERT_TRUE(
      mote::calibrate(t, {parameters.data(), parameters.size()}, Inputs(inputs, 2, 2), scratch, {ranges.data(), 3})
          .ok());
  EXPECT_EQ(ranges[0].least, -2.0f);
  EXPECT_EQ(ranges[0].most, 4.0f);
  EXPECT_EQ(ranges[1].least, 0.0f) << "ReLU clamps -7";
  EXPECT_EQ(ranges[1].most, 3.0f);
  EXPECT_EQ(ranges[2].least, -9.0f);
  EXPECT_EQ(ranges[2].most, 0.0f);
}

/// 400,000 numbers up to 1 and one outside. Rounding finer repays the clamping of one number.
TEST(Calibration, LeavesOutliersOutOfRanges) {
  const Topology t{1, {1}};
  std::vector<float> parameters(t.parameter_count());
  parameters[t.weights_offset(0)] = 2.0f;
  constexpr std::size_t kCount = 400001;
  std::vector<float> inputs(kCount);
  mote::test::Source source(5);
  for (float& x : inputs) x = source.uniform(-1.0f, 1.0f);
  inputs[77] = 2.0f;
  double errors[3];
  for (const auto method :
       {mote::Calibration::extremes, mote::Calibration::percentile, mote::Calibration::least_squares}) {
    Range ranges[2];
    GuardedMemory scratch(mote::calibration_bytes(t, method));
    ASSERT_TRUE(mote::calibrate(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), kCount, 1), method,
                                scratch, {ranges, 2})
                    .ok());
    EXPECT_TRUE(scratch.intact());
    const float most = method == mote::Calibration::extremes ? 2.0f : 1.0f;
    for (const float factor : {1.0f, 2.0f}) {
      EXPECT_NEAR(ranges[factor == 1.0f ? 0 : 1].least, -factor, 0.05f * factor);
      EXPECT_NEAR(ranges[factor == 1.0f ? 0 : 1].most, factor * most, 0.1f * factor);
    }
    const double least = wide(ranges[0].least), step = (wide(ranges[0].most) - least) / 255.0;
    double& sum = errors[static_cast<std::size_t>(method)] = 0.0;
    for (const float x : inputs) {
      const double clamped = std::min(wide(ranges[0].most), std::max(least, wide(x)));
      const double error = least + std::round((clamped - least) / step) * step - wide(x);
      sum += error * error;
    }
  }
  EXPECT_LT(errors[2], 0.9 * errors[0]);
  EXPECT_LE(errors[2], 1.05 * errors[1]) << "up to the coarseness of bins and fractions";
}

TEST(Calibration, LeavesOutATwentyThousandthOnEachSideOfPercentiles) {
  const Topology t{1, {1}};
  const std::vector<float> parameters(t.parameter_count());
  std::vector<float> inputs = mote::test::Source(5).floats(1000, -1.0f, 1.0f);
  inputs[3] = -2.0f, inputs[500] = 4.0f;
  Range ranges[2];
  GuardedMemory scratch(mote::calibration_bytes(t, mote::Calibration::percentile));
  ASSERT_TRUE(mote::calibrate(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), 1000, 1),
                              mote::Calibration::percentile, scratch, {ranges, 2})
                  .ok());
  EXPECT_FLOAT_EQ(ranges[0].least, -2.0f);
  EXPECT_FLOAT_EQ(ranges[0].most, 4.0f);
  inputs.resize(20000, 0.5f);  // each of the two is 1/20000
  ASSERT_TRUE(mote::calibrate(t, {parameters.data(), parameters.size()}, Inputs(inputs.data(), 20000, 1),
                              mote::Calibration::percentile, scratch, {ranges, 2})
                  .ok());
  EXPECT_NEAR(ranges[0].least, -1.0f, 0.01f);
  EXPECT_NEAR(ranges[0].most, 1.0f, 0.01f);
}

TEST(Calibration, RejectsSamplesAndSizesThatDoNotFit) {
  const Topology t{2, {3, Activation::relu}, {1}};
  const std::vector<float> parameters(t.parameter_count(), 0.5f);
  const float inputs[] = {1.0f, NAN};
  const Span<const float> p(parameters.data(), parameters.size());
  Range all[3];
  const Span<Range> ranges(all);
  GuardedMemory scratch(mote::calibration_bytes(t));
  EXPECT_EQ(mote::calibrate(t, p, Inputs(inputs, 1, 2), scratch, ranges).status, Status::input_not_finite);
  const auto unknown = static_cast<mote::Calibration>(77);
  EXPECT_EQ(mote::calibrate(t, p, Inputs(inputs, 1, 2), unknown, scratch, ranges).status, Status::bad_enumerator);
  EXPECT_EQ(mote::calibrate(t, p, Inputs(inputs, 2, 1), scratch, ranges).status, Status::input_size_mismatch);
  EXPECT_EQ(mote::calibrate(t, p, Inputs(inputs, 0, 2), scratch, ranges).status, Status::no_samples);
  EXPECT_EQ(mote::calibrate(t, p.subspan(0, 3), Inputs(inputs, 1, 2), scratch, ranges).status,
            Status::model_size_mismatch);
  EXPECT_EQ(mote::calibrate(t, p, Inputs(inputs, 1, 2), scratch, ranges.subspan(0, 2)).status,
            Status::model_size_mismatch);
  const Topology normalized{2, {3, Activation::relu, true}, {1}};
  EXPECT_EQ(mote::calibrate(normalized, p, Inputs(inputs, 1, 2), scratch, ranges).status,
            Status::batch_norm_not_folded);
}

}  // namespace
