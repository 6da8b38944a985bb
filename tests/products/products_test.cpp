// SPDX-License-Identifier: MIT
#include "mote/detail/products.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "core/arithmetic.hpp"
#include "mote/topology.hpp"
#include "support/fenced_floats.hpp"
#include "support/support.hpp"

namespace {

using mote::row_stride;
using mote::test::FencedFloats;
using mote::test::Guarded;
using mote::test::kNotANumber;
using mote::test::same_bits;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

struct Shape {
  size_t batch, inputs, outputs;
};

/// Every path by name of its reason, then many combinations of sides around the tiles' sizes.
std::vector<Shape> shapes() {
  std::vector<Shape> list = {
      {24, 600, 111},   // the last batch without column panels
      {25, 600, 111},   // column panels
      {47, 600, 111},   // the last that does not pack
      {48, 600, 111},   // packs
      {48, 1025, 65},   // one row in the second block of the inner index, one column in the last panel
      {50, 2060, 33},   // three blocks
      {30, 1100, 64},   // blocks without packing
      {3, 40, 1100},    // backward in two blocks
      {50, 33, 2060},   // in three
      {14, 128, 512},   // strides that skip multiples of 128
      {1, 910, 600},    // weights from far away, in rows
      {160, 520, 600},  // large weights, in blocks of both indices
      {165, 523, 601},  // strips with odd ends
      {520, 50, 600},   // large deltas, likewise
      {130, 59, 505},   // deltas too large to stay near: inputs in strips
      {700, 50, 100},   // in lower strips
      {161, 70, 900},   // weights that need not be rearranged
      {161, 520, 504},  // large with its padding only
      {520, 50, 504},   // likewise
      {26, 600, 520},   // large weights, transposed
      {24, 32, 12},     // the smallest gradient that is found transposed
      {64, 150, 10},    // in two pieces and a rest
      {1, 784, 30},    {1, 30, 10}, {1, 1, 1},    {1, 100, 784}, {10, 784, 30},
      {1100, 17, 33},  {300, 7, 3}, {13, 784, 1}, {37, 1, 784},  {170, 260, 1100},
  };
  constexpr size_t kSides[] = {1, 2, 3, 7, 10, 15, 16, 17, 30, 31, 33, 64, 100, 784};
  Source source(2024);
  while (list.size() < 200) {
    const auto side = [&] { return kSides[source.below(std::size(kSides))]; };
    const Shape shape{side(), side(), side()};
    if (shape.batch * shape.inputs * shape.outputs < 200'000) list.push_back(shape);
  }
  return list;
}

std::string name(const Shape& s) {
  return std::to_string(s.batch) + " x " + std::to_string(s.inputs) + " x " + std::to_string(s.outputs);
}

/// C (+)= X Y with x(i, k) and y(k, j), in float in the order that kernels.hpp promises and, beside it, in double.
/// Fails unless c is the former to the bit, near the latter, and 0 in its padding: every row, or of a large product
/// rows from the last on, evenly spread.
template <typename X, typename Y>
void expect_product(const float* c, size_t rows, size_t depth, size_t columns, size_t stride, const float* start, X x,
                    Y y) {
  const bool fused = mote::arithmetic_is_fused();
  const size_t step = 1 + rows * depth * columns / 1'000'000;
  for (size_t i = (rows - 1) % step; i < rows; i += step) {
    for (size_t j = 0; j < columns; ++j) {
      const float first = start == nullptr ? 0.0f : start[i * stride + j];
      float sum = first;
      double exact = wide(first), magnitude = std::fabs(exact);
      for (size_t k = 0; k < depth; ++k) {
        const float a = x(i, k), b = y(k, j);
        sum = fused ? mote::detail::multiply_add<true>(a, b, sum) : mote::detail::multiply_add<false>(a, b, sum);
        exact += wide(a) * wide(b);
        magnitude += std::fabs(wide(a) * wide(b));
      }
      const float got = c[i * stride + j];
      ASSERT_EQ(mote::test::bits(got), mote::test::bits(sum)) << "row " << i << ", column " << j;
      ASSERT_NEAR(wide(got), exact, static_cast<double>(depth + 1) * 0x1p-24 * magnitude);
    }
    for (size_t j = columns; j < stride; ++j) ASSERT_EQ(c[i * stride + j], 0.0f) << "padding, row " << i;
  }
}

/// Inputs as the backpropagation has them, each exactly as large as its last element requires.
struct Operands {
  Operands(const Shape& s, std::uint32_t seed) : Operands(s, Source(seed)) {}
  Operands(const Shape& s, Source source)
      : shape(s),
        lda(s.inputs + source.below(6)),
        ldw(row_stride(s.outputs)),
        A(samples(source)),
        W(source.matrix(s.inputs, s.outputs, ldw)),
        D(source.matrix(s.batch, s.outputs, ldw)) {}

  std::vector<float> samples(Source& source) const {
    // What lies between the rows is nobody's business.
    std::vector<float> all = source.matrix(shape.batch, shape.inputs, lda, kNotANumber);
    all.resize((shape.batch - 1) * lda + shape.inputs);
    return all;
  }
  Shape shape;
  size_t lda, ldw;
  FencedFloats A, W, D;
};

class Kernels : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Kernels, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(Kernels, ForwardProductSumsInOrder) {
  for (const Shape& s : shapes()) {
    SCOPED_TRACE(name(s));
    const Operands o(s, 1);
    Guarded<float> Z(s.batch * o.ldw, kNotANumber), pack(mote::pack_floats(s.inputs, s.outputs), kNotANumber);
    const bool packs = mote::detail::forward_packs(s.batch, s.inputs, s.outputs);
    mote::forward_product(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.W.data(), o.ldw, Z.data(), o.ldw,
                          packs ? pack.data() : nullptr);
    expect_product(
        Z.data(), s.batch, s.inputs, s.outputs, o.ldw, nullptr, [&](size_t m, size_t k) { return o.A[m * o.lda + k]; },
        [&](size_t k, size_t n) { return o.W[k * o.ldw + n]; });
    ASSERT_TRUE(Z.intact() && pack.intact());
    if (HasFatalFailure()) return;
  }
}

TEST_P(Kernels, WeightGradientSumsInOrder) {
  for (const Shape& s : shapes()) {
    for (const bool accumulate : {false, true}) {
      SCOPED_TRACE(name(s) + (accumulate ? ", accumulating" : ""));
      const Operands o(s, 2);
      Guarded<float> dW(s.inputs * o.ldw, kNotANumber), pack(mote::pack_floats(s.batch, s.outputs), kNotANumber);
      if (accumulate) std::copy(o.W.begin(), o.W.end(), dW.data());
      mote::weight_gradient(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.D.data(), o.ldw, dW.data(), o.ldw,
                            accumulate, pack.data());
      expect_product(
          dW.data(), s.inputs, s.batch, s.outputs, o.ldw, accumulate ? o.W.data() : nullptr,
          [&](size_t k, size_t m) { return o.A[m * o.lda + k]; },
          [&](size_t m, size_t n) { return o.D[m * o.ldw + n]; });
      ASSERT_TRUE(dW.intact() && pack.intact());
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Kernels, BiasGradientSumsInOrder) {
  for (const Shape& s : shapes()) {
    for (const bool accumulate : {false, true}) {
      SCOPED_TRACE(name(s) + (accumulate ? ", accumulating" : ""));
      const Operands o(s, 3);
      Guarded<float> db(o.ldw, kNotANumber);
      if (accumulate) std::copy_n(o.W.begin(), o.ldw, db.data());
      mote::bias_gradient(s.batch, s.outputs, o.D.data(), o.ldw, db.data(), accumulate);
      expect_product(
          db.data(), 1, s.batch, s.outputs, o.ldw, accumulate ? o.W.data() : nullptr,
          [](size_t, size_t) { return 1.0f; }, [&](size_t m, size_t n) { return o.D[m * o.ldw + n]; });
      ASSERT_TRUE(db.intact());
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Kernels, BackwardProductSumsInOrder) {
  for (const Shape& s : shapes()) {
    SCOPED_TRACE(name(s));
    const Operands o(s, 4);
    const size_t lda = row_stride(s.inputs);
    Guarded<float> dA(s.batch * lda, kNotANumber), pack(mote::pack_floats(s.inputs, s.outputs), kNotANumber);
    mote::backward_product(s.batch, s.inputs, s.outputs, o.D.data(), o.ldw, o.W.data(), o.ldw, dA.data(), lda,
                           pack.data());
    expect_product(
        dA.data(), s.batch, s.outputs, s.inputs, lda, nullptr, [&](size_t m, size_t n) { return o.D[m * o.ldw + n]; },
        [&](size_t n, size_t k) { return o.W[k * o.ldw + n]; });
    ASSERT_TRUE(dA.intact() && pack.intact());
    if (HasFatalFailure()) return;
  }
}

TEST_P(Kernels, ARowAloneHasTheBitsOfThatRowInAnyBatch) {
  for (const Shape& s : {Shape{100, 784, 100}, Shape{61, 30, 10}, Shape{53, 1100, 70}}) {
    SCOPED_TRACE(name(s));
    const Operands o(s, 5);
    const size_t lda = row_stride(s.inputs);
    std::vector<float> pack(mote::pack_floats(s.inputs, s.outputs));
    std::vector<float> Z(s.batch * o.ldw), dA(s.batch * lda), some_Z(Z.size()), some_dA(dA.size());
    const auto run = [&](size_t first, size_t rows, float* z, float* da) {
      mote::forward_product(rows, s.inputs, s.outputs, o.A.data() + first * o.lda, o.lda, o.W.data(), o.ldw, z, o.ldw,
                            pack.data());
      mote::backward_product(rows, s.inputs, s.outputs, o.D.data() + first * o.ldw, o.ldw, o.W.data(), o.ldw, da, lda,
                             pack.data());
    };
    run(0, s.batch, Z.data(), dA.data());
    for (const size_t rows : {size_t{1}, size_t{2}, size_t{5}, size_t{11}, size_t{13}, size_t{25}, size_t{50}}) {
      for (size_t first = 0; first + rows <= s.batch; first += rows) {
        run(first, rows, some_Z.data(), some_dA.data());
        ASSERT_TRUE(same_bits(some_Z.data(), Z.data() + first * o.ldw, rows * o.ldw)) << rows << " from " << first;
        ASSERT_TRUE(same_bits(some_dA.data(), dA.data() + first * lda, rows * lda)) << rows << " from " << first;
      }
    }
  }
}

TEST_P(Kernels, GradientsOfAPartedBatchAccumulateToTheWhole) {
  for (const Shape& s : {Shape{100, 784, 30}, Shape{61, 30, 10}, Shape{7, 17, 144}}) {
    const Operands o(s, 6);
    std::vector<float> whole(s.inputs * o.ldw), parted(whole), biases(o.ldw), parted_biases(o.ldw);
    mote::weight_gradient(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.D.data(), o.ldw, whole.data(), o.ldw,
                          false);
    mote::bias_gradient(s.batch, s.outputs, o.D.data(), o.ldw, biases.data(), false);
    for (size_t half = 1; half < s.batch; half += 5) {
      for (const size_t first : {size_t{0}, half}) {
        const size_t rows = first == 0 ? half : s.batch - half;
        const float* D = o.D.data() + first * o.ldw;
        mote::weight_gradient(rows, s.inputs, s.outputs, o.A.data() + first * o.lda, o.lda, D, o.ldw, parted.data(),
                              o.ldw, first != 0);
        mote::bias_gradient(rows, s.outputs, D, o.ldw, parted_biases.data(), first != 0);
      }
      ASSERT_TRUE(same_bits(parted.data(), whole.data(), whole.size())) << name(s) << ", parted at " << half;
      ASSERT_TRUE(same_bits(parted_biases.data(), biases.data(), biases.size())) << name(s) << ", parted at " << half;
    }
  }
}

TEST_P(Kernels, SlicesOfTheWeightGradientMakeTheWhole) {
  const Shape s{10, 100, 30};
  const Operands o(s, 7);
  std::vector<float> whole(s.inputs * o.ldw);
  mote::weight_gradient(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.D.data(), o.ldw, whole.data(), o.ldw, false);
  for (const size_t most : {size_t{1}, size_t{7}, size_t{12}, size_t{99}}) {
    Guarded<float> sliced(whole.size(), kNotANumber);
    for (size_t first = 0; first < s.inputs; first += most) {
      mote::weight_gradient(s.batch, std::min(most, s.inputs - first), s.outputs, o.A.data() + first, o.lda, o.D.data(),
                            o.ldw, sliced.data() + first * o.ldw, o.ldw, false);
    }
    EXPECT_TRUE(sliced.intact());
    EXPECT_TRUE(same_bits(sliced.data(), whole.data(), whole.size())) << most;
  }
}

}  // namespace
