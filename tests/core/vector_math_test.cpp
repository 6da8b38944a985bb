// SPDX-License-Identifier: MIT
#include "mote/detail/vector_math.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/accuracy.hpp"
#include "support/support.hpp"

namespace {

using mote::test::bits;
using mote::test::from_bits;
using mote::test::Guarded;
using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::wide;
using std::size_t;

using Function = void (*)(const float*, float*, size_t);
constexpr Function kFunctions[] = {mote::exp, mote::log, mote::tanh, mote::sigmoid, mote::error_function};

float value(Function function, float x) {
  function(&x, &x, 1);
  return x;
}

// The oracles: the C library in double, or where its result is known to more digits than that, the short cut.
double exact_exp(double x) {
  if (std::fabs(x) < 0x1p-40) return 1.0 + x;
  return std::fabs(x) > 150.0 ? (x > 0.0 ? HUGE_VAL : 0.0) : std::exp(x);
}
double exact_log(double x) {
  return std::log(x);
}
double exact_tanh(double x) {
  if (std::fabs(x) < 0x1p-40) return x;
  return std::fabs(x) > 30.0 ? std::copysign(1.0, x) : std::tanh(x);
}
double exact_error_function(double x) {
  return std::fabs(x) < 0x1p-40 ? x * 2.0 / std::sqrt(std::acos(-1.0)) : std::erf(x);
}
double exact_sigmoid(double x) {
  if (std::fabs(x) < 0x1p-40) return 0.5 + x / 4.0;
  return std::fabs(x) > 150.0 ? (x > 0.0 ? 1.0 : 0.0) : 1.0 / (1.0 + std::exp(-x));
}

using Accuracy = mote::test::Accuracy;

// The limits are the largest errors over all floats of the ranges where anything happens, plus a little: exp 1.0086
// fused and 0.9764 separate, log 0.8608 and 0.8600, tanh 1.3320, sigmoid 2.4019 (1.4983 of positive arguments), the
// error function 1.4616.
TEST_F(Accuracy, Exp) {
  expect(mote::exp, exact_exp, {1.01, 0.98});
}
TEST_F(Accuracy, Log) {
  expect(mote::log, exact_log, {0.87, 0.87});
}
TEST_F(Accuracy, Tanh) {
  expect(mote::tanh, exact_tanh, {1.34, 1.34});
}
TEST_F(Accuracy, Sigmoid) {
  expect(mote::sigmoid, exact_sigmoid, {2.41, 2.41});
}

TEST_F(Accuracy, ErrorFunction) {
  expect(mote::error_function, exact_error_function, {1.47, 1.47});
}

class VectorMath : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, VectorMath, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(VectorMath, NaNGivesNaN) {
  for (const Function function : kFunctions) {
    for (const std::uint32_t b : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu, 0x7fffffffu, 0xff800001u}) {
      EXPECT_TRUE(std::isnan(value(function, from_bits(b)))) << b;
    }
  }
}

TEST_P(VectorMath, ExpOfSpecialValues) {
  EXPECT_EQ(bits(value(mote::exp, -kInf)), 0u);
  EXPECT_EQ(value(mote::exp, kInf), kInf);
  EXPECT_EQ(value(mote::exp, 0.0f), 1.0f);
  EXPECT_EQ(value(mote::exp, -0.0f), 1.0f);
  EXPECT_EQ(value(mote::exp, std::numeric_limits<float>::max()), kInf);
  EXPECT_EQ(value(mote::exp, std::numeric_limits<float>::lowest()), 0.0f);
  EXPECT_EQ(value(mote::exp, std::numeric_limits<float>::denorm_min()), 1.0f);
  EXPECT_EQ(value(mote::exp, -std::numeric_limits<float>::denorm_min()), 1.0f);
}

