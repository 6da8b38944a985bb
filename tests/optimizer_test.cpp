// SPDX-License-Identifier: MIT
#include "mote/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support.hpp"

namespace {

using mote::Optimizer;
using mote::OptimizerOptions;
using mote::Status;
using mote::test::Guarded;
using mote::test::kInf;
using mote::test::kNotANumber;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

constexpr Optimizer kMethods[] = {Optimizer::sgd, Optimizer::momentum};

class Optimizers : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Optimizers, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

TEST_P(Optimizers, AHundredStepsFollowTheFormulas) {
  constexpr size_t kCount = 37;
  for (const Optimizer method : kMethods) {
    for (const float l2 : {0.0f, 0.05f}) {
      for (const float rate : {0.5f, 0.01f}) {
        const OptimizerOptions options{method, rate, 0.75f};
        Source source(7);
        std::vector<float> theta = source.floats(kCount), state(kCount);
        std::vector<double> exact(theta.begin(), theta.end()), velocity(kCount);
        for (int t = 0; t < 100; ++t) {
          const std::vector<float> gradients = source.floats(kCount);
          mote::optimizer_step({options, l2}, gradients.data(), theta.data(),
                               method == Optimizer::sgd ? nullptr : state.data(), kCount);
          for (size_t i = 0; i < kCount; ++i) {
            const double g = wide(gradients[i]) + wide(l2) * exact[i];
            if (method == Optimizer::sgd) {
              exact[i] -= wide(rate) * g;
            } else {
              velocity[i] = 0.75 * velocity[i] - wide(rate) * g;
              exact[i] += velocity[i];
            }
            ASSERT_NEAR(wide(theta[i]), exact[i], 2e-5) << "step " << t << ", parameter " << i;
          }
        }
        for (size_t i = 0; method == Optimizer::momentum && i < kCount; ++i) {
          ASSERT_NEAR(wide(state[i]), velocity[i], 2e-6) << "velocity " << i;
        }
      }
    }
  }
}

TEST_P(Optimizers, AHundredStepsOfAdamFollowTheFormulas) {
  constexpr size_t kCount = 37;
  for (const float l2 : {0.0f, 0.05f}) {
    OptimizerOptions options{Optimizer::adam, 0.01f};
    options.beta1 = 0.8f;
    options.beta2 = 0.99f;
    options.epsilon = 1e-4f;
    Source source(11);
    std::vector<float> theta = source.floats(kCount), state(2 * kCount);
    std::vector<double> exact(theta.begin(), theta.end()), m(kCount), s(kCount);
    for (std::uint32_t t = 1; t <= 100; ++t) {
      const std::vector<float> gradients = source.floats(kCount);
      mote::optimizer_step({options, l2, t, kCount}, gradients.data(), theta.data(), state.data(), kCount);
      for (size_t i = 0; i < kCount; ++i) {
        const double g = wide(gradients[i]) + wide(l2) * exact[i], b1 = wide(0.8f), b2 = wide(0.99f);
        m[i] = b1 * m[i] + (1 - b1) * g;
        s[i] = b2 * s[i] + (1 - b2) * g * g;
        exact[i] -= 0.01 * (m[i] / (1 - std::pow(b1, t))) / (std::sqrt(s[i] / (1 - std::pow(b2, t))) + 1e-4);
        ASSERT_NEAR(wide(theta[i]), exact[i], 1e-5) << "step " << t << ", parameter " << i;
      }
    }
  }
}

TEST_P(Optimizers, AdamsFirstStepIsTheLearningRateWhateverTheGradient) {
  float theta[] = {0.0f, 0.0f, 0.0f}, state[6] = {};
  const float gradients[] = {1e-3f, -5.0f, 0.0f};
  mote::optimizer_step({{Optimizer::adam, 0.25f}, 0.0f, 1, 3}, gradients, theta, state, 3);
  EXPECT_NEAR(theta[0], -0.25f, 1e-5f);
  EXPECT_NEAR(theta[1], 0.25f, 1e-5f);
  EXPECT_EQ(theta[2], 0.0f);
}

TEST_P(Optimizers, OneStepByHand) {
  const float gradient = 2.0f;
  float theta = 1.0f, velocity = 0.5f;
  mote::optimizer_step({{Optimizer::sgd, 0.25f, 0.5f}, 0.0f}, &gradient, &theta, nullptr, 1);
  EXPECT_EQ(theta, 0.5f);  // 1 - 0.25 * 2
  mote::optimizer_step({{Optimizer::sgd, 0.25f, 0.5f}, 4.0f}, &gradient, &theta, nullptr, 1);
  EXPECT_EQ(theta, -0.5f);  // 0.5 - 0.25 * (2 + 4 * 0.5)
  mote::optimizer_step({{Optimizer::momentum, 0.25f, 0.5f}, 0.0f}, &gradient, &theta, &velocity, 1);
  EXPECT_EQ(velocity, -0.25f);  // 0.5 * 0.5 - 0.25 * 2
  EXPECT_EQ(theta, -0.75f);
}

TEST_P(Optimizers, MomentumZeroIsPlainDescent) {
  Source source(8);
  std::vector<float> plain = source.floats(50), with_state = plain, state(50);
  for (int t = 0; t < 20; ++t) {
    const std::vector<float> gradients = source.floats(50);
    mote::optimizer_step({{Optimizer::sgd, 0.1f, 0.9f}, 0.01f}, gradients.data(), plain.data(), nullptr, 50);
    mote::optimizer_step({{Optimizer::momentum, 0.1f, 0.0f}, 0.01f}, gradients.data(), with_state.data(), state.data(),
                         50);
  }
  for (size_t i = 0; i < 50; ++i) ASSERT_NEAR(wide(plain[i]), wide(with_state[i]), 1e-6);
}

TEST_P(Optimizers, VelocitiesDieOutInsteadOfLingeringAsSubnormals) {
  const float gradients[] = {0.0f, 0.0f};
  float theta[] = {1.0f, 1.0f}, velocities[] = {1.0f, 0x1p-149f};  // the smallest float times 0.9 rounds to itself
  for (int t = 0; t < 700; ++t) {
    mote::optimizer_step({{Optimizer::momentum, 0.1f, 0.9f}, 0.0f}, gradients, theta, velocities, 2);
    for (const float v : velocities) ASSERT_TRUE(v == 0.0f || std::abs(v) >= 0x1p-100f) << t;
  }
  EXPECT_EQ(velocities[0], 0.0f);
  EXPECT_EQ(velocities[1], 0.0f);
}

TEST_P(Optimizers, ZeroStaysZero) {  // so the padding of parameters does
  for (const Optimizer method : kMethods) {
    std::vector<float> theta(20), state(20);
    const std::vector<float> gradients(20);
    for (int t = 0; t < 3; ++t) {
      mote::optimizer_step({{method, 0.1f, 0.9f}, 0.01f}, gradients.data(), theta.data(), state.data(), 20);
    }
    EXPECT_EQ(theta, gradients);
    EXPECT_EQ(state, gradients);
  }
}

TEST_P(Optimizers, PartsOfAnyLengthMakeTheWholeToTheBitAndNothingElseIsWritten) {
  constexpr size_t kCount = 820;  // 0 + 1 + ... + 40
  for (const Optimizer method : kMethods) {
    Source source(9);
    const OptimizerOptions options{method, 0.3f, 0.9f};
    const std::vector<float> gradients = source.floats(kCount);
    std::vector<float> theta = source.floats(kCount), state = source.floats(kCount);
    const std::vector<float> theta_before = theta, state_before = state;
    mote::optimizer_step({options, 0.1f}, gradients.data(), theta.data(), state.data(), kCount);
    size_t first = 0;
    for (size_t n = 0; n <= 40; first += n, ++n) {
      const auto from = static_cast<std::ptrdiff_t>(first), to = static_cast<std::ptrdiff_t>(first + n);
      const std::vector<float> g(gradients.begin() + from, gradients.begin() + to);
      Guarded<float> p(n), s(n);
      std::copy(theta_before.begin() + from, theta_before.begin() + to, p.data());
      std::copy(state_before.begin() + from, state_before.begin() + to, s.data());
      mote::optimizer_step({options, 0.1f}, g.data(), p.data(), s.data(), n);
      ASSERT_TRUE(p.intact() && s.intact()) << n;
      ASSERT_TRUE(mote::test::same_bits(p.data(), theta.data() + first, n)) << n;
      ASSERT_TRUE(mote::test::same_bits(s.data(), state.data() + first, n)) << n;
    }
    ASSERT_EQ(first, kCount);
  }
}

TEST(OptimizerOptions, SayHowMuchStateTheyNeed) {
  static_assert(mote::state_arrays(Optimizer::sgd) == 0 && mote::state_arrays(Optimizer::momentum) == 1 &&
                mote::state_arrays(Optimizer::adam) == 2);
  static_assert(check(OptimizerOptions{}).ok(), "the defaults are usable");
}

TEST(OptimizerOptions, LearningRateMustBeFiniteAndPositive) {
  for (const Optimizer method : kMethods) {
    for (const float rate : {0.0f, -0.0f, -0.1f, kInf, -kInf, kNotANumber, -kNotANumber}) {
      EXPECT_EQ(check(OptimizerOptions{method, rate, 0.5f}).status, Status::bad_learning_rate) << rate;
    }
    for (const float rate : {std::numeric_limits<float>::denorm_min(), 0.1f, std::numeric_limits<float>::max()}) {
      EXPECT_TRUE(check(OptimizerOptions{method, rate, 0.5f}).ok()) << rate;
    }
  }
}

TEST(OptimizerOptions, AdamsOwnMustMakeSense) {
  OptimizerOptions options{Optimizer::adam};
  for (float OptimizerOptions::*beta : {&OptimizerOptions::beta1, &OptimizerOptions::beta2}) {
    for (const float value : {1.0f, -0.1f, kNotANumber, kInf}) {
      OptimizerOptions wrong = options;
      wrong.*beta = value;
      EXPECT_EQ(check(wrong).status, Status::bad_beta) << value;
    }
  }
  for (const float value : {0.0f, -1.0f, kNotANumber, kInf}) {
    options.epsilon = value;
    EXPECT_EQ(check(options).status, Status::bad_epsilon) << value;
  }
}

TEST(OptimizerOptions, MomentumMustBeAtLeastZeroAndLessThanOne) {
  for (const float momentum : {-0.001f, 1.0f, 1.5f, kInf, -kInf, kNotANumber}) {
    EXPECT_EQ(check(OptimizerOptions{Optimizer::momentum, 0.1f, momentum}).status, Status::bad_momentum) << momentum;
  }
  for (const float momentum : {0.0f, 0.9f, 0x1.fffffep-1f}) {
    EXPECT_TRUE(check(OptimizerOptions{Optimizer::momentum, 0.1f, momentum}).ok()) << momentum;
  }
}

}  // namespace
