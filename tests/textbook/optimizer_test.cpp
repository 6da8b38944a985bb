// SPDX-License-Identifier: MIT
#include "mote/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <type_traits>
#include <vector>

#include "support/double_optimizer.hpp"
#include "support/support.hpp"

namespace {

using mote::Optimizer;
using mote::OptimizerOptions;
using mote::test::Guarded;
using mote::test::Source;
using mote::test::wide;
using std::size_t;

constexpr Optimizer kMethods[] = {Optimizer::sgd, Optimizer::momentum};
using twin::kEveryOptimizer;

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
          mote::optimizer_step({options, l2, 1, kCount}, gradients.data(), theta.data(),
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

/// Options with every number away from its default, and a learning rate that suits the method.
OptimizerOptions unusual(Optimizer method) {
  OptimizerOptions options{method, 0.01f, 0.8f};
  options.beta1 = 0.85f;
  options.beta2 = 0.98f;
  options.rho = 0.93f;
  options.weight_decay = 0.05f;
  options.epsilon = 1e-3f;
  return options;
}

// f(theta) = sum of h_i/2 (theta_i - c_i)^2 with h from 1e-3 to 60; library and twin each step their own theta. A step
// rounds theta (at most 1.5 here) and its change about four times, each by at most 2^-24 of their size, and where h is
// small, errors do not decay: a hundred steps add up to at most 100 x 4 x 1.5 x 2^-24 = 4e-5 if all roundings have one
// sign. They do not, and the limit is a quarter of it.
TEST_P(Optimizers, AHundredStepsDownAnIllConditionedBowlFollowTheFormulas) {
  constexpr size_t kCount = 24;
  for (const Optimizer method : kEveryOptimizer) {
    for (const bool usual : {false, true}) {
      OptimizerOptions options = usual ? OptimizerOptions{method, 0.02f} : unusual(method);
      const float l2 = usual ? 0.0f : 0.02f, l1 = usual ? 0.0f : 0.03f;
      const twin::OptimizerTwin oracle{options, wide(l2), wide(l1)};
      std::vector<float> theta(kCount), state(2 * kCount), gradients(kCount), h(kCount), c(kCount);
      std::vector<twin::Memory> memory(kCount);
      for (size_t i = 0; i < kCount; ++i) {
        h[i] = static_cast<float>(1e-3 * std::pow(60e3, static_cast<double>(i) / (kCount - 1)));
        c[i] = i % 2 == 0 ? 0.5f : -0.25f;
        theta[i] = i % 3 == 0 ? 1.0f : -0.75f;
      }
      std::vector<double> exact(theta.begin(), theta.end());
      mote::OptimizerStep step{options, l2, 0, kCount, l1};
      mote::move_gradient_point(step, theta.data(), state.data(), kCount);
      double largest = 0.0;
      for (int t = 1; t <= 100; ++t) {
        ++step.number;
        const float* point = mote::gradient_point(step, theta.data(), state.data());
        for (size_t i = 0; i < kCount; ++i) gradients[i] = h[i] * (point[i] - c[i]);
        mote::optimizer_step(step, gradients.data(), theta.data(), state.data(), kCount);
        for (size_t i = 0; i < kCount; ++i) {
          const double g = wide(h[i]) * (oracle.point(exact[i], memory[i]) - wide(c[i]));
          oracle.step(exact[i], g, memory[i], t);
          largest = std::fmax(largest, std::fabs(wide(theta[i]) - exact[i]));
        }
      }
      EXPECT_LT(largest, 4e-6) << twin::name_of(method) << (usual ? ", defaults" : "");
      RecordProperty(std::string(twin::name_of(method)) + (usual ? "" : "_unusual"), std::to_string(largest * 1e6));
    }
  }
}

TEST_P(Optimizers, TheL1PenaltyPullsEveryParameterTowardsZeroByTheSameAmount) {
  const float gradients[] = {0.0f, 0.0f, 0.0f, 0.0f, 1.0f};
  float theta[] = {8.0f, -0.5f, 0.0f, -0.0f, -2.0f};
  mote::optimizer_step({{Optimizer::sgd, 0.5f}, 0.0f, 1, 0, 0.25f}, gradients, theta, nullptr, 5);
  EXPECT_EQ(theta[0], 8.0f - 0.125f);
  EXPECT_EQ(theta[1], -0.5f + 0.125f);
  EXPECT_EQ(theta[2], 0.0f);
  EXPECT_EQ(theta[3], 0.0f);
  EXPECT_EQ(theta[4], -2.0f - 0.5f * (1.0f - 0.25f));
  mote::optimizer_step({{Optimizer::sgd, 0.5f}, 0.5f, 1, 0, 0.25f}, gradients, theta, nullptr, 1);
  EXPECT_EQ(theta[0], 7.875f - 0.5f * (0.5f * 7.875f + 0.25f)) << "beside l2";
  // Nesterov's is that of the point ahead: theta is positive, the point negative.
  float ahead = 0.25f, state[2] = {-1.0f, -0.25f};
  mote::optimizer_step({{Optimizer::nesterov, 0.5f, 0.5f}, 0.0f, 1, 1, 0.25f}, gradients, &ahead, state, 1);
  EXPECT_EQ(state[0], -0.5f + 0.125f);
}

TEST_P(Optimizers, NesterovsGradientPointIsAheadOfTheParametersByTheVelocity) {
  mote::OptimizerStep step{{Optimizer::nesterov, 0.25f, 0.5f}, 0.0f, 1, 1};
  float theta = 3.0f, state[2] = {0.0f, -77.0f};  // v, and the point, not yet set
  mote::move_gradient_point(step, &theta, state, 1);
  EXPECT_EQ(*mote::gradient_point(step, &theta, state), 3.0f);
  const float gradient = 2.0f;
  mote::optimizer_step(step, &gradient, &theta, state, 1);
  EXPECT_EQ(state[0], -0.5f);  // 0.5 * 0 - 0.25 * 2
  EXPECT_EQ(theta, 2.5f);
  EXPECT_EQ(*mote::gradient_point(step, &theta, state), 2.25f);  // 2.5 + 0.5 * -0.5
  theta = 7.0f;                                                  // set from outside
  mote::move_gradient_point(step, &theta, state, 1);
  EXPECT_EQ(*mote::gradient_point(step, &theta, state), 6.75f);
  for (const Optimizer method : kEveryOptimizer) {
    step.options.method = method;
    EXPECT_EQ(mote::gradient_point(step, &theta, state), method == Optimizer::nesterov ? state + 1 : &theta);
  }
}

TEST_P(Optimizers, TheAdaptiveOnesByHand) {
  const float gradient = -2.0f;
  float theta = 1.0f, squares = 5.0f;
  OptimizerOptions options{Optimizer::adagrad, 0.5f};
  options.epsilon = 1.0f;
  options.rho = 0.5f;
  mote::optimizer_step({options, 0.0f, 1, 1}, &gradient, &theta, &squares, 1);
  EXPECT_EQ(squares, 9.0f);
  EXPECT_EQ(theta, 1.25f);  // 1 + 0.5 * 2 / (1 + 3)
  options.method = Optimizer::rmsprop;
  squares = 2.0f;
  mote::optimizer_step({options, 0.0f, 1, 1}, &gradient, &theta, &squares, 1);
  EXPECT_EQ(squares, 3.0f);  // (2 + 4) / 2
  EXPECT_EQ(theta, 1.25f + 1.0f / (1.0f + std::sqrt(3.0f)));
  options.epsilon_inside = true;
  theta = 1.25f, squares = 2.0f;
  mote::optimizer_step({options, 0.0f, 1, 1}, &gradient, &theta, &squares, 1);
  EXPECT_EQ(theta, 1.75f);  // 1.25 + 0.5 * 2 / sqrt(1 + 3)
}

TEST_P(Optimizers, DecoupledDecayShrinksInProportionWhateverTheGradients) {
  OptimizerOptions options{Optimizer::adamw, 0.5f};
  options.weight_decay = 0.25f;
  float theta[] = {8.0f, -4.0f}, state[4] = {};
  const float gradients[] = {0.0f, 0.0f};
  mote::optimizer_step({options, 0.0f, 1, 2}, gradients, theta, state, 2);
  EXPECT_EQ(theta[0], 7.0f);  // 8 - 0.5 * 0.25 * 8
  EXPECT_EQ(theta[1], -3.5f);
}

TEST_P(Optimizers, EpsilonZeroMeansThatOfTheMethod) {
  for (const Optimizer method : kEveryOptimizer) {
    OptimizerOptions implied{method, 0.1f}, given{method, 0.1f};
    given.epsilon = method == Optimizer::adagrad || method == Optimizer::rmsprop ? 1e-7f : 1e-8f;
    EXPECT_EQ(mote::default_epsilon(method), given.epsilon);
    const float gradient = 1e-7f;
    float a = 0.0f, b = 0.0f, a_state[2] = {}, b_state[2] = {};
    mote::optimizer_step({implied, 0.0f, 1, 1}, &gradient, &a, a_state, 1);
    mote::optimizer_step({given, 0.0f, 1, 1}, &gradient, &b, b_state, 1);
    EXPECT_EQ(a, b) << twin::name_of(method);
    given.epsilon *= 2.0f;
    mote::optimizer_step({given, 0.0f, 1, 1}, &gradient, &b, b_state, 1);
    EXPECT_NE(a, b) << twin::name_of(method);
  }
}

TEST_P(Optimizers, EpsilonInsideTheRootBoundsTheStepOfASmallGradient) {
  OptimizerOptions options{Optimizer::rmsprop, 1.0f};
  const float gradient = 1e-5f;
  float outside = 0.0f, inside = 0.0f, squares = 0.0f;
  mote::optimizer_step({options, 0.0f, 1, 1}, &gradient, &outside, &squares, 1);
  EXPECT_NEAR(outside, -1e-5 / (1e-7 + std::sqrt(0.1) * 1e-5), 1e-5);  // about sqrt 10 for every gradient
  squares = 0.0f;
  mote::optimizer_step({options.set_epsilon_inside(true), 0.0f, 1, 1}, &gradient, &inside, &squares, 1);
  EXPECT_NEAR(inside, -1e-5 / std::sqrt(1e-6 + 0.1 * 1e-10), 1e-7);  // the root stays above 1e-3
}

TEST_P(Optimizers, StepsWithoutGradientLeaveParametersToTheBitWhereTheySaySo) {
  for (const Optimizer method : kEveryOptimizer) {
    Source source(4);
    std::vector<float> theta = source.floats(40), state(80, 0.25f);
    const std::vector<float> before = theta, gradients(40), before_state = state;
    const mote::OptimizerStep step{{method, 0.1f}, 0.0f, 3, 40};
    mote::optimizer_step(step, gradients.data(), theta.data(), state.data(), 40);
    EXPECT_EQ(theta == before && state == before_state, mote::skips_zero_gradients(step)) << twin::name_of(method);
    EXPECT_FALSE(mote::skips_zero_gradients({{method, 0.1f}, 0.01f, 1, 64}));
    EXPECT_FALSE(mote::skips_zero_gradients({{method, 0.1f}, 0.0f, 1, 0, 0.01f}));
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
  mote::optimizer_step({{Optimizer::sgd, 0.25f, 0.5f}, 0.0f, 1, 64}, &gradient, &theta, nullptr, 1);
  EXPECT_EQ(theta, 0.5f);  // 1 - 0.25 * 2
  mote::optimizer_step({{Optimizer::sgd, 0.25f, 0.5f}, 4.0f, 1, 64}, &gradient, &theta, nullptr, 1);
  EXPECT_EQ(theta, -0.5f);  // 0.5 - 0.25 * (2 + 4 * 0.5)
  mote::optimizer_step({{Optimizer::momentum, 0.25f, 0.5f}, 0.0f, 1, 64}, &gradient, &theta, &velocity, 1);
  EXPECT_EQ(velocity, -0.25f);  // 0.5 * 0.5 - 0.25 * 2
  EXPECT_EQ(theta, -0.75f);
}

TEST_P(Optimizers, MomentumZeroIsPlainDescent) {
  Source source(8);
  std::vector<float> plain = source.floats(50), with_state = plain, state(50);
  for (int t = 0; t < 20; ++t) {
    const std::vector<float> gradients = source.floats(50);
    mote::optimizer_step({{Optimizer::sgd, 0.1f, 0.9f}, 0.01f, 1, 64}, gradients.data(), plain.data(), nullptr, 50);
    mote::optimizer_step({{Optimizer::momentum, 0.1f, 0.0f}, 0.01f, 1, 64}, gradients.data(), with_state.data(),
                         state.data(), 50);
  }
  for (size_t i = 0; i < 50; ++i) ASSERT_NEAR(wide(plain[i]), wide(with_state[i]), 1e-6);
}

TEST_P(Optimizers, VelocitiesDieOutInsteadOfLingeringAsSubnormals) {
  const float gradients[] = {0.0f, 0.0f};
  float theta[] = {1.0f, 1.0f}, velocities[] = {1.0f, 0x1p-149f};  // the smallest float times 0.9 rounds to itself
  for (int t = 0; t < 700; ++t) {
    mote::optimizer_step({{Optimizer::momentum, 0.1f, 0.9f}, 0.0f, 1, 64}, gradients, theta, velocities, 2);
    for (const float v : velocities) ASSERT_TRUE(v == 0.0f || std::abs(v) >= 0x1p-100f) << t;
  }
  EXPECT_EQ(velocities[0], 0.0f);
  EXPECT_EQ(velocities[1], 0.0f);
}

TEST_P(Optimizers, SquaresDieOutInsteadOfLingeringAsSubnormals) {
  for (const Optimizer method : {Optimizer::rmsprop, Optimizer::adam, Optimizer::adamw, Optimizer::nadam}) {
    OptimizerOptions options{method, 0.1f};
    options.beta1 = options.beta2 = options.rho = 0.9f;
    const size_t kept = mote::state_arrays(method);
    const float nothing[] = {0.0f, 0.0f}, one[] = {1.0f, 1.0f};
    float theta[] = {1.0f, 1.0f}, state[] = {1.0f, 0x1p-149f, 1.0f, 0x1p-149f};
    for (std::uint32_t t = 1; t <= 700; ++t) {
      mote::optimizer_step({options, 0.0f, t, 2}, nothing, theta, state, 2);
      for (size_t i = 0; i < 2 * kept; ++i) ASSERT_TRUE(state[i] == 0.0f || state[i] >= 0x1p-100f) << t;
    }
    for (size_t i = 0; i < 2 * kept; ++i) EXPECT_EQ(state[i], 0.0f);
    const float before = theta[0];
    mote::optimizer_step({options, 0.0f, 701, 2}, one, theta, state, 2);
    EXPECT_LT(std::abs(theta[0] - before), 0.4f) << "a gradient after long silence is no reason to jump";
  }
}

TEST_P(Optimizers, SumsOfSquaresOnlyGrow) {
  float theta = 0.0f, sum = 0.0f;
  for (int t = 0; t < 50; ++t) {
    const float gradient = t % 2 == 0 ? 1.0f : 0x1p-60f, before = sum;
    mote::optimizer_step({{Optimizer::adagrad, 0.1f}, 0.0f, 1, 1}, &gradient, &theta, &sum, 1);
    ASSERT_GE(sum, before);
  }
  EXPECT_EQ(sum, 25.0f);
  theta = sum = 0.0f;
  const float tiny = 0x1p-55f;  // its square counts as 0; epsilon still keeps the step small
  mote::optimizer_step({{Optimizer::adagrad, 0.1f}, 0.0f, 1, 1}, &tiny, &theta, &sum, 1);
  EXPECT_EQ(sum, 0.0f);
  EXPECT_LT(std::abs(theta), 1e-9f);
}

TEST_P(Optimizers, ZeroStaysZero) {  // so the padding of parameters does
  for (const Optimizer method : kEveryOptimizer) {
    std::vector<float> theta(20), state(40);
    const std::vector<float> nothing(20);
    for (std::uint32_t t = 1; t <= 3; ++t) {
      mote::optimizer_step({{method, 0.1f, 0.9f}, 0.01f, t, 20, 0.5f}, nothing.data(), theta.data(), state.data(), 20);
    }
    EXPECT_EQ(theta, nothing);
    EXPECT_EQ(state, std::vector<float>(40));
  }
}

TEST_P(Optimizers, PartsOfAnyLengthMakeTheWholeToTheBitAndNothingElseIsWritten) {
  constexpr size_t kCount = 820;  // 0 + 1 + ... + 40
  for (size_t run = 0; run < 2 * std::size(kEveryOptimizer); ++run) {
    const Optimizer method = kEveryOptimizer[run / 2];
    const float l1 = run % 2 == 0 ? 0.0f : 0.2f;
    Source source(9);
    const OptimizerOptions options{method, 0.3f, 0.9f};
    const std::vector<float> gradients = source.floats(kCount);
    std::vector<float> theta = source.floats(kCount), state = source.floats(2 * kCount, 0.0f);
    const std::vector<float> theta_before = theta, state_before = state;
    mote::optimizer_step({options, 0.1f, 5, kCount, l1}, gradients.data(), theta.data(), state.data(), kCount);
    size_t first = 0;
    for (size_t n = 0; n <= 40; first += n, ++n) {
      const auto from = static_cast<std::ptrdiff_t>(first), to = static_cast<std::ptrdiff_t>(first + n);
      const std::vector<float> g(gradients.begin() + from, gradients.begin() + to);
      Guarded<float> p(n), s(mote::state_arrays(method) * n);
      std::copy(theta_before.begin() + from, theta_before.begin() + to, p.data());
      for (size_t array = 0; array < mote::state_arrays(method); ++array) {
        std::copy_n(state_before.data() + array * kCount + first, n, s.data() + array * n);
      }
      mote::optimizer_step({options, 0.1f, 5, n, l1}, g.data(), p.data(), s.data(), n);
      ASSERT_TRUE(p.intact() && s.intact()) << n;
      ASSERT_TRUE(mote::test::same_bits(p.data(), theta.data() + first, n)) << n;
      for (size_t array = 0; array < mote::state_arrays(method); ++array) {
        ASSERT_TRUE(mote::test::same_bits(s.data() + array * n, state.data() + array * kCount + first, n)) << n;
      }
    }
    ASSERT_EQ(first, kCount);
  }
}

TEST_P(Optimizers, APenaltyOfOneIsAPenalty) {
  float theta[] = {0.5f, -0.5f, 0.0f};
  const float gradients[3] = {};
  mote::optimizer_step({{Optimizer::sgd, 0.25f}, 0.0f, 1, 0, 1.0f}, gradients, theta, nullptr, 3);
  EXPECT_EQ(theta[0], 0.25f);
  EXPECT_EQ(theta[1], -0.25f);
  EXPECT_EQ(theta[2], 0.0f);
}

TEST(OptimizerStepDeathTest, StopsAtStepsThatNobodyCountsAndStateOnTopOfItself) {
  float theta[4] = {}, state[8] = {};
  const float gradients[4] = {1.0f, 1.0f, 1.0f, 1.0f};
  const auto step = [&](std::uint32_t number, std::size_t stride) {
    mote::optimizer_step({{Optimizer::adam, 0.1f}, 0.0f, number, stride}, gradients, theta, state, 4);
  };
  EXPECT_DEATH(step(0, 4), "");
  EXPECT_DEATH(step(1, 0), "");
  EXPECT_DEATH(step(1, 3), "");
  step(1, 4);
  EXPECT_NE(theta[3], 0.0f);
  static_assert(!std::is_default_constructible_v<mote::OptimizerStep>);
}

}  // namespace
