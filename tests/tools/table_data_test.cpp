// SPDX-License-Identifier: MIT
// Tables: roles of columns, classes, missing values, memory, warnings, and one line for every table that is rejected.
#include "data/table_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>

#include "common/error.hpp"
#include "common/input_file.hpp"
#include "support/text_source.hpp"

namespace {

using tools::MissingValues;
using tools::TableData;
using tools::TableOptions;
using Names = std::vector<std::string>;
using Floats = std::vector<float>;

mote::Storage<std::size_t{4} << 20> memory;

TableData load(const std::string& text, const TableOptions& options = {}, const TableData* like = nullptr,
               mote::Memory where = memory) {
  TextSource file(text);
  return tools::load_table(file.source(), "t.csv", where, options, {}, like);
}

std::string refusal(const std::string& text, const TableOptions& options = {}, const TableData* like = nullptr) {
  try {
    load(text, options, like);
  } catch (const tools::Error& error) {
    return error.what();
  }
  return "";
}

Floats floats(mote::Span<float> values) {
  return {values.begin(), values.end()};
}

std::vector<int> labels(const TableData& table) {
  std::vector<int> list;
  for (std::size_t row = 0; row < table.rows; ++row) list.push_back(static_cast<int>(tools::label_of(table, row)));
  return list;
}

TableOptions with_targets(const Names& targets, const Names& ignored = {}) {
  TableOptions options;
  options.targets = targets;
  options.ignored = ignored;
  return options;
}

TableOptions regression(const Names& targets = {}, const Names& ignored = {}) {
  TableOptions options = with_targets(targets, ignored);
  options.regression = true;
  return options;
}

TableOptions with_missing(MissingValues missing, bool is_regression = false) {
  TableOptions options;
  options.missing = missing;
  options.regression = is_regression;
  return options;
}

TEST(TableData, ReadsFeaturesAndClasses) {
  const TableData table = load("width,height,kind\n1,2.5,oak\n-3,4e1,elm\n5,6,oak\n");
  EXPECT_EQ(table.rows, 3u);
  EXPECT_TRUE(table.has_header);
  EXPECT_EQ(table.separator, ',');
  EXPECT_EQ(table.feature_names, (Names{"width", "height"}));
  EXPECT_EQ(table.target_names, Names{"kind"});
  EXPECT_EQ(floats(table.features), (Floats{1, 2.5f, -3, 40, 5, 6}));
  EXPECT_EQ(table.class_names, (Names{"elm", "oak"}));
  EXPECT_EQ(labels(table), (std::vector<int>{1, 0, 1}));
  EXPECT_TRUE(table.targets.empty());
  EXPECT_TRUE(table.wide_labels.empty());
  EXPECT_EQ(table.labels.size(), 3u);
}

TEST(TableData, ReadsTablesWithoutHeader) {
  const TableData table = load("1;2;oak\n3;4;elm\n");
  EXPECT_FALSE(table.has_header);
  EXPECT_EQ(table.separator, ';');
  EXPECT_EQ(table.feature_names, (Names{"column 1", "column 2"}));
  EXPECT_EQ(table.target_names, Names{"column 3"});
  EXPECT_EQ(floats(table.features), (Floats{1, 2, 3, 4}));
}

TEST(TableData, FindsHeaders) {
  EXPECT_FALSE(load("?,2,a\n3,4,b\n", with_missing(MissingValues::drop)).has_header);  // a missing value is no name
  EXPECT_FALSE(load("1,2,3\n4,5,6\n").has_header);
  EXPECT_TRUE(load("1,2,speed\n4,5,6\n", regression()).has_header);  // text in a column of numbers
  EXPECT_FALSE(load("1,2,slow\n4,5,fast\n").has_header);             // text in a column of classes
  EXPECT_TRUE(load("1,2,kind\n4,5,6\n", with_targets({"kind"})).has_header);
  EXPECT_TRUE(load("kind,2,3\n4,5,6\n", with_targets({"3"}, {"kind"})).has_header);
  EXPECT_FALSE(load("1,2,3\n4,5,6\n", with_targets({"3"})).has_header);
  EXPECT_FALSE(load("1,5;2\n3;4\n").has_header);  // a decimal comma is a number
  TableOptions options;
  options.header = tools::HeaderRow::present;
  EXPECT_EQ(load("1,2,3\n4,5,6\n", options).feature_names, (Names{"1", "2"}));
  EXPECT_EQ(load("1,,3\n4,5,6\n", options).feature_names, (Names{"1", "column 2"}));
  options.header = tools::HeaderRow::absent;
  EXPECT_EQ(
      refusal("a,b,c\n4,5,6\n", options),
      "t.csv: line 1: column 'column 1': found 'a', expected a number; leave the column out: --ignore 'column 1'");
}

TEST(TableData, ChoosesColumnsByNameOrNumber) {
  const std::string text = "id,a,b,c,kind\n7,1,2,3,x\n8,4,5,6,y\n";
  EXPECT_EQ(load(text, with_targets({}, {"id"})).feature_names, (Names{"a", "b", "c"}));
  EXPECT_EQ(load(text, with_targets({}, {"kind", "1"})).target_names, Names{"c"});
  EXPECT_EQ(load(text, with_targets({"5"}, {"1", "3"})).feature_names, (Names{"a", "c"}));
  const TableData numbers = load(text, regression({"c", "2"}, {"kind", "id"}));
  EXPECT_EQ(numbers.target_names, (Names{"c", "a"}));
  EXPECT_EQ(floats(numbers.targets), (Floats{3, 1, 6, 4}));
  EXPECT_EQ(floats(numbers.features), (Floats{2, 5}));
  EXPECT_EQ(load("x,y,1\n1,2,3\n", with_targets({"1"})).feature_names, (Names{"x", "y"}));  // names come first
  TableOptions options = with_targets({}, {"kind"});
  options.has_targets = false;
  const TableData inputs = load(text, options);
  EXPECT_EQ(inputs.feature_names, (Names{"id", "a", "b", "c"}));
  EXPECT_TRUE(inputs.target_names.empty());
  EXPECT_TRUE(inputs.labels.empty());
}

TEST(TableData, RejectsColumnsThatDoNotExist) {
  const std::string text = "a,b,kind\n1,2,x\n3,4,y\n";
  EXPECT_EQ(refusal(text, with_targets({"c"})), "t.csv: no column 'c'; there are: a, b, kind");
  EXPECT_EQ(refusal(text, with_targets({"4"})), "t.csv: no column '4'; there are: a, b, kind");
  EXPECT_EQ(refusal(text, with_targets({"0"})), "t.csv: no column '0'; there are: a, b, kind");
  EXPECT_EQ(refusal("1,2\n3,4\n", with_targets({"b"})),
            "t.csv: no column 'b'; the file has no header and 2 columns: give a number");
  EXPECT_EQ(refusal(text, with_targets({"a", "b"})),
            "t.csv: 2 targets: a class is one column; --regression learns several numbers");
  EXPECT_EQ(refusal(text, regression({"a", "1"}, {"kind"})), "t.csv: target '1' is given twice or ignored");
  EXPECT_EQ(refusal(text, with_targets({"a"}, {"a"})), "t.csv: target 'a' is given twice or ignored");
  EXPECT_EQ(refusal("1,2\n2,3\n", with_targets({"1"}, {"2"})), "t.csv: no feature columns: all are targets or ignored");
  EXPECT_EQ(refusal("1 2\n2 3\n"), "t.csv: 1 column; commas, semicolons or tabs must separate the cells of a row");
  EXPECT_EQ(refusal("a,a,kind\n1,2,x\n", with_targets({"a"})),
            "t.csv: several columns are called 'a'; rename them, or give the number of one, from 1");
}

TEST(TableData, SortsClasses) {
  EXPECT_EQ(load("1,10\n2,9\n3,-1\n4,9\n").class_names, (Names{"-1", "9", "10"}));
  EXPECT_EQ(labels(load("1,10\n2,9\n3,-1\n4,9\n")), (std::vector<int>{2, 1, 0, 1}));
  EXPECT_EQ(load("1,10\n2,9\n3,x\n").class_names, (Names{"10", "9", "x"}));
  EXPECT_EQ(load("1,0.5\n2,0.25\n").class_names, (Names{"0.25", "0.5"}));
  EXPECT_EQ(load("1,b\n2,\"a,\"\"c\"\"\"\n3,B\n").class_names, (Names{"B", "a,\"c\"", "b"}));
}

TEST(TableData, TakesEqualNumbersForOneClass) {
  const TableData table = load("1,1.0\n2,01\n3,+1\n4,1e0\n5,1.000000000000000000e+00\n6,2\n");
  EXPECT_EQ(table.class_names, (Names{"1", "2"}));
  EXPECT_EQ(labels(table), (std::vector<int>{0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(load("1,123456789\n2,123456788\n").class_names, (Names{"123456788", "123456789"}));  // as floats equal
  EXPECT_EQ(load("1,0.50\n2,0.5\n").class_names, Names{"0.5"});
}

TEST(TableData, WidensLabelsPast256Classes) {
  for (const int classes : {255, 256, 257, 300}) {
    std::string text;
    for (int i = 0; i < 2 * classes; ++i) text += std::to_string(i) + "," + std::to_string(i * 7 % classes) + "\n";
    const TableData table = load(text);
    ASSERT_EQ(table.class_names.size(), static_cast<std::size_t>(classes));
    EXPECT_EQ(table.labels.empty(), classes > 256);
    EXPECT_EQ(table.wide_labels.empty(), classes <= 256);
    for (int i = 0; i < 2 * classes; ++i) ASSERT_EQ(labels(table)[static_cast<std::size_t>(i)], i * 7 % classes);
  }
}

TEST(TableData, BoundsTheNumberOfClasses) {
  std::string text;
  for (int i = 0; i < 65535; ++i) text += "1," + std::to_string(i) + "\n";
  EXPECT_EQ(load(text).class_names.size(), 65535u);
  EXPECT_EQ(refusal(text + "1,65535\n"),
            "t.csv: line 65536: column 'column 2': found '65535', the first row of more than 65535 classes; choose "
            "another --target, or --regression to learn a number");
}

TEST(TableData, RejectsValuesWithLineAndColumn) {
  EXPECT_EQ(refusal("a,color,kind\n\n1,2,x\n1,red,x\n"),
            "t.csv: line 4: column 'color': found 'red', expected a number; leave the column out: --ignore color");
  EXPECT_EQ(refusal("a,b c,kind\n1,2,x\n1,red,x\n"),
            "t.csv: line 3: column 'b c': found 'red', expected a number; leave the column out: --ignore 'b c'");
  EXPECT_EQ(refusal("a,b\n1,2\n2,x\n", regression()),
            "t.csv: line 3: column 'b': found 'x', expected a number; without --regression, texts are classes");
  EXPECT_EQ(refusal("a,b\n1,2\ninf,x\n"),
            "t.csv: line 3: column 'a': found 'inf', expected a finite number below 3.4e38");
  EXPECT_EQ(refusal("a,b\n1,2\n1e39,x\n"),
            "t.csv: line 3: column 'a': found '1e39', expected a finite number below 3.4e38");
  const std::string missing = "a missing value; --missing drop leaves out such rows, --missing mean fills in the mean";
  EXPECT_EQ(refusal("a,b\n1,2\nNA,x\n"), "t.csv: line 3: column 'a': found 'NA', " + missing);
  EXPECT_EQ(refusal("a,b\n1,2\n3,\n"), "t.csv: line 3: column 'b': found '', " + missing);
  EXPECT_EQ(refusal("a,b\n1,2\n3,nan\n", regression()), "t.csv: line 3: column 'b': found 'nan', " + missing);
  EXPECT_EQ(refusal("a,b\n1,\"x\ny\"\n"),
            "t.csv: line 2: column 'b': found 'x?y', a name with control characters or not in UTF-8; if it is Latin-1, "
            "convert it: iconv -f ISO-8859-1 -t UTF-8 FILE > NEW");
  EXPECT_EQ(refusal("a,\xe4\n1,x\n"),
            "t.csv: line 1: the name of column 2, '\xe4', has control characters or is not UTF-8; if it is Latin-1, "
            "convert it: iconv -f ISO-8859-1 -t UTF-8 FILE > NEW");
  EXPECT_EQ(refusal(""), "t.csv: no rows");
  EXPECT_EQ(refusal("a,b\n"), "t.csv: a header, but no rows");
  EXPECT_EQ(refusal("?,b\n", with_missing(MissingValues::drop)), "t.csv: no rows are left: each has a missing value");
}

TEST(TableData, IgnoresWhatIgnoredColumnsHold) {
  EXPECT_EQ(floats(load("a,note,b\n1,x,p\n2,,q\n3,inf,p\n", with_targets({}, {"note"})).features), (Floats{1, 2, 3}));
}

TEST(TableData, ReadsDecimalCommas) {
  const TableData table = load("a;b;kind\n1;2,5;x\n-3,25e1;4;y\n", {});
  EXPECT_EQ(floats(table.features), (Floats{1, 2.5f, -32.5f, 4}));
  EXPECT_EQ(table.warnings, Names{"2 classes have fewer than 2 rows: 'x', 'y'"});
  EXPECT_EQ(floats(load("a\tb\n1,5\t2,5\n3,5\t4,5\n", regression()).targets), (Floats{2.5f, 4.5f}));
  EXPECT_EQ(refusal("a;b;kind\n1;2,5;x\n1.5;4;y\n"),
            "t.csv: line 3: column 'a': found '1.5', the decimal mark is ',' on line 2; use one in the whole file");
  EXPECT_EQ(refusal("a;b;kind\n1;2.5;x\n1,5;4;y\n"),
            "t.csv: line 3: column 'a': found '1,5', the decimal mark is '.' on line 2; use one in the whole file");
  EXPECT_EQ(refusal("a,b\n1,x\n\"1,5\",y\n"),
            "t.csv: line 3: column 'a': found '1,5', expected a number; decimal commas need ';' or tabs between cells, "
            "and commas between thousands must be removed");
  EXPECT_EQ(load("a;kind\n1,234;x\n12,345;y\n").warnings,
            (Names{"commas are read as decimal marks; if they separate thousands, remove them",
                   "2 classes have fewer than 2 rows: 'x', 'y'"}));
}

TEST(TableData, DropsRowsWithMissingValues) {
  const TableData table =
      load("a,b,kind\n1,2,x\n,3,x\n4,NA,y\n5,6,?\n7,8,y\n9,9,y\n8,8,x\n", with_missing(MissingValues::drop));
  EXPECT_EQ(table.rows, 4u);
  EXPECT_EQ(table.dropped, 3u);
  EXPECT_EQ(floats(table.features), (Floats{1, 2, 7, 8, 9, 9, 8, 8}));
  EXPECT_EQ(labels(table), (std::vector<int>{0, 1, 1, 0}));
  EXPECT_EQ(table.warnings, Names{"3 of 7 rows have a missing value and are dropped"});
  EXPECT_EQ(floats(load("a,b\n1,2\n3,\n5,6\n", with_missing(MissingValues::drop, true)).targets), (Floats{2, 6}));
}

TEST(TableData, FillsInMeansOfTrainingRows) {
  const TableOptions options = with_missing(MissingValues::mean);
  TableData table = load("a,b,kind\n1,2,x\n,4,x\n3,NA,y\n100,6,y\n", options);
  EXPECT_EQ(table.missing, 2u);
  EXPECT_TRUE(std::isnan(table.features[2]));
  const std::uint32_t training[] = {0, 1, 2};
  EXPECT_EQ(fill_missing(table, training), (Floats{2, 3}));  // the last row does not count
  EXPECT_EQ(table.missing, 0u);
  EXPECT_EQ(floats(table.features), (Floats{1, 2, 2, 4, 3, 3, 100, 6}));

  TableData empty = load("a,b,kind\n1,,x\n2,5,y\n", options);
  const std::uint32_t first[] = {0};
  try {
    fill_missing(empty, first);
    FAIL();
  } catch (const tools::Error& error) {
    EXPECT_STREQ(error.what(), "column 'b': no value in any training row; leave it out: --ignore");
  }
  EXPECT_EQ(refusal("a,kind\n1,x\n2,\n", options),
            "t.csv: line 3: column 'kind': found '', a missing value, which has no mean in a target; --missing drop "
            "leaves out such rows");
}

TEST(TableData, KeepsClassesAndColumnsOfTraining) {
  const TableData train = load("a,b,kind\n1,2,x\n3,4,y\n5,6,z\n");
  static mote::Storage<4096> other;
  TextSource file("a,b,kind\n7,8,z\n9,9,x\n");
  const TableData test = tools::load_table(file.source(), "u.csv", other, {}, {}, &train);
  EXPECT_EQ(labels(test), (std::vector<int>{2, 0}));
  EXPECT_EQ(test.class_names, train.class_names);
  EXPECT_TRUE(test.warnings.empty());
  EXPECT_EQ(refusal("a,b,kind\n7,8,w\n", {}, &train),
            "t.csv: line 2: column 'kind': found 'w', expected a class of the training rows");
  EXPECT_EQ(refusal("a,c,kind\n7,8,x\n", {}, &train), "t.csv: found column 'c', expected 'b' as for training");
  EXPECT_EQ(refusal("a,kind\n7,x\n", {}, &train),
            "t.csv: 1 columns are features or targets, expected 2 as for training");
  EXPECT_EQ(refusal("7,8,x\n", {}, &train), "");  // without names, positions count
}

TEST(TableData, NeedsTheMemoryThatItNames) {
  const std::string text = "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n";  // 3 x 2 floats, padding to 64, 3 labels of 2 bytes
  const std::size_t needed = 64 + 6;
  std::unique_ptr<unsigned char[]> fence(new unsigned char[4096]);
  unsigned char* aligned = fence.get() + (64 - reinterpret_cast<std::uintptr_t>(fence.get()) % 64);
  std::memset(fence.get(), 0xa5, 4096);
  const TableData table = load(text, {}, nullptr, {aligned, needed});
  EXPECT_EQ(table.bytes, needed);
  EXPECT_EQ(floats(table.features), (Floats{1, 2, 3, 4, 5, 6}));
  for (std::size_t i = needed; i < 3000; ++i) ASSERT_EQ(aligned[i], 0xa5);
  try {
    load(text, {}, nullptr, {aligned, needed - 1});
    FAIL();
  } catch (const tools::Error& error) {
    EXPECT_STREQ(error.what(),
                 "t.csv: the table does not fit: 3 rows of 2 features need 70 bytes, 69 are left of the static memory; "
                 "rebuild with: make DATA_MB=1");
  }
}

TEST(TableData, WarnsOfOddColumns) {
  EXPECT_EQ(load("a,b,c,kind\n1,7,3,x\n2,7,3,y\n3,7,3,x\n4,7,3,y\n").warnings,
            Names{"features are constant: 'b', 'c'"});
  EXPECT_EQ(load("a,b,kind\n1,7,x\n2,7,y\n3,7,x\n4,7,y\n").warnings, Names{"a feature is constant: 'b'"});
  EXPECT_EQ(load("a,a,kind\n1,7,x\n2,8,y\n3,9,x\n4,7,y\n").warnings, Names{"2 columns are called 'a'"});
  EXPECT_EQ(load("a,b,c\n1,2,2\n2,3,3\n3,5,5\n", regression()).warnings,
            Names{"feature 'b' equals the target 'c'; leave it out: --ignore"});
  const Names copy = {"feature 'b' has one value for each class of 'kind'; if it is a copy, leave it out: --ignore"};
  EXPECT_EQ(load("a,b,kind\n1,0,0\n2,1,1\n3,0,0\n4,1,1\n").warnings, copy);
  EXPECT_EQ(load("a,b,kind\n1,5,x\n2,3,y\n3,5,x\n4,3,y\n").warnings, copy);
  EXPECT_TRUE(load("a,b,kind\n1,5,x\n2,3,y\n3,5,x\n4,5,y\n").warnings.empty());
}

TEST(TableData, WarnsOfOddClasses) {
  EXPECT_EQ(load("a,kind\n1,x\n2,x\n").warnings, Names{"all rows have one class, 'x'"});
  EXPECT_EQ(load("a,kind\n1,x\n2,x\n3,y\n").warnings, Names{"1 class has fewer than 2 rows: 'y'"});
  std::string text = "a,height\n", whole = "a,height\n";
  for (int i = 0; i < 404; ++i) {
    text += std::to_string(i) + "," + std::to_string(i % 202) + ".5\n";
    whole += std::to_string(i) + "," + std::to_string(i % 202) + "\n";
  }
  EXPECT_EQ(load(text).warnings,
            Names{"202 classes are fractions, such as '0.5'; --regression learns 'height' as a number"});
  EXPECT_TRUE(load(whole).warnings.empty());
}

TEST(TableData, ArrangesRows) {
  TableData classes = load("a,b,kind\n0,1,x\n2,3,y\n4,5,z\n6,7,x\n8,9,y\n");
  const std::uint32_t order[] = {3, 1, 0, 4, 2};
  arrange_rows(classes, order);
  EXPECT_EQ(floats(classes.features), (Floats{6, 7, 2, 3, 0, 1, 8, 9, 4, 5}));
  EXPECT_EQ(labels(classes), (std::vector<int>{0, 1, 0, 1, 2}));
  TableData numbers = load("a,b,c\n0,1,10\n2,3,11\n4,5,12\n6,7,13\n8,9,14\n", regression({"c", "b"}));
  arrange_rows(numbers, order);
  EXPECT_EQ(floats(numbers.features), (Floats{6, 2, 0, 8, 4}));
  EXPECT_EQ(floats(numbers.targets), (Floats{13, 7, 11, 3, 10, 1, 14, 9, 12, 5}));
}

TEST(TableData, ReportsProgressOfBothPasses) {
  std::string text = "a,b\n";
  while (text.size() < 3 * tools::kCsvBlockBytes) text += "1.25,x\n2.5,y\n";
  TextSource file(text);
  std::vector<std::uint64_t> seen;
  std::uint64_t total = 0;
  tools::load_table(file.source(), "t.csv", memory, {}, [&](std::uint64_t done, std::uint64_t of) {
    seen.push_back(done);
    total = of;
  });
  EXPECT_EQ(total, 2 * text.size());
  EXPECT_GE(seen.size(), 6u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), total);
}

TEST(TableData, ReadsTheIrisOfTheRepository) {
  tools::InputFile file("tools/data/tables/iris.csv", "a CSV file");
  const TableData table = tools::load_table(file.source(), file.name(), memory);
  ASSERT_EQ(table.rows, 150u);
  EXPECT_EQ(table.feature_names, (Names{"sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"}));
  EXPECT_EQ(table.class_names, (Names{"setosa", "versicolor", "virginica"}));
  EXPECT_TRUE(table.warnings.empty());
  double sums[4] = {};
  for (std::size_t i = 0; i < table.features.size(); ++i) sums[i % 4] += static_cast<double>(table.features[i]);
  const double means[] = {5.843, 3.057, 3.758, 1.199};  // Fisher 1936, rounded
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(sums[i] / 150, means[i], 0.0005);
  for (std::size_t row = 0; row < 150; ++row) EXPECT_EQ(tools::label_of(table, row), row / 50);
  // Where copies differ from the paper.
  EXPECT_EQ(floats(table.features.subspan(34 * 4, 4)), (Floats{4.9f, 3.1f, 1.5f, 0.2f}));
  EXPECT_EQ(floats(table.features.subspan(37 * 4, 4)), (Floats{4.9f, 3.6f, 1.4f, 0.1f}));
}

}  // namespace
