// SPDX-License-Identifier: MIT
#include "mote/norms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "mote/initializer.hpp"
#include "support/guarded_memory.hpp"
#include "support/support.hpp"

namespace {

using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::Source;
using mote::test::wide;

double norm_in_double(const std::vector<float>& x) {
  double squares = 0.0;
  for (const float value : x) squares += wide(value) * wide(value);
  return std::sqrt(squares);
}

mote::MatrixView vector_of(const std::vector<float>& x) {
  return {x.data(), 1, x.size(), x.size()};
}

TEST(Norm, IsTheRootOfTheSumOfSquaresAtAnyScale) {
  Source source(1);
  for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 1000u, 100000u}) {
    for (const float scale : {1e-44f, 1e-38f, 1e-20f, 1.0f, 1e20f, 1e35f}) {
      std::vector<float> x = source.floats(size);
      for (float& value : x) value *= scale;
      const double exact = norm_in_double(x);
      const double smallest = 0x1p-149;  // spacing of subnormal floats: half of it is the limit there
      EXPECT_NEAR(wide(mote::norm(vector_of(x))), exact, 2e-6 * exact + smallest) << size << " times " << scale;
    }
  }
  EXPECT_EQ(mote::norm(vector_of({3.0f, -4.0f})), 5.0f);
  EXPECT_EQ(mote::norm(vector_of({0.0f, -0.0f})), 0.0f);
  EXPECT_EQ(mote::norm(vector_of({0x1.fffffep127f})), 0x1.fffffep127f);
  EXPECT_EQ(mote::norm(vector_of({0x1p-149f})), 0x1p-149f);
}

TEST(Norm, IsNotFiniteWhereAnElementIsNot) {
  EXPECT_EQ(mote::norm(vector_of({1.0f, -kInf})), kInf);
  EXPECT_TRUE(std::isnan(mote::norm(vector_of({1.0f, kNotANumber, kInf}))));
  EXPECT_EQ(mote::norm(vector_of({0x1.fffffep127f, 0x1.fffffep127f})), kInf);  // too large for a float
}

TEST(Norm, LeavesPaddingOut) {
  Source source(2);
  const std::vector<float> padded = source.matrix(7, 5, 16, 1e30f);
  std::vector<float> used;
  for (std::size_t i = 0; i < 7; ++i) used.insert(used.end(), &padded[i * 16], &padded[i * 16] + 5);
  const double exact = norm_in_double(used);
  EXPECT_NEAR(wide(mote::norm({padded.data(), 7, 5, 16})), exact, 1e-6 * exact);
}

TEST(Norm, OfADifferenceAndFromAnOrigin) {
  Source source(3);
  const std::vector<float> a = source.floats(60), b = source.floats(60);
  std::vector<float> difference(60), moved(60);
  for (std::size_t i = 0; i < 60; ++i) difference[i] = a[i] - b[i], moved[i] = a[i] - 0.3f;
  EXPECT_EQ(mote::norm_of_difference({a.data(), 4, 15, 15}, {b.data(), 4, 15, 15}),
            mote::norm({difference.data(), 4, 15, 15}));
  EXPECT_EQ(mote::norm(vector_of(a), 0.3f), mote::norm(vector_of(moved)));
}

/// Weights [inputs][outputs] in rows of row_stride(outputs).
struct Weights {
  std::size_t inputs, outputs, stride = mote::row_stride(outputs);
  std::vector<float> data = std::vector<float>(inputs * stride);

  Weights(std::size_t m, std::size_t n) : inputs(m), outputs(n) {}
  float& at(std::size_t i, std::size_t j) { return data[i * stride + j]; }
  double spectral_norm() const {
    GuardedMemory scratch(mote::spectral_norm_bytes(inputs, outputs));
    float norm = -1.0f;
    EXPECT_TRUE(mote::spectral_norm(inputs, outputs, data.data(), scratch, norm).ok());
    EXPECT_TRUE(scratch.intact());
    return wide(norm);
  }
};

