// SPDX-License-Identifier: MIT
// Files of networks that learned from tables.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "support/markup.hpp"
#include "support/train_program.hpp"

namespace {

using namespace train_program;

constexpr const char* kIris = "tools/data/tables/iris.csv";

class TrainTablesFiles : public testing::Test {
 protected:
  std::string model() const { return folder_.file("model.safetensors"); }
  /// Splits Iris into train.csv and test.csv, every fifth row.
  void write_halves() {
    std::istringstream lines(contents(kIris));
    std::string line, training, test;
    for (int i = -1; std::getline(lines, line); ++i) {
      if (i == -1 || i % 5 != 0) training += line + "\n";
      if (i == -1 || i % 5 == 0) test += line + "\n";
    }
    folder_.write("train.csv", training);
    folder_.write("test.csv", test);
  }

  TemporaryFolder folder_;
};

/// Rows of cells of comma-separated values without quotes; the first row names the columns.
std::vector<std::vector<std::string>> cells_of(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line, cell; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream cells(line);
    while (std::getline(cells, cell, ',')) rows.back().push_back(cell);
  }
  return rows;
}

TEST_F(TrainTablesFiles, SavedNetworksEvaluateAsTheyDid) {
  const std::string data = std::string(" --quiet --seed 2 --data ") + kIris;
  for (const char* options : {"", "--batch-norm", "--no-standardize --epochs 20"}) {
    const CommandResult saved = train(options + data + " --save " + model());
    ASSERT_EQ(saved.status, 0) << saved.output;
    EXPECT_EQ(train("--evaluate --load " + model() + data).output, saved.output) << options;
  }
  for (const char* aim : {"--regression", "--autoencoder"}) {  // names of columns come with the model
    const CommandResult saved = train(aim + data + " --ignore species --save " + model());
    ASSERT_EQ(saved.status, 0) << saved.output;
    EXPECT_EQ(train(std::string("--evaluate ") + aim + " --load " + model() + data).output, saved.output) << aim;
    const CommandResult other = train("--evaluate --load " + model() + data);
    EXPECT_EQ(other.status, 2);
    EXPECT_NE(other.output.find(std::string("add ") + aim), std::string::npos) << other.output;
    const CommandResult more = train(aim + data + " --epochs 20 --load " + model());
    EXPECT_LE(std::stod(line_with(more.output, "test RMSE ").substr(10)),
              1.1 * std::stod(line_with(saved.output, "test RMSE ").substr(10)))
        << "goes on from the loaded network";
  }
}

TEST_F(TrainTablesFiles, PredictionsAreThoseThatTrainEvaluated) {
  write_halves();
  const std::string options =
      "--quiet --data " + folder_.file("train.csv") + " --test-data " + folder_.file("test.csv") + " --save " + model();
  const auto truth = cells_of(contents(folder_.file("test.csv")));
  const CommandResult classes = train(options);
  ASSERT_EQ(classes.status, 0) << classes.output;
  auto answers = cells_of(predict(model() + " " + folder_.file("test.csv")).output);
  ASSERT_EQ(answers.size(), 31u);
  EXPECT_EQ(answers[0], (std::vector<std::string>{"file", "row", "class", "setosa", "versicolor", "virginica"}));
  int correct = 0;
  for (std::size_t i = 1; i < answers.size(); ++i) correct += answers[i][2] == truth[i][4] ? 1 : 0;
  EXPECT_NE(classes.output.find("(" + std::to_string(correct) + "/30)"), std::string::npos) << classes.output;

  const CommandResult numbers = train(options + " --regression --ignore species --target petal_length_cm");
  ASSERT_EQ(numbers.status, 0) << numbers.output;
  answers = cells_of(predict(model() + " " + folder_.file("test.csv")).output);
  ASSERT_EQ(answers.size(), 31u);
  EXPECT_EQ(answers[0], (std::vector<std::string>{"file", "row", "petal_length_cm"}));
  double squares = 0.0;
  for (std::size_t i = 1; i < answers.size(); ++i)
    squares += std::pow(std::stod(answers[i][2]) - std::stod(truth[i][2]), 2);
  EXPECT_NEAR(std::stod(line_with(numbers.output, "test RMSE ").substr(10)), std::sqrt(squares / 30.0), 1e-4);
}

TEST_F(TrainTablesFiles, PredictFindsColumnsByName) {
  write_halves();
  ASSERT_EQ(train("--quiet --epochs 5 --save " + model() + " --data " + folder_.file("train.csv")).status, 0);
  const auto last_of = [&](const std::string& table, const std::string& options = "") {
    folder_.write("rows.csv", table);
    const CommandResult result = predict(options + model() + " " + folder_.file("rows.csv"));
    const std::size_t end = result.output.find_last_not_of('\n');
    return result.output.substr(result.output.rfind('\n', end) + 1);
  };
  const std::string named = last_of("sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5.1,3.5,1.4,0.2\n");
  EXPECT_NE(named.find("rows.csv,0,setosa,"), std::string::npos) << named;
  EXPECT_EQ(last_of("petal_width_cm;note;petal_length_cm;sepal_width_cm;sepal_length_cm\n0,2;?;1,4;3,5;5,1\n"), named);
  EXPECT_EQ(last_of("5.1,3.5,1.4,0.2\n"), named) << "without names, in the order of the inputs";
  EXPECT_NE(last_of("1,5.1,3.5,1.4,0.2\n").find("found 5 columns, expected the 4 inputs of the network"),
            std::string::npos);
  EXPECT_NE(
      last_of("sepal_length_cm,b,c,d\n1,2,3,4\n").find("no column 'sepal_width_cm'; there are: sepal_length_cm, b"),
      std::string::npos);
  EXPECT_NE(last_of("5.1,x,1.4,0.2\n5.1,NA,1.4,0.2\n")
                .find("line 2: column 'x': found 'NA', a missing value; --missing mean"),
            std::string::npos);
  EXPECT_NE(last_of("5.1,3.5,1.4,0.2\n5.1,NA,1.4,0.2\n", "--missing mean ").find("rows.csv,1,setosa,"),
            std::string::npos);
}

