// SPDX-License-Identifier: MIT
// The functions of batch_norm.hpp against the paper's formulas in double precision.
#include "mote/batch_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "mote/topology.hpp"
#include "support/double_batch_norm.hpp"
#include "support/support.hpp"
#include "mote/detail/batch_norm.hpp"

namespace {

using mote::BatchNorm;
using mote::test::Guarded;
using mote::test::kNotANumber;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

size_t padded(size_t columns) {
  return (columns + mote::kRowAlignment - 1) / mote::kRowAlignment * mote::kRowAlignment;
}

/// (GCC 12 warns of sizes that wrap around where it can see the constructor.)
[[gnu::noinline]] Guarded<float> guarded(size_t count) {
  return Guarded<float>(count);
}

/// A layer of `rows` samples whose columns have different means and deviations, and all results for it.
struct Layer {
  size_t rows, columns, stride = mote::row_stride(columns);
  Guarded<float> z = guarded(rows * stride), y = guarded(rows * stride), deltas = guarded(rows * stride);
  Guarded<float> scales = guarded(stride), kept = guarded(7 * stride);
  twin::Rows z_before, by_y;

  Layer(size_t r, size_t c, float spread = 1.0f) : rows(r), columns(c) {
    Source source(static_cast<std::uint32_t>(r * 1000 + c));
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        const float mean = static_cast<float>(j % 7) - 3.0f, deviation = 0.1f + static_cast<float>(j % 5);
        z[i * stride + j] = mean + spread * deviation * source.uniform(-1.0f, 1.0f);
        deltas[i * stride + j] = source.uniform(-0.5f, 1.0f);
      }
    }
    for (size_t j = 0; j < columns; ++j) scales[j] = source.uniform(-2.0f, 2.0f);
    z_before = as_rows(z), by_y = as_rows(deltas);
  }

  BatchNorm norm(size_t column = 0) {
    float* at = kept.data() + column;
    return {at, at + stride, at + 2 * stride, at + 3 * stride, at + 4 * stride, at + 5 * stride, at + 6 * stride};
  }
  void forward() {
    mote::batch_statistics(rows, padded(columns), stride, z.data(), norm());
    mote::batch_normalize(rows, padded(columns), stride, norm(), scales.data(), z.data(), y.data());
  }
  void backward() {
    mote::batch_norm_gradients(rows, padded(columns), stride, deltas.data(), z.data(), norm());
    mote::batch_norm_deltas(rows, padded(columns), stride, norm(), scales.data(), z.data(), deltas.data());
  }
  twin::Rows as_rows(const Guarded<float>& matrix) const {
    twin::Rows all;
    for (size_t i = 0; i < rows; ++i) {
      all.emplace_back(matrix.data() + i * stride, matrix.data() + i * stride + columns);
    }
    return all;
  }
  twin::Vector wide_scales() const { return {scales.data(), scales.data() + columns}; }
  bool intact() const { return z.intact() && y.intact() && deltas.intact() && scales.intact() && kept.intact(); }
};

struct Shape {
  size_t rows, columns;
};
constexpr Shape kShapes[] = {{2, 1}, {3, 16}, {10, 30}, {33, 17}, {64, 128}, {7, 250}, {1000, 5}};

class BatchNormFunctions : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, BatchNormFunctions, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(BatchNormFunctions, StatisticsAreTheMomentsOfColumns) {
  for (const Shape& shape : kShapes) {
    Layer layer(shape.rows, shape.columns);
    mote::batch_statistics(layer.rows, padded(layer.columns), layer.stride, layer.z.data(), layer.norm());
    const twin::Moments expected = twin::moments_of(layer.z_before);
    for (size_t j = 0; j < shape.columns; ++j) {
      EXPECT_NEAR(wide(layer.norm().means[j]), expected.means[j], 1e-6);
      EXPECT_NEAR(wide(layer.norm().variances[j]) / expected.variances[j], 1.0, 2e-6);
      EXPECT_NEAR(wide(layer.norm().factors[j]) * std::sqrt(expected.variances[j] + 1e-5), 1.0, 1e-6);
    }
  }
}

TEST_P(BatchNormFunctions, StatisticsSurviveAMeanMuchLargerThanTheDeviation) {
  const size_t rows = 20000, stride = mote::row_stride(1);
  Source source(3);
  std::vector<float> z(rows * stride), kept(7 * stride);
  twin::Rows exact;
  for (size_t i = 0; i < rows; ++i) {
    z[i * stride] = 1000.0f + source.uniform(-1.0f, 1.0f);
    exact.push_back({wide(z[i * stride])});
  }
  const BatchNorm norm{&kept[0],          &kept[stride],     &kept[2 * stride], &kept[3 * stride],
                       &kept[4 * stride], &kept[5 * stride], &kept[6 * stride]};
  mote::batch_statistics(rows, stride, stride, z.data(), norm);
  const twin::Moments expected = twin::moments_of(exact);
  EXPECT_NEAR(wide(norm.means[0]), expected.means[0], 6e-5);  // an ulp, which one pass alone misses
  EXPECT_NEAR(wide(norm.variances[0]) / expected.variances[0], 1.0, 1e-5);
}

