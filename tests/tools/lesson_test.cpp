// SPDX-License-Identifier: MIT
// Results of tools/lesson: the published figures, the closed forms, and no gradient above its bound.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "experiments/experiments.hpp"
#include "support/lesson_output.hpp"
#include "support/temporary_folder.hpp"

namespace {

using lesson_output::lesson;
using lesson_output::row;

TEST(Lesson, NormsHoldThePublishedDrawsBesideTheirQuantiles) {
  const CommandResult result = lesson("norms --seeds 20 --seed 1");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::vector<double> first = row(result.output, "784-30-30-30-10:", "hidden 1");
  ASSERT_EQ(first.size(), 8u);
  EXPECT_EQ(first[3], 0.0118);
  EXPECT_LT(first[1], first[0]);  // 5 %, median, 95 %
  EXPECT_LT(first[0], first[2]);
  EXPECT_LT(first[1], first[3]);
  EXPECT_LT(first[3], first[2]);
  EXPECT_TRUE(std::isnan(first[4]));  // the first has no layer before it
  const std::vector<double> second = row(result.output, "784-30-30-30-10:", "hidden 2");
  EXPECT_NEAR(second[7], 0.0600 / 0.0118, 0.01);
  EXPECT_LT(row(result.output, "784-(10 x 30)-10:", "hidden 1")[0], 1e-5);
  EXPECT_NE(result.output.find("Seen: Published numbers between the 5 and 95 % quantiles: 9 of 9 norms, "),
            std::string::npos);
  EXPECT_EQ(lesson("norms --seeds 20").output, result.output);  // equal seeds, equal numbers
}

TEST(Lesson, TrainingFallsAndLevelsOffAsPublished) {
  const CommandResult result = lesson("training --seeds 1");
  ASSERT_EQ(result.status, 0) << result.output;
  for (const char* layer : {"hidden 1", "hidden 2"}) {
    const std::vector<double> own = row(result.output, "784-30-30-10:", std::string(layer) + " median");
    const std::vector<double> published = row(result.output, "784-30-30-10:", std::string(layer) + " published");
    ASSERT_EQ(own.size(), 5u);
    ASSERT_EQ(published.size(), 5u);
    for (std::size_t step = 0; step < 5; ++step) {
      EXPECT_LT(std::fabs(std::log(own[step] / published[step])), std::log(3.0)) << layer << ", " << step;
    }
  }
}

TEST(Lesson, ExplodeAttainsTheTextbooksProductAndItsFormula) {
  const CommandResult result = lesson("explode --seeds 1");
  ASSERT_EQ(result.status, 0) << result.output;
  for (int layer = 1; layer <= 5; ++layer) {
    const std::vector<double> chain = row(result.output, "A chain of 5 sigmoids", "layer " + std::to_string(layer));
    EXPECT_EQ(chain[0], layer == 5 ? 0.25 : 25.0);
    EXPECT_EQ(chain[1], chain[2]) << layer;  // 0.125 * 25^(5 - layer)
    EXPECT_EQ(chain[1], chain[3]) << layer;  // a chain loses nothing against its bound
  }
  for (const char* weight : {"w = 3.9", "w = 6.9", "w = 100.0"}) {
    const std::vector<double> width = row(result.output, "One sigmoid", weight);
    EXPECT_NEAR(width[0], width[1], 1.5e-4) << weight;
  }
  EXPECT_NE(result.output.find("needs |w| > 4, not |w| > 1"), std::string::npos);
  EXPECT_NE(result.output.find("0.45 wide, for w = 6.9."), std::string::npos);
  EXPECT_NEAR(row(result.output, "relu, 784-(10 x 50)-10", "g = 1.414, healthy")[0], 1.0, 0.1);
  EXPECT_LT(row(result.output, "sigmoid, 784-(10 x 50)-10", "g = 1, vanishing")[0], 0.25);
}

TEST(Lesson, BoundIsNeverPassed) {
  const CommandResult result = lesson("bound --seeds 1");
  ASSERT_EQ(result.status, 0) << result.output;
  for (const char* activation : {"sigmoid:", "tanh:", "relu:"}) {
    for (const char* depth : {"1", "2", "3", "4", "6", "10"}) {
      for (const char* when : {"start", "trained"}) {
        const std::string name = std::string(depth) + " hidden, " + when;
        const std::vector<double> found = row(result.output, activation, name);
        EXPECT_EQ(found[0], 200.0 * (std::atof(depth) + 1.0)) << activation << name;
        EXPECT_EQ(found[1] + found[2] + found[3], 0.0) << activation << name;
        EXPECT_GE(found[4], 1.0) << activation << name;
        EXPECT_LE(found[6], found[4]) << activation << name;
      }
    }
  }
}

TEST(Lesson, VarianceStaysWithHeAndReluAndFallsWithTheStandardInitializer) {
  const CommandResult result = lesson("variance --seeds 1");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::vector<double> he = row(result.output, "relu, 784-(10 x 100)-10", "he");
  ASSERT_EQ(he.size(), 10u);
  EXPECT_LT(std::fabs(std::log(he[9] / he[0])), std::log(2.0));
  const std::vector<double> standard = row(result.output, "tanh, 784-(10 x 100)-10", "standard, U(+-1/sqrt m)");
  EXPECT_LT(standard[9], 0.05 * standard[0]);
  const std::vector<double> glorot = row(result.output, "tanh, 784-(10 x 100)-10", "glorot (normalized)");
  EXPECT_GT(glorot[9], 0.3 * glorot[0]);
}

TEST(Lesson, RefusesWhatItDoesNotUnderstand) {
  const struct {
    const char* arguments;
    const char* message;
  } cases[] = {
      {"", "experiment missing: name one or more, or all; --list names all of them"},
      {"norm", "unknown experiment 'norm': --list names all of them"},
      {"norms --seeds 0", "--seeds: found '0', expected a whole number from 1"},
      {"norms --seeds", "--seeds: value of the option missing"},
      {"norms --report --plot", "--report: value of the option missing, found the option --plot"},
      {"norms --frobnicate", "unknown option '--frobnicate'"},
      {"norms bound --epochs 3", "--epochs: no experiment of norms, bound trains for epochs"},
      {"norms --frobnicate 3", "unknown option '--frobnicate'"},
      {"norms --data /nowhere", "/nowhere"},
  };
  for (const auto& c : cases) {
    const CommandResult result = lesson(c.arguments);
    EXPECT_EQ(result.status, 2) << c.arguments;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << c.arguments << "\n" << result.output;
  }
  TemporaryFolder folder;
  write_image_set(folder);
  const CommandResult few = lesson("norms --data " + folder.path());
  EXPECT_EQ(few.status, 2);
  EXPECT_NE(few.output.find("--data: 48 training images found, 1000 expected by this experiment"), std::string::npos)
      << few.output;
}

TEST(Lesson, ListsEveryExperimentOnceUnderItsText) {
  const CommandResult list = lesson("--list");
  EXPECT_EQ(list.status, 0);
  std::set<std::string> names;
  std::size_t last = 0;
  for (const tools::Experiment& experiment : tools::experiments()) {
    EXPECT_TRUE(names.insert(experiment.name).second) << experiment.name;
    const std::size_t title = list.output.find(tools::title_of(experiment.text));
    const std::size_t line = list.output.find("\n  " + experiment.name + " ");
    ASSERT_NE(line, std::string::npos) << experiment.name;
    EXPECT_LT(title, line) << experiment.name;
    EXPECT_LE(last, line) << experiment.name;
    last = line;
  }
}

TEST(Lesson, WalkRunsEveryExperimentAndShowsItsOutput) {
  const std::string walk = contents("tests/lesson/RESULTS.md");
  for (const tools::Experiment& experiment : tools::experiments()) {
    const std::string begin = "\n```\n$ ./tools/lesson " + experiment.name + "\n";
    const std::size_t at = walk.find(begin);
    ASSERT_NE(at, std::string::npos) << experiment.name;
    EXPECT_EQ(walk.find(begin, at + 1), std::string::npos) << experiment.name;
    const std::string shown = walk.substr(at + begin.size(), walk.find("```", at + 5) - at - begin.size());
    EXPECT_NE(shown.find("Seen: "), std::string::npos) << experiment.name;
    const bool is_fast = experiment.epochs == 0 && experiment.seeds == 1;
    if (is_fast && mote::arithmetic_is_fused()) {
      EXPECT_EQ(lesson(experiment.name).output, shown);
    }
  }
}

TEST(Quantile, IsAStraightLineBetweenNeighbors) {
  EXPECT_EQ(tools::quantile({3.0, 1.0, 2.0}, 0.5), 2.0);
  EXPECT_EQ(tools::quantile({3.0, 1.0}, 0.25), 1.5);
  EXPECT_EQ(tools::quantile({4.0}, 0.95), 4.0);
  EXPECT_TRUE(std::isnan(tools::quantile({}, 0.5)));
}

}  // namespace