/// Largest singular value by rotations that make all columns orthogonal (Hestenes 1958): nothing like power iteration.
double largest_singular_value(const Weights& weights) {
  std::vector<std::vector<double>> columns(weights.outputs, std::vector<double>(weights.inputs));
  for (std::size_t i = 0; i < weights.inputs; ++i) {
    for (std::size_t j = 0; j < weights.outputs; ++j) columns[j][i] = wide(weights.data[i * weights.stride + j]);
  }
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  for (int sweep = 0; sweep < 30; ++sweep) {
    for (std::size_t p = 0; p < columns.size(); ++p) {
      for (std::size_t q = p + 1; q < columns.size(); ++q) {
        const double product = dot(columns[p], columns[q]);
        if (product == 0.0) continue;
        const double angle = 0.5 * std::atan2(2.0 * product, dot(columns[p], columns[p]) - dot(columns[q], columns[q]));
        const double c = std::cos(angle), s = std::sin(angle);
        for (std::size_t i = 0; i < weights.inputs; ++i) {
          const double x = columns[p][i], y = columns[q][i];
          columns[p][i] = c * x + s * y, columns[q][i] = c * y - s * x;
        }
      }
    }
  }
  double most = 0.0;
  for (const std::vector<double>& column : columns) most = std::max(most, std::sqrt(dot(column, column)));
  return most;
}

class SpectralNorm : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, SpectralNorm, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(SpectralNorm, IsTheLargestSingularValueFromBelow) {
  const std::size_t shapes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 3}, {30, 10}, {30, 30}, {17, 60}, {100, 40}, {40, 100}};
  Source source(4);
  for (const auto& [inputs, outputs] : shapes) {
    for (const float scale : {1e-30f, 1.0f, 1e30f}) {
      Weights weights(inputs, outputs);
      weights.data = source.matrix(inputs, outputs, weights.stride);
      for (float& w : weights.data) w *= scale;
      const double exact = largest_singular_value(weights), found = weights.spectral_norm();
      EXPECT_LE(found, exact * (1.0 + 1e-6)) << inputs << " x " << outputs;
      EXPECT_GE(found, exact * (1.0 - 1e-4)) << inputs << " x " << outputs;
    }
  }
}

TEST_P(SpectralNorm, OfMatricesWhoseNormIsKnown) {
  Weights diagonal(5, 5);
  for (std::size_t i = 0; i < 5; ++i) diagonal.at(i, i) = i == 3 ? -7.0f : 1.0f;
  EXPECT_NEAR(diagonal.spectral_norm(), 7.0, 1e-5);
  Weights ones(20, 30);  // sqrt(m n)
  for (std::size_t i = 0; i < 20; ++i) std::fill_n(&ones.at(i, 0), 30, 1.0f);
  EXPECT_NEAR(ones.spectral_norm(), std::sqrt(600.0), 1e-4);
  Weights hidden(3, 3);  // its longest row is a singular vector, but not the one that counts
  hidden.at(0, 0) = 3.0f;
  for (std::size_t i = 1; i < 3; ++i) hidden.at(i, 1) = hidden.at(i, 2) = 2.0f;
  EXPECT_NEAR(hidden.spectral_norm(), 4.0, 1e-5);
  EXPECT_EQ(Weights(4, 6).spectral_norm(), 0.0);
}

TEST_P(SpectralNorm, OfOrthogonalWeightsIsTheirGain) {
  const mote::Topology topology{40, {25, mote::Activation::identity}, {60, mote::Activation::identity}};
  std::vector<float> parameters(topology.parameter_count());
  mote::Random random(1, mote::Stream::initialization);
  mote::initialize(topology, {mote::WeightInit::orthogonal, 1.5f}, mote::BiasInit::zero, random,
                   {parameters.data(), parameters.size()});
  for (std::size_t l = 0; l < 2; ++l) {
    Weights weights(topology.inputs_of(l), topology.outputs_of(l));
    std::copy_n(&parameters[topology.weights_offset(l)], weights.data.size(), weights.data.begin());
    EXPECT_NEAR(weights.spectral_norm(), 1.5, 1e-5);
  }
}

TEST_P(SpectralNorm, IsNaNWhereAWeightIsNotFinite) {
  for (const float bad : {kInf, kNotANumber}) {
    Weights weights(6, 4);
    for (float& w : weights.data) w = 0.0f;
    for (std::size_t i = 0; i < 6; ++i) weights.at(i, 1) = 1.0f;
    weights.at(2, 3) = bad;
    EXPECT_TRUE(std::isnan(weights.spectral_norm()));
  }
}

TEST(SpectralNormMemory, OneByteLessIsRefused) {
  const std::size_t bytes = mote::spectral_norm_bytes(30, 10);
  GuardedMemory scratch(bytes - 1);
  Weights weights(30, 10);
  float norm = 0.0f;
  const mote::Result result = mote::spectral_norm(30, 10, weights.data.data(), scratch, norm);
  EXPECT_EQ(result.status, mote::Status::memory_too_small);
  EXPECT_EQ(result.found, bytes - 1);
  EXPECT_EQ(result.expected, bytes);
}

}  // namespace
