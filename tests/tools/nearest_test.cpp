// SPDX-License-Identifier: MIT
#include "common/nearest.hpp"

#include <gtest/gtest.h>

#include "common/names.hpp"

namespace {

TEST(Nearest, NamesAreEqualWithoutCaseHyphensAndUnderscores) {
  EXPECT_TRUE(tools::same_name("LeakyReLU", "leaky-relu"));
  EXPECT_TRUE(tools::same_name("cross_entropy", "cross-entropy"));
  EXPECT_FALSE(tools::same_name("relu", "elu"));
  mote::Activation activation{};
  EXPECT_TRUE(tools::find_name(tools::kActivations, "SoftPlus", activation));
  EXPECT_EQ(activation, mote::Activation::softplus);
}

TEST(Nearest, FindsTheMostSimilarNameAndNoOther) {
  const std::vector<std::string_view> names = {"--epochs", "--learning-rate", "--seed", "--save", "--weight-decay"};
  EXPECT_EQ(tools::did_you_mean("--epoch", names), "; did you mean --epochs?");
  EXPECT_EQ(tools::did_you_mean("--learn", names), "; did you mean --learning-rate?") << "its beginning";
  EXPECT_EQ(tools::did_you_mean("--learning_rate", names), "; did you mean --learning-rate?");
  EXPECT_EQ(tools::did_you_mean("--seeed", names), "; did you mean --seed?");
  EXPECT_EQ(tools::did_you_mean("--wd", names), "; did you mean --weight-decay?");
  EXPECT_EQ(tools::did_you_mean("--frobnicate", names), "");
  EXPECT_EQ(tools::did_you_mean("", names), "");
  EXPECT_EQ(tools::did_you_mean(std::string(100000, 'x'), names), "");
  EXPECT_EQ(tools::did_you_mean("mse", tools::kLosses), "; did you mean quadratic?");
}

}  // namespace
