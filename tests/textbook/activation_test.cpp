// SPDX-License-Identifier: MIT
#include "mote/activation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "mote/topology.hpp"
#include "support/accuracy.hpp"
#include "support/closed_forms.hpp"
#include "support/support.hpp"
#include "mote/detail/activation.hpp"

namespace {

using mote::Activation;
using mote::row_stride;
using mote::test::closed_form;
using mote::test::Guarded;
using mote::test::has_kink;
using mote::test::kElementwise;
using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::slope;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

class ActivationFunctions : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, ActivationFunctions, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

constexpr double kMostUlp = 5.5;  // gelu's

TEST_P(ActivationFunctions, AddBiasesAndFollowTheClosedForm) {
  Source source(1);
  for (const Activation activation : kElementwise) {
    for (const size_t columns : {size_t{1}, size_t{10}, size_t{16}, size_t{17}, size_t{30}, size_t{128}}) {
      const size_t stride = row_stride(columns), rows = 5;
      const std::vector<float> given = source.matrix(rows, columns, stride), biases = source.matrix(1, columns, stride);
      Guarded<float> z(given.size());
      for (size_t i = 0; i < given.size(); ++i) z[i] = 8.0f * given[i];
      mote::add_biases_and_activate(activation, rows, columns, stride, biases.data(), z.data());
      ASSERT_TRUE(z.intact());
      for (size_t i = 0; i < given.size(); ++i) {
        const size_t j = i % stride;
        if (j >= columns) {
          ASSERT_TRUE(std::isfinite(z[i])) << "padding";
          if (activation == Activation::identity) {
            ASSERT_EQ(z[i], 0.0f);
          }
          continue;
        }
        const float sum = 8.0f * given[i] + biases[j];
        ASSERT_LE(mote::test::ulp_error(z[i], closed_form(activation, wide(sum))), kMostUlp) << sum;
      }
    }
  }
}

TEST_P(ActivationFunctions, KeepPreActivationsWhenAskedAndGiveTheSameActivations) {
  Source source(4);
  for (const Activation activation : mote::test::kAnyActivation) {
    const size_t columns = 37, stride = row_stride(columns), rows = 3;
    const std::vector<float> given = source.matrix(rows, columns, stride), biases = source.matrix(1, columns, stride);
    std::vector<float> alone = given;
    mote::add_biases_and_activate(activation, rows, columns, stride, biases.data(), alone.data());
    Guarded<float> z(given.size()), kept(given.size(), kNotANumber);
    std::copy(given.begin(), given.end(), z.data());
    mote::add_biases_and_activate(activation, rows, columns, stride, biases.data(), z.data(), kept.data());
    ASSERT_TRUE(z.intact() && kept.intact());
    for (size_t i = 0; i < given.size(); ++i) {
      if (i % stride >= columns) continue;
      ASSERT_EQ(mote::test::bits(z[i]), mote::test::bits(alone[i]));
      ASSERT_EQ(kept[i], given[i] + biases[i % stride]);
    }
  }
}

/// Activations of z, and derivatives there as backpropagation computes them.
struct Curve {
  Curve(Activation activation, const std::vector<float>& z) : values(z) {
    const size_t columns = z.size(), stride = row_stride(columns);
    const std::vector<float> biases(stride, -0.0f);  // adding it changes nothing, not even -0
    std::vector<float> pre_activations(stride), deltas(stride);
    values.resize(stride);
    std::fill_n(deltas.begin(), columns, 1.0f);
    mote::add_biases_and_activate(activation, 1, columns, stride, biases.data(), values.data(), pre_activations.data());
    const std::vector<float>& kept = mote::needs_pre_activations(activation) ? pre_activations : values;
    mote::multiply_by_derivative(activation, 1, columns, stride, kept.data(), deltas.data());
    deltas.resize(columns);
    values.resize(columns);
    derivatives = deltas;
  }
  std::vector<float> values, derivatives;
};

TEST_P(ActivationFunctions, DerivativesAreTheSlopesOfTheClosedForms) {
  Source source(2);
  for (const Activation activation : kElementwise) {
    for (const size_t columns : {size_t{1}, size_t{10}, size_t{33}, size_t{128}}) {
      const size_t stride = row_stride(columns), rows = 7;
      std::vector<float> z = source.matrix(rows, columns, stride);
      for (float& x : z) x *= 5.0f;
      std::vector<float> activations = z, pre_activations = z;
      const std::vector<float> biases(stride), before = source.matrix(rows, columns, stride);
      mote::add_biases_and_activate(activation, rows, columns, stride, biases.data(), activations.data());
      Guarded<float> deltas(before.size());
      std::copy(before.begin(), before.end(), deltas.data());
      mote::multiply_by_derivative(
          activation, rows, columns, stride,
          mote::needs_pre_activations(activation) ? pre_activations.data() : activations.data(), deltas.data());
      ASSERT_TRUE(deltas.intact());
      for (size_t i = 0; i < before.size(); ++i) {
        if (i % stride >= columns) {
          ASSERT_EQ(deltas[i], 0.0f) << "padding";
        } else {
          ASSERT_NEAR(wide(deltas[i]), wide(before[i]) * slope(activation, wide(z[i])), 3e-7);
        }
      }
    }
  }
}

TEST_P(ActivationFunctions, DerivativesAreTheSlopesOverTheWholeRangeWhereAnythingHappens) {
  std::vector<float> z;
  for (float x = 1e-6f; x < 120.0f; x *= 1.01f) z.insert(z.end(), {x, -x});
  for (const Activation activation : kElementwise) {
    const std::vector<float> derivatives = Curve(activation, z).derivatives;
    for (size_t i = 0; i < z.size(); ++i) {
      if (has_kink(activation) && std::fabs(z[i]) < 1e-4f) continue;  // the differences would cross it
      // Beside rounding: differences over a step of 1e-5 are wrong by that where the second derivative jumps (elu).
      const double tolerance = std::fabs(z[i]) < 2e-5f ? 6e-6 : 3e-7;
      ASSERT_NEAR(wide(derivatives[i]), slope(activation, wide(z[i])), tolerance)
          << mote::test::activation_name(activation) << ' ' << z[i];
    }
  }
}

TEST_P(ActivationFunctions, SmallDerivativesOfSoftplusGeluAndSiluKeepTheirDigits) {
  const std::vector<float> z = {-3.0f, -5.5f, -8.0f, -9.75f, -11.0f};
  const std::vector<float> softplus = Curve(Activation::softplus, z).derivatives,
                           gelu = Curve(Activation::gelu, z).derivatives, silu = Curve(Activation::silu, z).derivatives;
  for (size_t i = 0; i < z.size(); ++i) {
    const double x = wide(z[i]), s = 1.0 / (1.0 + std::exp(-x));
    EXPECT_NEAR(wide(softplus[i]) / s, 1.0, 4e-7);
    EXPECT_NEAR(wide(silu[i]) / (s + x * s * (1.0 - s)), 1.0, 4e-7);
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2.0 * std::acos(-1.0));
    EXPECT_NEAR(wide(gelu[i]) / (0.5 * std::erfc(-x / std::sqrt(2.0)) + x * density), 1.0, 6e-7) << x;
  }
}

