// SPDX-License-Identifier: MIT
// tools/train with tables.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "support/train_program.hpp"

namespace {

using namespace train_program;

constexpr const char* kIris = "tools/data/tables/iris.csv";

class TrainTables : public testing::Test {
 protected:
  CommandResult train_on(const std::string& text, const std::string& options) {
    folder_.write("table.csv", text);
    return train("--data " + folder_.file("table.csv") + " " + options);
  }

  TemporaryFolder folder_;
};

/// y = 1000 + 200 x1 - 3 x2, of inputs whose sizes differ by 10,000.
std::string plane(std::size_t rows) {
  std::ostringstream text;
  text << "x1,x2,y\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const double x1 = std::sin(static_cast<double>(i)) / 100.0, x2 = 100.0 + static_cast<double>(i * 7 % 50);
    text << x1 << ',' << x2 << ',' << 1000.0 + 200.0 * x1 - 3.0 * x2 << '\n';
  }
  return text.str();
}

double number_after(const std::string& text, const std::string& start) {
  const std::size_t at = text.find(start);
  return at == std::string::npos ? std::nan("") : std::stod(text.substr(at + start.size()));
}

/// The line of errors that ends with the name of a column.
std::string error_line(const std::string& output, const std::string& column) {
  const std::size_t end = output.find(" of " + column + "\n");
  return end == std::string::npos ? "" : output.substr(output.rfind("test RMSE ", end), end);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST_F(TrainTables, RecognizesIris) {
  for (const char* seed : {"1", "2", "3"}) {
    const CommandResult result = train(std::string("--data ") + kIris + " --seed " + seed);
    ASSERT_EQ(result.status, 0) << result.output;
    EXPECT_GE(number_after(result.output, "test accuracy "), 28.0 / 30.0 - 1e-3) << result.output;
    for (const char* line :
         {"rows of 4 features in 3 classes: 120 to train on, 0 to validate, 30 to test\n",
          "classes   setosa, versicolor, virginica\n", "scaling   inputs standardized by the training rows\n",
          "4-32-3, relu, softmax with cross-entropy loss",
          "adam, learning rate 0.001, l2 0, mini-batches of 16, 100 epochs\n",
          "\nsetosa         10     1.0000  1.0000  1.0000\n"}) {
      EXPECT_NE(result.output.find(line), std::string::npos) << line << result.output;
    }
  }
}

TEST_F(TrainTables, TestsEachClassAlike) {
  // 40 rows of one class, then 10 of another: a fifth of each.
  std::string text;
  for (int i = 0; i < 50; ++i) text += std::to_string(i) + (i < 40 ? ",many\n" : ",few\n");
  const CommandResult result = train_on(text, "--epochs 1 --validation 5");
  EXPECT_NE(result.output.find("35 to train on, 5 to validate, 10 to test"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("\nfew        2 "), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("\nmany       8 "), std::string::npos) << result.output;
}

TEST_F(TrainTables, SpellingsOfATableGiveOneResult) {
  const std::string iris = contents(kIris);
  const std::string options = "--quiet --epochs 5";
  const CommandResult plain = train_on(iris, options);
  ASSERT_EQ(plain.status, 0) << plain.output;
  std::string decimal_commas = replaced(replaced(iris, ",", ";"), ".", ",");
  for (const std::string& other : {replaced(iris, "\n", "\r\n"), replaced(iris, ",", ";"), replaced(iris, ",", "\t"),
                                   "\xef\xbb\xbf" + iris, replaced(replaced(iris, "setosa", "\"setosa\""), ",", " , "),
                                   decimal_commas, iris.substr(iris.find('\n') + 1)}) {
    EXPECT_EQ(train_on(other, options).output, plain.output) << other.substr(0, 200);
  }
}

TEST_F(TrainTables, TakesColumnsByNameOrNumber) {
  const CommandResult named = train(std::string("--quiet --epochs 3 --regression --target petal_width_cm --ignore ") +
                                    "species,sepal_length_cm --data " + kIris);
  const CommandResult numbered =
      train(std::string("--quiet --epochs 3 --regression --target 4 --ignore 5,1 --data ") + kIris);
  ASSERT_EQ(named.status, 0) << named.output;
  EXPECT_EQ(named.output, numbered.output);
}

TEST_F(TrainTables, MeasuresErrorsInTheUnitsOfTheTarget) {
  const CommandResult result = train_on(plane(400), "--regression");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("scaling   inputs and targets standardized by the training rows"), std::string::npos);
  // y has a standard deviation of 43.
  EXPECT_LT(number_after(result.output, "test RMSE "), 4.3) << result.output;
  EXPECT_GT(number_after(result.output, "test RMSE "), 0.01) << result.output;
  EXPECT_GT(number_after(result.output, "R2 "), 0.99) << result.output;
  const CommandResult thousandfold = train_on(replaced(plane(400), "\n", "e3\n"), "--regression");  // "ye3" too
  ASSERT_EQ(thousandfold.status, 0) << thousandfold.output;
  EXPECT_NEAR(number_after(thousandfold.output, "test RMSE "), 1000.0 * number_after(result.output, "test RMSE "),
              10.0 * number_after(result.output, "test RMSE "));
}

TEST_F(TrainTables, ReproducesItsRows) {
  const CommandResult result = train_on(plane(200), "--autoencoder --hidden 8 --epochs 300");
  ASSERT_EQ(result.status, 0) << result.output;
  for (const char* column : {"x1", "x2", "y"}) {
    EXPECT_GT(number_after(error_line(result.output, column), "R2 "), 0.9) << column << result.output;
  }
  EXPECT_LT(number_after(error_line(result.output, "y"), "RMSE "), 14.0) << "y has a deviation of 43" << result.output;
}

TEST_F(TrainTables, ThreadsChangeNothing) {
  const std::string options = std::string("--quiet --data ") + kIris + " --regression --ignore species --epochs 5 ";
  EXPECT_EQ(train(options + "--threads 2").output, train(options + "--threads 1").output);
  EXPECT_EQ(train(options + "--ensemble 3 --threads 2").output, train(options + "--ensemble 3").output);
}

TEST_F(TrainTables, ReadsTestRowsFromAFile) {
  const std::string iris = contents(kIris);
  std::istringstream lines(iris);
  std::string line, header, training, test;
  std::getline(lines, header);
  for (std::size_t i = 0; std::getline(lines, line); ++i) (i % 5 == 0 ? test : training) += line + "\n";
  folder_.write("train.csv", header + "\n" + training);
  folder_.write("test.csv", header + "\n" + test);
  const CommandResult result =
      train("--data " + folder_.file("train.csv") + " --test-data " + folder_.file("test.csv"));
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("120 to train on, 0 to validate, 30 to test"), std::string::npos) << result.output;
  EXPECT_GE(number_after(result.output, "test accuracy "), 28.0 / 30.0 - 1e-3) << result.output;
  folder_.write("test.csv", header + "\n5,3,1,0,lily\n");
  const CommandResult other = train("--data " + folder_.file("train.csv") + " --test-data " + folder_.file("test.csv"));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(
      other.output.find("test.csv: line 2: column 'species': found 'lily', expected a class of the training rows"),
      std::string::npos)
      << other.output;
}

