// SPDX-License-Identifier: MIT
// Numbers of the experiments of tools/lesson against closed forms, and the claim of each experiment.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/lesson_output.hpp"

namespace {

using lesson_output::lesson;
using lesson_output::row;

std::string output_of(const std::string& arguments) {
  const CommandResult result = lesson(arguments);
  EXPECT_EQ(result.status, 0) << result.output;
  return result.output;
}

bool says(const std::string& output, const std::string& text) {
  return output.find(text) != std::string::npos;
}

TEST(LessonExperiments, CurvesHaveTheSlopesOfTheirFormulas) {
  const std::string output = output_of("curves");
  const auto curve = [&](const char* name) { return row(output, "Activations between", name); };
  EXPECT_EQ(curve("sigmoid"), (std::vector<double>{0.002, 0.5, 0.998, 0.25, 0.0, 40.0}));
  EXPECT_EQ(curve("tanh")[3], 1.0);
  EXPECT_EQ(curve("relu")[5], 50.0);
  EXPECT_NEAR(curve("selu")[3], 1.0507009873554805 * 1.6732632423543772, 1e-3);
  EXPECT_NEAR(curve("gelu")[4], std::sqrt(2.0), 0.03);  // the axis has steps of 0.05
  EXPECT_NEAR(curve("softplus")[1], std::log(2.0), 1e-3);
  EXPECT_TRUE(says(output, "1/1024\nfor five layers"));
}

TEST(LessonExperiments, ChainsMultiplyWeightsAndSlopes) {
  const std::string output = output_of("chain --seeds 50");
  double product = row(output, "A chain of 5 sigmoids", "layer 5")[4];
  double weight = row(output, "A chain of 5 sigmoids", "layer 5")[0];
  for (int layer = 4; layer >= 1; --layer) {
    const std::vector<double> terms = row(output, "A chain of 5 sigmoids", "layer " + std::to_string(layer));
    product *= std::fabs(weight) * terms[1];
    weight = terms[0];
    EXPECT_NEAR(terms[4], product, 0.01 * product) << layer;  // of three or four printed digits
    EXPECT_LE(terms[1], 0.25);
  }
  EXPECT_LT(row(output, "|dC/db| of the first neuron", "10 neurons")[0], std::pow(0.25, 9.0));
}

TEST(LessonExperiments, EntropiesAreThoseWorkedByHand) {
  const std::string output = output_of("entropy");
  EXPECT_EQ(row(output, "Sources of four symbols", "1/2 1/4 1/8 1/8"), (std::vector<double>{1.75, 2.0, 1.75}));
  EXPECT_EQ(row(output, "Sources of four symbols", "1/4 1/4 1/4 1/4"), (std::vector<double>{2.0, 2.0, 2.25}));
  const std::vector<double> right = row(output, "Two networks", "0.55 0.45, 0.44 0.56 for 1 0, 0 1");
  const std::vector<double> wrong = row(output, "Two networks", "0.51 0.49, 0.41 0.59 for 0 1, 1 0");
  EXPECT_NEAR(right[0], -0.5 * (std::log(0.55) + std::log(0.56)), 5e-5);
  EXPECT_NEAR(wrong[0], -0.5 * (std::log(0.49) + std::log(0.41)), 5e-5);
  EXPECT_EQ(right[2], 1.0);
  EXPECT_EQ(wrong[2], 0.0);
  EXPECT_TRUE(says(output, "0.8025"));
}

TEST(LessonExperiments, GradientDescentWalksTheValleyByItsClosedForm) {
  const std::string output = output_of("valley");
  for (const char* name : {"0.002", "0.01", "0.0195", "0.0205"}) {
    const std::vector<double> heights = row(output, "Loss (x^2 + 100 y^2) / 2", std::string("sgd, ") + name);
    const double rate = std::atof(name), steps[] = {10.0, 50.0, 200.0};
    for (std::size_t i = 0; i < 3; ++i) {
      const double x = -10.0 * std::pow(1.0 - rate, steps[i]), y = std::pow(1.0 - 100.0 * rate, steps[i]);
      const double expected = 0.5 * (x * x + 100.0 * y * y);
      EXPECT_NEAR(heights[i], expected, 0.01 * expected) << name << ", " << steps[i];
    }
  }
  EXPECT_TRUE(says(output, "Momentum converges at the rate 0.0205, where gradient descent diverges"));
}

TEST(LessonExperiments, SaddlesHaveTheirClosedForms) {
  const std::string output = output_of("saddle");
  const char* names[] = {"1 layer", "2 layers", "3 layers", "5 layers"};
  const double layers[] = {1.0, 2.0, 3.0, 5.0};
  double before = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::vector<double> values = row(output, "One linear neuron a layer", names[i]);
    const double expected = (1.0 - std::pow(0.1, layers[i])) * std::pow(0.1, layers[i] - 1.0);
    EXPECT_NEAR(values[0], expected, 0.05 * expected) << names[i];
    EXPECT_GT(values[1], before) << "more layers, a longer plateau";
    before = values[1];
  }
  // One layer: 1 - w falls by 0.95 a step, its square by half after ln 2 / (2 ln (1 / 0.95)) steps.
  EXPECT_EQ(row(output, "One linear neuron a layer", "1 layer")[1], std::ceil(0.5 * std::log(2.0) / -std::log(0.95)));
  EXPECT_TRUE(says(output, "its curvature is -1.00 along w1 = w2\nand 1.00 across"));
  EXPECT_TRUE(says(output, "a saddle delays, it does not hold"));
}

TEST(LessonExperiments, TanhUnitsHaveMeanZeroAndLogisticUnitsOneHalf) {
  const std::string output = output_of("saturation --seeds 2 --quick");
  for (const double mean : row(output, "Mean activation", "tanh, width 100")) EXPECT_NEAR(mean, 0.0, 0.1);
  for (const double mean : row(output, "Mean activation", "width 100")) EXPECT_NEAR(mean, 0.5, 0.1);
}

