// SPDX-License-Identifier: MIT
// check() of OptimizerOptions, and state_arrays().
#include <gtest/gtest.h>

#include <limits>

#include "mote/optimizer.hpp"
#include "support/double_optimizer.hpp"
#include "support/support.hpp"

namespace {

using mote::Optimizer;
using mote::OptimizerOptions;
using mote::Status;
using mote::test::kInf;
using mote::test::kNotANumber;

TEST(OptimizerOptions, SayHowMuchStateTheyNeed) {
  static_assert(mote::state_arrays(Optimizer::sgd) == 0 && mote::state_arrays(Optimizer::momentum) == 1 &&
                mote::state_arrays(Optimizer::nesterov) == 2 && mote::state_arrays(Optimizer::adagrad) == 1 &&
                mote::state_arrays(Optimizer::rmsprop) == 1 && mote::state_arrays(Optimizer::adam) == 2 &&
                mote::state_arrays(Optimizer::adamw) == 2 && mote::state_arrays(Optimizer::nadam) == 2);
  static_assert(check(OptimizerOptions{}).ok(), "the defaults are usable");
}

TEST(OptimizerOptions, AreSetByName) {
  constexpr OptimizerOptions kOptions = OptimizerOptions()
                                            .set_method(Optimizer::nadam)
                                            .set_learning_rate(0.5f)
                                            .set_momentum(0.25f)
                                            .set_beta1(0.125f)
                                            .set_beta2(0.75f)
                                            .set_epsilon(2.0f)
                                            .set_rho(0.625f)
                                            .set_weight_decay(4.0f);
  static_assert(kOptions.method == Optimizer::nadam && kOptions.learning_rate == 0.5f && kOptions.momentum == 0.25f);
  static_assert(kOptions.beta1 == 0.125f && kOptions.beta2 == 0.75f && kOptions.epsilon == 2.0f);
  static_assert(kOptions.rho == 0.625f && kOptions.weight_decay == 4.0f);
}

TEST(OptimizerOptions, LearningRateMustBeFiniteAndPositive) {
  for (const Optimizer method : twin::kEveryOptimizer) {
    for (const float rate : {0.0f, -0.0f, -0.1f, kInf, -kInf, kNotANumber, -kNotANumber}) {
      EXPECT_EQ(check(OptimizerOptions{method, rate, 0.5f}).status, Status::bad_learning_rate) << rate;
    }
    for (const float rate : {std::numeric_limits<float>::denorm_min(), 0.1f, std::numeric_limits<float>::max()}) {
      EXPECT_TRUE(check(OptimizerOptions{method, rate, 0.5f}).ok()) << rate;
    }
  }
}

TEST(OptimizerOptions, ThoseOfTheAdaptiveMethodsMustMakeSense) {
  OptimizerOptions options{Optimizer::adam};
  for (float OptimizerOptions::*beta : {&OptimizerOptions::beta1, &OptimizerOptions::beta2, &OptimizerOptions::rho}) {
    for (const float value : {1.0f, -0.1f, kNotANumber, kInf}) {
      OptimizerOptions wrong = options;
      wrong.*beta = value;
      EXPECT_EQ(check(wrong).status, Status::bad_beta) << value;
    }
  }
  for (const float value : {-1.0f, kNotANumber, kInf}) {
    OptimizerOptions wrong = options;
    wrong.epsilon = value;
    EXPECT_EQ(check(wrong).status, Status::bad_epsilon) << value;
    wrong = options;
    wrong.weight_decay = value;
    EXPECT_EQ(check(wrong).status, Status::bad_penalty) << value;
  }
  options.epsilon = options.weight_decay = 0.0f;
  EXPECT_TRUE(check(options).ok());
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