TEST_P(BatchNormFunctions, NormalizedColumnsHaveMeanZeroAndVarianceOne) {
  for (const Shape& shape : kShapes) {
    Layer layer(shape.rows, shape.columns);
    layer.forward();
    const twin::Moments found = twin::moments_of(layer.as_rows(layer.z)), before = twin::moments_of(layer.z_before);
    for (size_t j = 0; j < shape.columns; ++j) {
      const double ulp_of_mean = 0x1p-23 * std::fabs(before.means[j]) / std::sqrt(before.variances[j]);
      EXPECT_NEAR(found.means[j], 0.0, 1e-6 + ulp_of_mean) << shape.rows << " rows, column " << j;
      const double expected = before.variances[j] / (before.variances[j] + 1e-5);  // epsilon takes a little off
      EXPECT_NEAR(found.variances[j], expected, 1e-5) << shape.rows << " rows, column " << j;
    }
  }
}

TEST_P(BatchNormFunctions, ForwardFollowsTheFormula) {
  for (const Shape& shape : kShapes) {
    Layer layer(shape.rows, shape.columns);
    layer.forward();
    const twin::Moments moments = twin::moments_of(layer.z_before);
    for (size_t i = 0; i < shape.rows; ++i) {
      for (size_t j = 0; j < shape.columns; ++j) {
        const double normalized = twin::normalized(layer.z_before[i][j], moments, j);
        EXPECT_NEAR(wide(layer.z[i * layer.stride + j]), normalized, 2e-5);
        EXPECT_NEAR(wide(layer.y[i * layer.stride + j]), wide(layer.scales[j]) * normalized, 4e-5);
      }
    }
    EXPECT_TRUE(layer.intact());
  }
}

TEST_P(BatchNormFunctions, BackwardFollowsThePaper) {
  for (const Shape& shape : kShapes) {
    Layer layer(shape.rows, shape.columns);
    layer.forward();
    layer.backward();
    const twin::BatchNormGradients expected =
        twin::backward_as_in_the_paper(layer.z_before, layer.by_y, layer.wide_scales());
    const double rows = static_cast<double>(shape.rows);
    for (size_t j = 0; j < shape.columns; ++j) {
      EXPECT_NEAR(wide(layer.norm().bias_gradients[j]), expected.biases[j], 2e-6 * rows);
      EXPECT_NEAR(wide(layer.norm().scale_gradients[j]), expected.scales[j], 1e-5 * rows);
      const double size = wide(layer.norm().factors[j]) * std::fabs(wide(layer.scales[j]));
      for (size_t i = 0; i < shape.rows; ++i) {
        EXPECT_NEAR(wide(layer.deltas[i * layer.stride + j]), expected.z[i][j], 2e-5 * size);
      }
    }
    EXPECT_TRUE(layer.intact());
  }
}

TEST_P(BatchNormFunctions, PaddingStaysZero) {
  for (const Shape& shape : kShapes) {
    Layer layer(shape.rows, shape.columns);
    layer.forward();
    layer.backward();
    for (size_t i = 0; i < shape.rows; ++i) {
      for (size_t j = shape.columns; j < layer.stride; ++j) {
        for (const Guarded<float>* matrix : {&layer.z, &layer.y, &layer.deltas}) {
          ASSERT_EQ(matrix->data()[i * layer.stride + j], 0.0f) << i << ", " << j;
        }
      }
    }
  }
}