TEST_P(VectorMath, ExpOverflowsAndVanishesWhereTheExactOneDoes) {
  const float first = static_cast<float>(128.0 * std::log(2.0));  // rounded up: the first that overflows
  ASSERT_GT(std::exp(wide(first)), 0x1p128);
  EXPECT_EQ(value(mote::exp, first), kInf);
  EXPECT_LT(value(mote::exp, std::nextafter(first, 0.0f)), kInf);
  const float least = static_cast<float>(-150.0 * std::log(2.0));  // rounded up: the last that does not vanish
  ASSERT_GT(std::exp(wide(least)), 0x1p-150);
  EXPECT_EQ(value(mote::exp, least), std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(value(mote::exp, std::nextafter(least, -kInf)), 0.0f);
}

TEST_P(VectorMath, LogOfSpecialValues) {
  EXPECT_EQ(value(mote::log, 0.0f), -kInf);
  EXPECT_EQ(value(mote::log, -0.0f), -kInf);
  EXPECT_EQ(value(mote::log, kInf), kInf);
  EXPECT_EQ(bits(value(mote::log, 1.0f)), 0u);
  for (const float x : {-1.0f, -kInf, -std::numeric_limits<float>::denorm_min(), -1e-38f, -3e38f}) {
    EXPECT_TRUE(std::isnan(value(mote::log, x))) << x;
  }
  for (const float x : {0x1p-149f, 0x1.8p-140f, 0x1.fffffcp-127f, 0x1p-126f, 0x1.fffffep127f}) {
    EXPECT_LT(mote::test::ulp_error(value(mote::log, x), std::log(wide(x))), 1.0) << x;
  }
}

TEST_P(VectorMath, TanhOfSpecialValues) {
  EXPECT_EQ(value(mote::tanh, kInf), 1.0f);
  EXPECT_EQ(value(mote::tanh, -kInf), -1.0f);
  EXPECT_EQ(value(mote::tanh, 3e38f), 1.0f);
  EXPECT_EQ(value(mote::tanh, 9.02f), 1.0f);
  EXPECT_LT(value(mote::tanh, 9.0f), 1.0f);
  for (const std::uint32_t b : {0u, 1u, 0x007fffffu, 0x00800000u, 0x38000000u}) {  // so small that tanh x = x
    EXPECT_EQ(bits(value(mote::tanh, from_bits(b))), b);
    EXPECT_EQ(bits(value(mote::tanh, from_bits(b | 0x80000000u))), b | 0x80000000u);
  }
}

TEST_P(VectorMath, SigmoidOfSpecialValues) {
  EXPECT_EQ(bits(value(mote::sigmoid, -kInf)), 0u);
  EXPECT_EQ(value(mote::sigmoid, kInf), 1.0f);
  EXPECT_EQ(value(mote::sigmoid, 0.0f), 0.5f);
  EXPECT_EQ(value(mote::sigmoid, -0.0f), 0.5f);
  EXPECT_EQ(value(mote::sigmoid, 17.0f), 1.0f);
  EXPECT_LT(value(mote::sigmoid, 16.0f), 1.0f);
  EXPECT_EQ(value(mote::sigmoid, -3e38f), 0.0f);
  EXPECT_EQ(value(mote::sigmoid, -103.9f), std::numeric_limits<float>::denorm_min());
}

TEST_P(VectorMath, ErrorFunctionOfSpecialValues) {
  EXPECT_EQ(value(mote::error_function, kInf), 1.0f);
  EXPECT_EQ(value(mote::error_function, -kInf), -1.0f);
  EXPECT_EQ(value(mote::error_function, std::numeric_limits<float>::max()), 1.0f);
  EXPECT_EQ(value(mote::error_function, 4.0f), 1.0f);
  EXPECT_LT(value(mote::error_function, 3.8f), 1.0f);
  EXPECT_EQ(bits(value(mote::error_function, 0.0f)), 0u);
  EXPECT_EQ(bits(value(mote::error_function, -0.0f)), 0x80000000u);
  EXPECT_EQ(value(mote::error_function, 0x1p-149f), 0x1p-149f);
}

TEST_P(VectorMath, TanhAndErrorFunctionAreOddToTheBit) {
  for (const Function function : {mote::tanh, mote::error_function}) {
    for (std::uint32_t b = 0; b < 0x7f800000u; b += 9973) {
      ASSERT_EQ(bits(value(function, from_bits(b))) | 0x80000000u, bits(value(function, from_bits(b | 0x80000000u))));
    }
  }
}

/// Fails where `function` descends within 20,000 floats on either side of x.
void expect_monotone(Function function, float x) {
  std::vector<float> y(40001);
  for (size_t i = 0; i < y.size(); ++i) {
    const std::uint32_t b = bits(x) + static_cast<std::uint32_t>(i) - 20000u;
    y[i] = from_bits(b);
  }
  function(y.data(), y.data(), y.size());
  if (x < 0.0f) std::reverse(y.begin(), y.end());
  EXPECT_TRUE(std::is_sorted(y.begin(), y.end())) << "near " << x;
}

TEST_P(VectorMath, ExpLogAndTanhAreMonotoneWhereTheirFormulasChange) {
  const float ln2 = static_cast<float>(std::log(2.0));
  for (const float n : {-150.0f, -149.5f, -126.5f, -126.0f, -10.5f, -1.5f, -0.5f, 0.5f, 1.5f, 64.5f, 127.5f, 128.0f}) {
    expect_monotone(mote::exp, n * ln2);  // the multiple of ln 2 taken out changes at halves
  }
  for (int e = -125; e <= 126; e += 7) expect_monotone(mote::log, std::ldexp(std::sqrt(0.5f), e));
  for (const float x : {0x1p-126f, 0x1p-127f, 1.0f, 2.0f}) expect_monotone(mote::log, x);
  for (const float x : {0.625f, -0.625f, 9.0109f, 0.1732868f, 0.8664340f}) expect_monotone(mote::tanh, x);
}

TEST_P(VectorMath, SigmoidIsMonotoneWhereItsFormulaChanges) {
  for (const float x : {0x1p-24f, -0x1p-24f, 1e-3f, -1e-3f, 16.6355f, -87.3f, -103.97f}) {
    expect_monotone(mote::sigmoid, x);
  }
}

TEST_P(VectorMath, AnyLengthGivesTheBitsOfOneByOneAndWritesNoFurther) {
  mote::test::Source source(3);
  for (const Function function : kFunctions) {
    const std::vector<float> x = source.floats(41, 0.01f, 30.0f);
    for (size_t n = 0; n <= 40; ++n) {
      const std::vector<float> exactly(x.begin() + 1, x.begin() + 1 + static_cast<std::ptrdiff_t>(n));  // odd alignment
      Guarded<float> y(n, kNotANumber), in_place(n);
      std::copy(exactly.begin(), exactly.end(), in_place.data());
      function(exactly.data(), y.data(), n);
      function(in_place.data(), in_place.data(), n);
      ASSERT_TRUE(y.intact() && in_place.intact()) << n;
      for (size_t i = 0; i < n; ++i) {
        ASSERT_EQ(bits(y[i]), bits(value(function, exactly[i]))) << n << ", " << i;
        ASSERT_EQ(bits(in_place[i]), bits(y[i])) << n << ", " << i;
      }
    }
  }
}

/// Converts elements of every number up to a few vectors, and compares each with (element - offset) * scale.
template <typename Element>
void expect_converted(Element lowest, Element step) {
  for (const size_t n : {size_t{1}, size_t{7}, size_t{16}, size_t{33}, size_t{255}, size_t{256}}) {
    std::vector<Element> x(n);
    std::vector<float> offsets(n), scales(n);
    for (size_t i = 0; i < n; ++i) {
      x[i] = static_cast<Element>(lowest + static_cast<Element>(i) * step);
      offsets[i] = static_cast<float>(i) * 0.37f - 3.0f;
      scales[i] = 1.0f / static_cast<float>(i + 3);
    }
    for (const bool each : {false, true}) {
      for (const float offset : {0.0f, 2.5f}) {
        mote::Inputs inputs = mote::Inputs(x.data(), 1, n, 1.0f / 255.0f).set_offset(offset);
        if (each) inputs.set_transformation(offsets.data(), scales.data());
        Guarded<float> y(n, kNotANumber);
        ASSERT_TRUE(mote::convert_sample(inputs, x.data(), y.data()));
        ASSERT_TRUE(y.intact());
        for (size_t i = 0; i < n; ++i) {
          const float by = each ? scales[i] : 1.0f / 255.0f, from = each ? offsets[i] : offset;
          ASSERT_EQ(y[i], (static_cast<float>(x[i]) - from) * by) << i;
          ASSERT_EQ(y[i], mote::input_at(inputs, 0, i)) << i;
        }
      }
    }
  }
}

TEST_P(VectorMath, ConvertsEveryTypeOfElement) {
  expect_converted<std::uint8_t>(0, 1);
  expect_converted<std::int8_t>(-128, 1);
  expect_converted<std::int16_t>(-32768, 257);
  expect_converted<float>(-20.0f, 0.1875f);
}

TEST_P(VectorMath, FindsEveryInputThatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kNotANumber, infinity, -infinity, 3e38f}) {  // the last overflows by the scale
    for (size_t at = 0; at < 40; ++at) {
      std::vector<float> x(40, 1.0f), y(40);
      EXPECT_TRUE(mote::convert_sample(mote::Inputs(x.data(), 1, 40, 2.0f), x.data(), y.data()));
      x[at] = bad;
      EXPECT_FALSE(mote::convert_sample(mote::Inputs(x.data(), 1, 40, 2.0f), x.data(), y.data())) << at;
    }
  }
}

}  // namespace
