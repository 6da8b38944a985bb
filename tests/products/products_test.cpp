// SPDX-License-Identifier: MIT
#include "mote/detail/products.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include "mote/detail/weight_update.hpp"
#include "mote/topology.hpp"
#include "products/reference.hpp"
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

/// Every road by the reason for it, then many combinations of sides around the tiles' sizes.
std::vector<Shape> shapes() {
  std::vector<Shape> list = {
      {24, 600, 111},                    // the last batch without column panels
      {25, 600, 111},                    // column panels
      {47, 600, 111},                    // the last batch without forward_skipping
      {48, 600, 111},                    // forward_skipping is tried
      {48, 1025, 65},                    // too long to skip; a second panel of one row, a last panel of one column
      {50, 2060, 33},                    // three panels of the inner index
      {30, 1100, 64},                    // two
      {3, 40, 1100},                     // backward in three blocks
      {50, 33, 2060},                    // in five
      {170, 260, 1100},                  // large weights in blocks, with strips where tiles are not wide
      {14, 128, 512},                    // strides that skip multiples of 128
      {1, 910, 600},                     // weights beyond the caches, in rows
      {160, 520, 600},                   // large weights, backward from deltas
      {165, 523, 601},                   // with odd ends
      {161, 520, 504},                   // large with their padding only
      {26, 600, 520},                    // for a small batch
      {700, 50, 100},   {161, 70, 900},  // backward from few weights
      {520, 50, 600},   {520, 50, 504},  // for a large batch
      {130, 59, 505},                    // with odd ends
      {24, 32, 12},                      // the smallest narrow gradient
      {64, 150, 10},                     // narrow gradients of 64, 64 and 16 inputs, and a rest
      {1, 784, 30},     {1, 30, 10},    {1, 1, 1},    {1, 100, 784}, {10, 784, 30},
      {1100, 17, 33},   {300, 7, 3},    {13, 784, 1}, {37, 1, 784},
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

/// Calls row(i) for every row, or of a large product for the rows of the first tiles and for the last row and others
/// before it, evenly spread.
template <typename Row>
void for_rows(size_t rows, size_t depth, size_t columns, Row row) {
  constexpr size_t kTiles = 12;  // rows of two tiles of 6, or of one of 12
  const size_t step = 1 + rows * depth * columns / 1'000'000;
  for (size_t i = 0; i < rows && !testing::Test::HasFatalFailure(); ++i) {
    if (i < kTiles || (rows - 1 - i) % step == 0) row(i);
  }
}

/// Fails unless the bits of `found` are those of `expected`, and its padding is 0.
void expect_row(const float* found, const std::vector<float>& expected, size_t stride, size_t row) {
  ASSERT_TRUE(same_bits(found, expected.data(), expected.size())) << "row " << row;
  for (size_t j = expected.size(); j < stride; ++j) ASSERT_EQ(found[j], 0.0f) << "padding, row " << row;
}

/// Calls f with the arithmetic class of the library.
template <typename F>
void in_arithmetic(F f) {
  mote::arithmetic_is_fused() ? f(std::true_type()) : f(std::false_type());
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

/// Fails unless c is near the sums of x(i, k) y(k, j) in double.
template <typename X, typename Y>
void expect_near_exact(const std::vector<float>& c, size_t rows, size_t depth, size_t columns, X x, Y y) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      double exact = 0.0, magnitude = 0.0;
      for (size_t k = 0; k < depth; ++k) {
        exact += wide(x(i, k)) * wide(y(k, j));
        magnitude += std::fabs(wide(x(i, k)) * wide(y(k, j)));
      }
      ASSERT_NEAR(wide(c[i * columns + j]), exact, static_cast<double>(depth + 1) * 0x1p-24 * magnitude);
    }
  }
}

template <bool Fused>
void expect_near_exact() {
  using namespace mote::reference;
  for (const Shape& s : {Shape{1, 1, 1}, Shape{7, 30, 10}, Shape{13, 100, 33}}) {
    SCOPED_TRACE(name(s));
    const Operands o(s, 8);
    const auto a = [&](size_t m, size_t k) { return o.A[m * o.lda + k]; };
    const auto w = [&](size_t k, size_t n) { return o.W[k * o.ldw + n]; };
    const auto d = [&](size_t m, size_t n) { return o.D[m * o.ldw + n]; };
    std::vector<float> z(s.batch * s.outputs), dw(s.inputs * s.outputs), da(s.batch * s.inputs);
    forward<Fused>(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.W.data(), o.ldw, z.data(), s.outputs);
    expect_near_exact(z, s.batch, s.inputs, s.outputs, a, w);
    weight_gradient<Fused>(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.D.data(), o.ldw, dw.data(), s.outputs,
                           false);
    expect_near_exact(
        dw, s.inputs, s.batch, s.outputs, [&](size_t k, size_t m) { return a(m, k); }, d);
    backward<Fused>(s.batch, s.inputs, s.outputs, o.D.data(), o.ldw, o.W.data(), o.ldw, da.data(), s.inputs);
    expect_near_exact(da, s.batch, s.outputs, s.inputs, d, [&](size_t n, size_t k) { return w(k, n); });
  }
}