TEST_P(ActivationFunctions, DerivativesAreExactAtTheEnds) {
  const std::vector<float> activations = {0.0f, 0.5f, 1.0f, -1.0f, 2.0f, 0x1p-149f};
  const auto derivatives = [&](Activation activation) {
    const size_t stride = row_stride(activations.size());
    std::vector<float> a(stride), deltas(stride);
    std::copy(activations.begin(), activations.end(), a.begin());
    std::fill_n(deltas.begin(), activations.size(), 1.0f);
    mote::multiply_by_derivative(activation, 1, activations.size(), stride, a.data(), deltas.data());
    deltas.resize(activations.size());
    return deltas;
  };
  const std::vector<float> sigmoid = derivatives(Activation::sigmoid), tanh = derivatives(Activation::tanh);
  EXPECT_EQ(sigmoid[0], 0.0f);
  EXPECT_EQ(sigmoid[1], 0.25f);
  EXPECT_EQ(sigmoid[2], 0.0f);
  EXPECT_EQ(tanh[0], 1.0f);
  EXPECT_EQ(tanh[1], 0.75f);
  EXPECT_EQ(tanh[2], 0.0f);
  EXPECT_EQ(tanh[3], 0.0f);
  EXPECT_EQ(derivatives(Activation::relu), (std::vector<float>{0.0f, 1.0f, 1.0f, 0.0f, 1.0f, 1.0f}));
  EXPECT_EQ(derivatives(Activation::leaky_relu), (std::vector<float>{0.01f, 1.0f, 1.0f, 0.01f, 1.0f, 1.0f}));
  EXPECT_EQ(derivatives(Activation::identity), std::vector<float>(activations.size(), 1.0f));
}

TEST_P(ActivationFunctions, TinyDeltasAreZero) {
  for (const Activation activation : {Activation::identity, Activation::relu, Activation::tanh}) {
    std::vector<float> deltas(row_stride(3));
    const std::vector<float> kept(row_stride(3), activation == Activation::tanh ? 0.0f : 1.0f);
    deltas[0] = 0x1p-101f;
    deltas[1] = -0x1p-149f;
    deltas[2] = 0x1p-100f;
    mote::multiply_by_derivative(activation, 1, 3, row_stride(3), kept.data(), deltas.data());
    deltas.resize(3);
    EXPECT_EQ(deltas, (std::vector<float>{0.0f, 0.0f, 0x1p-100f}));
  }
}