TEST_F(TrainTables, FillsMissingValuesByTheMean) {
  std::string text = "a,b,class\n";
  for (int i = 0; i < 60; ++i) {
    text += (i % 6 == 0 ? "NA" : std::to_string(i % 2 == 0 ? i : -i)) + "," + std::to_string(i % 7) +
            (i % 2 == 0 ? ",up\n" : ",down\n");
  }
  EXPECT_NE(train_on(text, "").output.find("line 2: column 'a': found 'NA', a missing value; --missing drop"),
            std::string::npos);
  const CommandResult mean = train_on(text, "--missing mean --epochs 300");
  EXPECT_EQ(mean.status, 0);
  EXPECT_NE(mean.output.find("table.csv: 10 missing values are replaced by the means of their columns\n"),
            std::string::npos)
      << mean.output;
  EXPECT_NE(mean.output.find("48 to train on, 0 to validate, 12 to test"), std::string::npos) << mean.output;
  EXPECT_GT(number_after(mean.output, "test accuracy "), 0.8) << mean.output;
  const CommandResult drop = train_on(text, "--missing drop --epochs 30");
  EXPECT_NE(drop.output.find("40 to train on, 0 to validate, 10 to test"), std::string::npos) << drop.output;
  EXPECT_NE(drop.output.find("table.csv: 10 of 60 rows have a missing value and are dropped\n"), std::string::npos)
      << drop.output;
}