TEST_P(BatchNormFunctions, PartsOfColumnsAndRowsGiveTheSameBits) {
  const size_t rows = 37, columns = 100;
  Layer whole(rows, columns), parts(rows, columns);
  whole.forward();
  whole.backward();
  const size_t stride = parts.stride, width = padded(columns);
  for (const size_t begin : {size_t{0}, size_t{16}, size_t{64}}) {
    const size_t end = begin == 0 ? 16 : begin == 16 ? 64 : width;
    mote::batch_statistics(rows, end - begin, stride, parts.z.data() + begin, parts.norm(begin));
  }
  for (const size_t begin : {size_t{0}, size_t{5}, size_t{20}}) {
    const size_t end = begin == 0 ? 5 : begin == 5 ? 20 : rows;
    mote::batch_normalize(end - begin, width, stride, parts.norm(), parts.scales.data(),
                          parts.z.data() + begin * stride, parts.y.data() + begin * stride);
  }
  for (const size_t begin : {size_t{0}, size_t{48}}) {
    mote::batch_norm_gradients(rows, begin == 0 ? 48 : width - 48, stride, parts.deltas.data() + begin,
                               parts.z.data() + begin, parts.norm(begin));
  }
  for (size_t i = 0; i < rows; ++i) {
    mote::batch_norm_deltas(1, width, stride, parts.norm(), parts.scales.data(), parts.z.data() + i * stride,
                            parts.deltas.data() + i * stride);
  }
  EXPECT_TRUE(mote::test::same_bits(whole.y.data(), parts.y.data(), rows * stride));
  EXPECT_TRUE(mote::test::same_bits(whole.deltas.data(), parts.deltas.data(), rows * stride));
  EXPECT_TRUE(mote::test::same_bits(whole.kept.data(), parts.kept.data(), 7 * stride));
}

TEST_P(BatchNormFunctions, AUnitThatIsTheSameForAllSamplesGivesItsBiasAndNoNaN) {
  const size_t rows = 9;
  Layer layer(rows, 16);
  for (size_t i = 0; i < rows; ++i) layer.z[i * layer.stride + 3] = 0.3f;
  layer.forward();
  layer.backward();
  EXPECT_EQ(layer.norm().variances[3], 0.0f);
  for (size_t i = 0; i < rows; ++i) {
    EXPECT_EQ(layer.y[i * layer.stride + 3], 0.0f);
    EXPECT_TRUE(std::isfinite(layer.deltas[i * layer.stride + 3]));
  }
}

TEST_P(BatchNormFunctions, NaNInAColumnSpreadsInItAndNowhereElse) {
  Layer layer(5, 32);
  layer.z[2 * layer.stride + 7] = kNotANumber;
  layer.forward();
  for (size_t i = 0; i < layer.rows; ++i) {
    for (size_t j = 0; j < layer.columns; ++j) EXPECT_EQ(std::isnan(layer.y[i * layer.stride + j]), j == 7) << i;
  }
}

TEST_P(BatchNormFunctions, DeltasTooSmallToMatterAreZero) {
  Layer layer(4, 16);
  for (size_t i = 0; i < layer.deltas.size(); ++i) layer.deltas[i] *= 0x1p-105f;
  layer.forward();
  layer.backward();
  for (size_t i = 0; i < layer.deltas.size(); ++i) {
    EXPECT_TRUE(layer.deltas[i] == 0.0f || std::fabs(layer.deltas[i]) >= 0x1p-100f) << layer.deltas[i];
  }
}

TEST_P(BatchNormFunctions, RunningStatisticsAreTheAveragesThatPyTorchKeeps) {
  const size_t columns = 30, stride = mote::row_stride(columns);
  std::vector<float> means(stride), variances(stride, 1.0f);
  twin::Vector expected_means(columns), expected_variances(columns, 1.0);
  for (const size_t rows : {2u, 10u, 10u, 33u, 3u, 64u}) {
    Layer layer(rows, columns, static_cast<float>(rows % 4));
    mote::batch_statistics(rows, padded(columns), stride, layer.z.data(), layer.norm());
    mote::update_running_statistics(rows, stride, layer.norm().means, layer.norm().variances, means.data(),
                                    variances.data());
    const twin::Moments moments = twin::moments_of(layer.z_before);
    const double m = static_cast<double>(rows);
    for (size_t j = 0; j < columns; ++j) {
      expected_means[j] = 0.9 * expected_means[j] + 0.1 * moments.means[j];
      expected_variances[j] = 0.9 * expected_variances[j] + 0.1 * moments.variances[j] * m / (m - 1.0);
      EXPECT_NEAR(wide(means[j]), expected_means[j], 1e-6);
      EXPECT_NEAR(wide(variances[j]), expected_variances[j], 1e-6 * std::fmax(1.0, expected_variances[j]));
    }
  }
}

TEST_P(BatchNormFunctions, RunningStatisticsOfWhatStaysZeroEndAtZero) {
  float mean = 0.5f, variance = 1.0f;
  const float zero = 0.0f;
  for (int batch = 0; batch < 1000; ++batch) {
    mote::update_running_statistics(10, 1, &zero, &zero, &mean, &variance);
    EXPECT_TRUE(variance == 0.0f || variance >= 0x1p-100f) << variance;
  }
  EXPECT_EQ(mean, 0.0f);
  EXPECT_EQ(variance, 0.0f);
}

}  // namespace