TEST_P(ActivationFunctions, HaveTheirLimitsAtTheInfinities) {
  struct Limits {
    Activation activation;
    float below, above, derivative_below, derivative_above;
  };
  const float lambda = static_cast<float>(mote::test::kSeluLambda);
  const float floor = static_cast<float>(-mote::test::kSeluLambda * mote::test::kSeluAlpha);
  for (const Limits& limits :
       {Limits{Activation::leaky_relu, -kInf, kInf, 0.01f, 1.0f}, Limits{Activation::elu, -1.0f, kInf, 0.0f, 1.0f},
        Limits{Activation::selu, floor, kInf, 0.0f, lambda}, Limits{Activation::gelu, -0.0f, kInf, 0.0f, 1.0f},
        Limits{Activation::silu, -0.0f, kInf, 0.0f, 1.0f}, Limits{Activation::softplus, 0.0f, kInf, 0.0f, 1.0f}}) {
    const bool finite_below = std::isfinite(limits.below);
    const float far = finite_below ? -3e38f : -kInf;
    const Curve curve(limits.activation, {-kInf, far, kInf, 3e38f});
    SCOPED_TRACE(mote::test::activation_name(limits.activation));
    for (const size_t i : {0u, 1u}) {
      EXPECT_EQ(mote::test::bits(curve.values[i]), mote::test::bits(limits.below)) << "the sign of 0 too";
      EXPECT_EQ(curve.derivatives[i], limits.derivative_below);
    }
    EXPECT_EQ(curve.values[2], limits.above);
    EXPECT_GE(curve.values[3], 3e38f);
    EXPECT_EQ(curve.derivatives[2], limits.derivative_above);
    EXPECT_EQ(curve.derivatives[3], limits.derivative_above);
  }
}

TEST_P(ActivationFunctions, GeluAndSiluRiseToZeroFromBelowWithoutAStep) {
  for (const Activation activation : {Activation::gelu, Activation::silu}) {
    std::vector<float> z;
    for (float x = -1.5f; x > -120.0f; x -= 0.015625f) z.push_back(x);
    const std::vector<float> values = Curve(activation, z).values;
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    EXPECT_LT(values.front(), -0.09f);
    EXPECT_EQ(mote::test::bits(values.back()), mote::test::bits(-0.0f));
  }
  EXPECT_EQ(Curve(Activation::silu, {-108.0f}).values[0], -static_cast<float>(108.0 * std::exp(-108.0))) << "subnormal";
}

TEST_P(ActivationFunctions, OfZero) {
  for (const Activation activation : kElementwise) {
    const float at_0 = static_cast<float>(closed_form(activation, 0.0));
    EXPECT_NEAR(Curve(activation, {0.0f}).values[0], at_0, 1e-7f);
    EXPECT_EQ(Curve(activation, {0.0f}).values[0], Curve(activation, {-0.0f}).values[0]);
    EXPECT_EQ(Curve(activation, {0.0f}).derivatives[0], Curve(activation, {-0.0f}).derivatives[0]);
  }
  EXPECT_EQ(Curve(Activation::softplus, {0.0f}).values[0], static_cast<float>(std::log(2.0)));
}

TEST_P(ActivationFunctions, SoftplusOfLargeNumbersIsThatNumber) {
  for (const float z : {18.0f, 100.0f, 1e6f, 3e38f}) EXPECT_EQ(Curve(Activation::softplus, {z}).values[0], z);
}

/// Every 797th float.
class ActivationAccuracy : public mote::test::Accuracy {
 protected:
  ActivationAccuracy() : Accuracy(797) {}

  void expect_within(Activation activation, mote::test::Limits limits) {
    const std::vector<float> biases(kBlock, -0.0f);
    expect(
        [&](const float* z, float* a, size_t n) {
          std::copy(z, z + n, a);
          mote::add_biases_and_activate(activation, 1, n, n, biases.data(), a);
        },
        [&](double z) {
          return z < -300.0 && has_lower_limit(activation) ? closed_form(activation, -300.0)
                                                           : closed_form(activation, z);
        },
        limits);
  }

 private:
  /// Whether the closed form of -infinity is that of -300, which has no infinity times 0.
  static bool has_lower_limit(Activation activation) {
    return activation != Activation::identity && activation != Activation::leaky_relu;
  }
};

// activation.hpp states these limits. Those of sigmoid, tanh and softmax's e^z are those of vector_math.hpp.
TEST_F(ActivationAccuracy, LeakyRelu) {
  expect_within(Activation::leaky_relu, {0.84, 0.84});
}
TEST_F(ActivationAccuracy, Elu) {
  expect_within(Activation::elu, {0.97, 0.94});
}
TEST_F(ActivationAccuracy, Selu) {
  expect_within(Activation::selu, {1.98, 1.98});
}
TEST_F(ActivationAccuracy, Gelu) {
  expect_within(Activation::gelu, {5.5, 5.5});
}
TEST_F(ActivationAccuracy, Silu) {
  expect_within(Activation::silu, {3.4, 3.4});
}
TEST_F(ActivationAccuracy, Softplus) {
  expect_within(Activation::softplus, {2.81, 2.81});
}

TEST_P(ActivationFunctions, KeepNaN) {
  for (const Activation activation : kElementwise) {
    std::vector<float> z(16, 1.0f), biases(16);
    z[3] = kNotANumber;
    mote::add_biases_and_activate(activation, 1, 10, 16, biases.data(), z.data());
    EXPECT_TRUE(std::isnan(z[3])) << static_cast<int>(activation);
    EXPECT_TRUE(std::isfinite(z[2]) && std::isfinite(z[4]));
  }
}

}  // namespace