TEST_F(TrainTablesFiles, RefuseTablesThatDoNotFitTheNetwork) {
  ASSERT_EQ(train(std::string("--quiet --epochs 2 --save ") + model() + " --data " + kIris).status, 0);
  const auto error_of = [&](const std::string& table) {
    folder_.write("table.csv", table);
    const CommandResult result = train("--load " + model() + " --epochs 1 --data " + folder_.file("table.csv"));
    EXPECT_EQ(result.status, 2) << result.output;
    return result.output;
  };
  EXPECT_NE(error_of("1,2,a\n3,4,b\n").find("2 columns are features"), std::string::npos);
  EXPECT_NE(error_of("1,2,3,4,lily\n1,2,3,4,lily\n").find("found 'lily', expected a class of the training rows"),
            std::string::npos);
}

constexpr const char* kProgram = R"(
#include <cstdio>
#include "model.hpp"
static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
int main() {
  mote::FlashNetwork network;
  if (!network.bind(model::kModel, scratch).ok()) return 1;
  std::printf("%s", mote::to_string(verify(network, model::kGolden).status));
  const float rows[][4] = {{5.1f, 3.5f, 1.4f, 0.2f}, {7.0f, 3.2f, 4.7f, 1.4f}, {6.3f, 3.3f, 6.0f, 2.5f}};
  for (const auto& row : rows) {
    const auto outputs = network.forward(model::inputs(row));
    std::printf(" %zu %.2f", mote::argmax(outputs), static_cast<double>(outputs[0]));
  }
}
)";

TEST_F(TrainTablesFiles, HeadersTakeNumbersAsTheTableHasThem) {
  for (const std::string weights : {"float32", "float16", "int8"}) {
    const CommandResult result = train(std::string("--data ") + kIris + " --export-weights " + weights +
                                       " --export-header " + folder_.file("model.hpp"));
    ASSERT_EQ(result.status, 0) << result.output;
    const std::string header = contents(folder_.file("model.hpp"));
    EXPECT_NE(header.find("// Inputs, as in the table: sepal_length_cm, sepal_width_cm, petal_length_cm, "
                          "petal_width_cm.\n// Outputs: setosa, versicolor, virginica.\n"),
              std::string::npos)
        << header;
    const CommandResult run = build::run_program(folder_, kProgram);
    ASSERT_EQ(run.status, 0) << run.output;
    const std::string& answers = run.output;
    EXPECT_EQ(answers.rfind("ok 0 ", 0), 0u) << answers;  // the flowers on lines 2, 52 and 102
    EXPECT_NE(answers.find(" 1 0.0"), std::string::npos) << answers;
    EXPECT_NE(answers.find(" 2 0.0"), std::string::npos) << answers;
    const std::string accuracy = line_with(result.output, "test accuracy ");
    EXPECT_NE(line_with(result.output, folder_.file("model.hpp")).find(accuracy), std::string::npos) << result.output;
  }
}

TEST_F(TrainTablesFiles, HeadersAnswerInTheUnitsOfTheTable) {
  const std::string options = std::string("--regression --ignore species,petal_width_cm --target petal_length_cm ") +
                              "--batch-norm --data " + kIris + " --export-header " + folder_.file("model.hpp");
  for (const std::string weights : {"float32", "int8"}) {
    ASSERT_EQ(train(options + " --export-weights " + weights).status, 0);
    const CommandResult run = build::run_program(folder_, kProgram);
    ASSERT_EQ(run.status, 0) << run.output;
    std::istringstream answers(run.output);
    std::string status;
    answers >> status;
    EXPECT_EQ(status, "ok");
    for (const double length : {1.4, 4.7, 6.0}) {
      std::size_t best = 9;
      double found = 0.0;
      answers >> best >> found;
      EXPECT_NEAR(found, length, 1.2) << weights;
    }
  }
}

TEST_F(TrainTablesFiles, ReportsWithoutPicturesOfPixels) {
  const std::string page = folder_.file("page.html");
  const auto report = [&](const std::string& options) {
    EXPECT_EQ(train(std::string("--data ") + kIris + " --quiet --report " + page + options).status, 0);
    std::vector<markup::Element> elements;
    const std::string text = contents(page);
    EXPECT_EQ(markup::parse(text.substr(text.find("<html")), elements), "");
    EXPECT_EQ(markup::count(elements, "img"), 0u) << "a row of a table is no image";
    return text;
  };
  const std::string classes = report("");
  for (const char* words : {"virginica as versicolor", "setosa, AUC 1.0000", "versicolor, AP ", "petal_width_cm",
                            "standardized by mean", "Test rows: a row for each label"}) {
    EXPECT_NE(classes.find(words), std::string::npos) << words;
  }
  const std::string numbers = report(" --regression --ignore species");
  for (const char* words : {"test RMSE", "Predicted by true value", "Residuals of petal_width_cm"}) {
    EXPECT_NE(numbers.find(words), std::string::npos) << words;
  }
}

}  // namespace
