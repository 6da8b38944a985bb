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