TEST(LessonExperiments, CostsAreTimesThatGrowWithTheInputs) {
  const std::string output = output_of("cost --quick");
  for (const char* name : {"sigmoid", "tanh", "relu"}) {
    const std::vector<double> times = row(output, "Time of a bias", name);
    ASSERT_EQ(times.size(), 5u);
    EXPECT_GT(times[0], 0.0);
    EXPECT_GT(times[4], times[1]) << name;
  }
}

TEST(LessonExperiments, DepthBeatsWidthOnSpiralsByMoreThanTheSeeds) {
  const std::string output = output_of("deeper --seeds 3 --epochs 150");
  const std::vector<double> wide = row(output, "spirals, at most 400", "2-79-2");
  const std::vector<double> deep = row(output, "spirals, at most 400", "2-12-12-12-2");
  EXPECT_LT(deep[2], wide[1]);
  EXPECT_LE(deep[3], wide[3]);
  EXPECT_EQ(wide[3], 3.0 * 79.0 + 80.0 * 2.0);
}

TEST(LessonExperiments, LateLayersAreStuckWhereGradientsExplode) {
  const std::string output = output_of("opposite --quick");
  const std::vector<double> first = row(output, "784-(5 x 30)-10, tanh", "hidden 1");
  const std::vector<double> last = row(output, "784-(5 x 30)-10, tanh", "hidden 5");
  EXPECT_GT(first[0], 5.0 * last[0]);
  EXPECT_GT(first[3], last[3]);
  EXPECT_GT(first[4], 3.0 * last[4]);
}

TEST(LessonExperiments, BoundsShrinkForSigmoidAndGrowForTanhWhileTheEstimateFollowsTheGradient) {
  const std::string output = output_of("factors --quick");
  for (int layer = 1; layer <= 6; ++layer) {
    for (const char* name : {"sigmoid, 784", "tanh, 784"}) {
      const std::vector<double> now = row(output, name, "layer " + std::to_string(layer));
      EXPECT_LE(now[3], now[5]) << name << layer;                                       // gradient <= bound
      EXPECT_LT(std::fabs(std::log(now[4] / now[3])), std::log(2.0)) << name << layer;  // estimate
      if (layer == 6) continue;
      const std::vector<double> after = row(output, name, "layer " + std::to_string(layer + 1));
      EXPECT_EQ(now[5] < after[5], name[0] == 's') << layer;
    }
  }
}

TEST(LessonExperiments, LogisticLayersSaturateAtOnceByTheirWidth) {
  const std::string output = output_of("saturation --quick");
  const std::vector<double> wide = row(output, "Logistic units", "width 300"),
                            narrow = row(output, "Logistic units", "width 10");
  EXPECT_LT(std::fabs(wide[5] / wide[1] - 1.0), 0.25);
  EXPECT_NEAR(wide[1], std::sqrt(300.0 * 0.45), 2.0);  // of 300 inputs with mean square 0.45
  EXPECT_LT(narrow[5], 3.0);
  EXPECT_GT(row(output, "Saturated activations", "width 300")[1], 50.0);
}

TEST(LessonExperiments, LowerSigmoidLayersStayUnchanged) {
  const std::string output = output_of("updates --quick");
  const std::vector<double> sigmoid = row(output, "||W - W at the start||", "sigmoid, N(0, 1/m)");
  const std::vector<double> relu = row(output, "||W - W at the start||", "relu, He");
  EXPECT_LT(sigmoid[0], 0.05 * sigmoid[5]);
  EXPECT_GT(relu[0], 0.1 * relu[5]);
}

TEST(LessonExperiments, RmsPropTrainsDeepSigmoidsWithEpsilonOutsideOnly) {
  const std::string output = output_of("optimizers --quick");
  const auto accuracy = [&](const char* name) { return row(output, "784-(5 x 50)-10", name)[1]; };
  EXPECT_GT(accuracy("rmsprop, outside"), accuracy("rmsprop, inside") + 10.0);
  EXPECT_LT(accuracy("sgd"), 15.0);
}

TEST(LessonExperiments, LassoFindsTheFewFeatures) {
  const std::string output = output_of("penalties --quick");
  const auto fit = [&](const char* name) { return row(output, "Linear regression", name); };
  EXPECT_LT(fit("none")[0], 0.1);
  EXPECT_GT(fit("none")[1], 20.0);
  EXPECT_LT(fit("L1 0.1")[1], 0.5 * fit("L2 0.1")[1]);
  EXPECT_GT(fit("L1 0.1")[4], 50.0);
}

TEST(LessonExperiments, ManyMembersAndAllUnitsTogetherHaveFewerErrors) {
  const std::string bagging = output_of("bagging --quick");
  for (const char* kind : {"bootstrap samples", "all images, shapes"}) {
    const std::vector<double> errors = row(bagging, "Validation error in % of the mean", kind);
    EXPECT_LT(errors[3], errors.back()) << kind;  // 5 members, one
  }
  const std::string dropout = output_of("dropout --quick");
  EXPECT_NE(row(dropout, "784-100-100-10", "rate 0.5, 0"), row(dropout, "784-100-100-10", "rate 0, 0.5"));
  EXPECT_GT(row(dropout, "784-100-100-10", "rate 0.9")[0], row(dropout, "784-100-100-10", "rate 0.1")[0]);
}

TEST(LessonExperiments, TheTrainedNetworkIsTheLowestPointOfItsSurface) {
  EXPECT_TRUE(says(output_of("surface --quick"), "of the surface the trained network is the lowest"));
}

}  // namespace