TEST(Reference, IsNearTheExactProducts) {
  expect_near_exact<true>();
  expect_near_exact<false>();
}

TEST_P(Kernels, ForwardProductSumsInOrder) {
  for (const Shape& s : shapes()) {
    SCOPED_TRACE(name(s));
    const Operands o(s, 1);
    Guarded<float> Z(s.batch * o.ldw, kNotANumber);
    mote::forward_product(s.batch, s.inputs, s.outputs, o.A.data(), o.lda, o.W.data(), o.ldw, Z.data(), o.ldw);
    in_arithmetic([&](auto fused) {
      for_rows(s.batch, s.inputs, s.outputs, [&](size_t m) {
        std::vector<float> z(s.outputs);
        mote::reference::forward<decltype(fused)::value>(1, s.inputs, s.outputs, o.A.data() + m * o.lda, o.lda,
                                                         o.W.data(), o.ldw, z.data(), s.outputs);
        expect_row(Z.data() + m * o.ldw, z, o.ldw, m);
      });
    });
    ASSERT_TRUE(Z.intact());
    if (HasFatalFailure()) return;
  }
}

TEST_P(Kernels, WeightGradientSumsInOrder) {
  for (const Shape& s : shapes()) {
    for (const bool accumulate : {false, true}) {
      SCOPED_TRACE(name(s) + (accumulate ? ", accumulating" : ""));
      const Operands o(s, 2);
      Guarded<float> dW(s.inputs * o.ldw, kNotANumber);
      if (accumulate) std::copy(o.W.begin(), o.W.end(), dW.data());
      mote::weight_gradient(s.batch, {0, s.inputs}, s.outputs, o.A.data(), o.lda, o.D.data(), {}, accumulate,
                            dW.data());
      in_arithmetic([&](auto fused) {
        for_rows(s.inputs, s.batch, s.outputs, [&](size_t k) {
          std::vector<float> row(o.W.begin() + static_cast<std::ptrdiff_t>(k * o.ldw),
                                 o.W.begin() + static_cast<std::ptrdiff_t>(k * o.ldw + s.outputs));
          mote::reference::weight_gradient<decltype(fused)::value>(
              s.batch, 1, s.outputs, o.A.data() + k, o.lda, o.D.data(), o.ldw, row.data(), s.outputs, accumulate);
          expect_row(dW.data() + k * o.ldw, row, o.ldw, k);
        });
      });
      ASSERT_TRUE(dW.intact());
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
      std::vector<float> expected(s.outputs);
      if (accumulate) std::copy_n(o.W.begin(), s.outputs, expected.begin());
      for (size_t m = 0; m < s.batch; ++m) {
        for (size_t n = 0; n < s.outputs; ++n) expected[n] += o.D[m * o.ldw + n];
      }
      expect_row(db.data(), expected, o.ldw, 0);
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
    in_arithmetic([&](auto fused) {
      for_rows(s.batch, s.outputs, s.inputs, [&](size_t m) {
        std::vector<float> da(s.inputs);
        mote::reference::backward<decltype(fused)::value>(1, s.inputs, s.outputs, o.D.data() + m * o.ldw, o.ldw,
                                                          o.W.data(), o.ldw, da.data(), s.inputs);
        expect_row(dA.data() + m * lda, da, lda, m);
      });
    });
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
      mote::forward_product(rows, s.inputs, s.outputs, o.A.data() + first * o.lda, o.lda, o.W.data(), o.ldw, z, o.ldw);
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
    mote::weight_gradient(s.batch, {0, s.inputs}, s.outputs, o.A.data(), o.lda, o.D.data(), {}, false, whole.data());
    mote::bias_gradient(s.batch, s.outputs, o.D.data(), o.ldw, biases.data(), false);
    for (size_t half = 1; half < s.batch; half += 5) {
      for (const size_t first : {size_t{0}, half}) {
        const size_t rows = first == 0 ? half : s.batch - half;
        const float* D = o.D.data() + first * o.ldw;
        mote::weight_gradient(rows, {0, s.inputs}, s.outputs, o.A.data() + first * o.lda, o.lda, D, {}, first != 0,
                              parted.data());
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
  mote::weight_gradient(s.batch, {0, s.inputs}, s.outputs, o.A.data(), o.lda, o.D.data(), {}, false, whole.data());
  for (const size_t most : {size_t{1}, size_t{7}, size_t{12}, size_t{99}}) {
    Guarded<float> sliced(whole.size(), kNotANumber);
    for (size_t first = 0; first < s.inputs; first += most) {
      mote::weight_gradient(s.batch, {first, std::min(first + most, s.inputs)}, s.outputs, o.A.data(), o.lda,
                            o.D.data(), {}, false, sliced.data());
    }
    EXPECT_TRUE(sliced.intact());
    EXPECT_TRUE(same_bits(sliced.data(), whole.data(), whole.size())) << most;
  }
}

}  // namespace
