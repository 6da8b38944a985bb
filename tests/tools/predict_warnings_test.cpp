// SPDX-License-Identifier: MIT
// Lines that predict prints about files that it accepts but that may not be meant so, and names that terminals obey.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/train_program.hpp"

namespace {

using namespace train_program;

class PredictWarnings : public SmallSet {
 protected:
  std::string model() const { return folder_.file("model"); }
  /// predict's first line about a file.
  std::string warning(const std::string& file, const std::string& options = "") {
    const CommandResult result = predict(options + model() + " " + folder_.file(file));
    EXPECT_EQ(result.status, 0) << result.output;
    const std::string start = "predict: " + folder_.file(file) + ": ", line = line_with(result.output, start);
    return line.empty() ? "" : line.substr(start.size());
  }
  std::string table_warning(const std::string& table, const std::string& options = "") {
    folder_.write("rows.csv", table);
    return warning("rows.csv", options);
  }
  std::string image_warning(const std::vector<float>& elements) {
    folder_.write("images", idx_floats({static_cast<std::uint32_t>(elements.size() / 12), 3, 4}, elements));
    return warning("images");
  }
};

TEST_F(PredictWarnings, NameARowFarFromTheTrainingRows) {
  ASSERT_EQ(train("--quiet --epochs 2 --data tools/data/tables/iris.csv --save " + model()).status, 0);
  const std::string names = "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n",
                    usual = "5.1,3.5,1.4,0.2\n";
  EXPECT_EQ(table_warning(names + usual), "");
  EXPECT_EQ(table_warning(usual), "");
  EXPECT_EQ(table_warning("A,B,C,D\n" + usual),
            "no column has the name of an input of the network; the columns are taken in its order: sepal_length_cm, "
            "sepal_width_cm, petal_length_cm, petal_width_cm");
  folder_.write("rows.csv", "A,B,C\n1,2,3\n");
  EXPECT_EQ(predict(model() + " " + folder_.file("rows.csv")).output,
            "predict: " + folder_.file("rows.csv") +
                ": found 3 columns, expected the 4 inputs of the network, or a first row with their names\n");
  EXPECT_EQ(table_warning(names + usual + "5.1,3.5,1.4,14\n").rfind("row 1, column 'petal_width_cm': found 14, 16", 0),
            std::string::npos)
      << "up to 20 standard deviations";
  const std::string far = table_warning(names + usual + "5.1,3.5,1.4,200\n51000,-35000,1.4,0.2\n");
  EXPECT_EQ(far.rfind("row 1, column 'petal_width_cm': found 200, 26", 0), 0u) << far;
  EXPECT_NE(far.find(" standard deviations from the mean of the training rows; 3 numbers are that far"),
            std::string::npos)
      << far;
  EXPECT_EQ(table_warning(names + usual + "1e30,3.5,,0.2\n,3.5,1.4,0.2\n", "--missing mean "),
            "row 1, column 'petal_length_cm': found a missing value, the first of 2; the means of the training rows "
            "stand for them");
}

TEST_F(PredictWarnings, NameImagesOfAnotherScale) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  std::vector<float> elements(24, 100.0f);
  elements[0] = 0.0f;
  EXPECT_EQ(image_warning(elements), "");
  elements[17] = 1e4f;
  EXPECT_EQ(image_warning(elements),
            "image 1, element 5: found 10000, an input of 39.2, far from the 0 to 1 that networks learn from");
  for (float& x : elements) x = x == 0.0f ? 0.0f : 1.0f;
  EXPECT_EQ(
      image_warning(elements),
      "elements from 0 to 1 become inputs in a range of 0.0039, expected about 1; store the elements like those of "
      "the training images");
  EXPECT_EQ(table_warning("0,9999,0,0,0,0,0,0,0,0,0,0\n"),
            "row 0, column '1': found 9999, an input of 39.2, far from the 0 to 1 that networks learn from");
  EXPECT_EQ(image_warning(std::vector<float>(12, 3.0f)), "") << "a blank image is rare, but no mistake of scale";
}

TEST_F(PredictWarnings, ControlCharactersOfPathsDoNotReachTheTerminal) {
  ASSERT_EQ(train_here("--epochs 1 --save " + model()).status, 0);
  const std::string name =
      "a\x1b[31m\n\xc2\x9b"
      "b,\"\xe2\x80\xae";
  folder_.write(
      name, "P2 4 3 255 " + std::string(12 * 4, ' ').replace(0, 47, "255 255 255 255 255 255 255 255 255 255 255 255"));
  const CommandResult result = run_command(build::tools() + "/predict " + model() + " '" + folder_.file(name) + "'");
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.output.find("predict: " + folder_.file("a?[31m??b,\"?") + ": bright borders"), std::string::npos)
      << result.output;
  EXPECT_NE(result.output.find("\n\"" + folder_.file("a?[31m??b,\"\"?") + "\",0,"), std::string::npos) << result.output;
}

TEST_F(PredictWarnings, ControlCharactersOfPathsDoNotReachTheTerminalOfTrain) {
  const std::string name = folder_.file("a\x1b[31m");
  const CommandResult run = train_here("--epochs 1 --save '" + name + ".st' --export-header '" + name + ".hpp'"),
                      again = train_here("--evaluate --load '" + name + ".st'");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_NE(line_with(run.output, folder_.file("a?[31m.hpp: ")), "") << run.output;
  EXPECT_NE(line_with(again.output, "start     parameters of " + folder_.file("a?[31m.st")), "") << again.output;
  EXPECT_EQ((run.output + again.output).find('\x1b'), std::string::npos);
}

TEST_F(PredictWarnings, InputsMayShareAName) {
  folder_.write("twice.csv", "x,x,class\n1,5,a\n2,4,b\n3,3,a\n4,2,b\n5,1,a\n6,0,b\n");
  folder_.write("other.csv", "class,x,x\na,1,5\na,1,5\n");
  folder_.write("three.csv", "x,x,x\n1,5,1\n");
  ASSERT_EQ(train("--quiet --epochs 2 --data " + folder_.file("twice.csv") + " --save " + model()).status, 0);
  const std::string twice = predict(model() + " " + folder_.file("twice.csv")).output,
                    other = predict(model() + " " + folder_.file("other.csv")).output;
  const auto first = [](const std::string& text) {
    const std::size_t at = text.find(".csv,0,");
    return at == std::string::npos ? text : text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(first(twice).rfind(".csv,0,", 0), 0u) << twice;
  EXPECT_EQ(first(other), first(twice)) << other;
  EXPECT_NE(predict(model() + " " + folder_.file("three.csv")).output.find("several columns are called 'x'; rename"),
            std::string::npos);
}

}  // namespace