TEST_F(TrainTables, WarnsOfOddColumns) {
  std::string text = "constant,copy,x,y\n";
  for (int i = 0; i < 20; ++i) {
    text += "7," + std::to_string(3 * i) + "," + std::to_string(i % 4) + "," + std::to_string(3 * i) + "\n";
  }
  const CommandResult result = train_on(text, "--regression --epochs 2");
  EXPECT_EQ(result.status, 0);
  for (const char* warning : {"table.csv: a feature is constant: 'constant'\n",
                              "table.csv: feature 'copy' equals the target 'y'; leave it out: --ignore\n"}) {
    EXPECT_NE(result.output.find(warning), std::string::npos) << warning << result.output;
  }
}

TEST_F(TrainTables, ErrorsSayWhatToDo) {
  const std::string iris = contents(kIris);
  const struct {
    std::string text, options, message;
  } cases[] = {
      {iris, "--target color", "table.csv: no column 'color'; there are: sepal_length_cm, "},
      {iris, "--ignore species,species --target species", "target 'species' is given twice or ignored"},
      {iris, "--regression",
       "line 2: column 'species': found 'setosa', expected a number; without --regression, texts"},
      {iris, "--autoencoder", "column 'species': found 'setosa', expected a number; leave the column out: --ignore"},
      {iris, "--test-share 1", "--test-share: found '1', expected 0 < X < 1"},
      {iris, "--test-share 0", "--test-share: found '0', expected 0 < X < 1"},
      {iris, "--missing guess", "--missing: found 'guess', expected reject, drop or mean"},
      {iris, "--validation 120", "--validation: found 120, expected fewer than the 120 training rows"},
      {iris, "--batch 121", "--batch: found 121, expected at most the 120 training rows; use --batch full"},
      {iris, "--train-limit 121", "--train-limit: found 121, expected at most the 120 training rows"},
      {iris, "--layers 5,3", "--layers: found 5 inputs, but the rows have 4 features; start with 4 or use --hidden"},
      {iris, "--layers 4,2", "--layers: found 2 outputs, but the labels have 3 classes; end with 3"},
      {iris, "--test-share 0.3 --test-data x.csv", "--test-share and --test-data contradict each other"},
      {iris, "--autoencoder --target species", "--target and --autoencoder contradict each other"},
      {iris, "--class-names a,b,c", "--class-names: not for a table, which names its classes"},
      {iris, "--test-data missing.csv", "--test-data: missing.csv: No such file"},
      {iris, "--early-stopping loss", "--early-stopping: needs validation rows; hold some out with --validation"},
      {"1,2,a\n3,4,b\n", "", "table.csv: no row is left to test: no class has 2 rows; give test rows with --test-data"},
      {"1,2\n", "--regression", "table.csv: no row is left to test: found 1 row, expected at least 2"},
      {"1,2\n2,x\n3,4\n", "--regression", "table.csv: line 2: column 'column 2': found 'x', expected a number"},
      {"1,2\n2,2\n3,4\n", "--regression --loss sigmoid-cross-entropy", "table.csv: found target "},
  };
  for (const auto& c : cases) {
    const CommandResult result = train_on(c.text, c.options);
    EXPECT_EQ(result.status, 2) << c.options << result.output;
    EXPECT_NE(result.output.find(c.message), std::string::npos) << c.options << "\n" << result.output;
  }
  EXPECT_NE(train("--target 3").output.find("--target: needs a table, --data FILE.csv"), std::string::npos);
  EXPECT_NE(train("--data nowhere.csv").output.find("--data: nowhere.csv: No such file"), std::string::npos);
}

TEST_F(TrainTables, ResumeGivesTheBitsOfAnUninterruptedTraining) {
  const std::string file = folder_.file("checkpoint");
  const std::string options = std::string("--regression --ignore species --seed 4 --data ") + kIris;
  const CommandResult whole = train(options + " --epochs 6");
  ASSERT_EQ(train(options + " --epochs 6 --checkpoint " + file + " --checkpoint-seconds 0").status, 0);
  const CommandResult resumed = train("--resume " + file);
  ASSERT_EQ(resumed.status, 0) << resumed.output;
  EXPECT_EQ(line_with(resumed.output, "parameters fingerprint"), line_with(whole.output, "parameters fingerprint"));
  EXPECT_EQ(line_with(resumed.output, "test RMSE"), line_with(whole.output, "test RMSE"));
  folder_.write("other.csv", replaced(contents(kIris), "5.1,3.5", "5.2,3.5"));
  const CommandResult other = train("--resume " + file + " --data " + folder_.file("other.csv"));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.output.find("differ from those of --data"), std::string::npos) << other.output;
}

}  // namespace
