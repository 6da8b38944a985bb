// SPDX-License-Identifier: MIT
// tools/lesson --report and --plot.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "experiments/experiments.hpp"
#include "support/lesson_output.hpp"
#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

namespace {

using lesson_output::lesson;

TEST(LessonReport, DrawsTheChaptersCharts) {
  TemporaryFolder folder;
  const CommandResult result = lesson("training --seeds 1 --plot --report " + folder.file("page.html"));
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string page = contents(folder.file("page.html"));
  std::vector<markup::Element> elements;
  EXPECT_EQ(markup::parse(page, elements), "");
  EXPECT_EQ(markup::count(elements, "svg"), 3u);
  EXPECT_EQ(markup::count(elements, "path"), 2u + 3u + 4u);  // a line for each hidden layer; published values are dots
  EXPECT_EQ(markup::count(elements, "table"), 3u);
  EXPECT_NE(page.find("training --seeds 1 --plot --report "), std::string::npos);
  EXPECT_NE(result.output.find("\n784-30-30-10: speed of learning, |dC/db|, seed 1\n"), std::string::npos);
  // A chart begins where the table's first column is, to the digits that both show.
  const std::size_t line = result.output.find("hidden 1 median"), chart = page.find("hidden 1 from ");
  ASSERT_NE(line, std::string::npos);
  ASSERT_NE(chart, std::string::npos);
  const double tabled = std::atof(result.output.c_str() + line + 15), drawn = std::atof(page.c_str() + chart + 14);
  EXPECT_NEAR(drawn, tabled, 0.005 * tabled);
}

TEST(LessonReport, ShowsEveryExperimentWithChartTableAndSentence) {
  TemporaryFolder folder;
  const CommandResult result = lesson("all --quick --report " + folder.file("page.html"));
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string page = contents(folder.file("page.html"));
  std::vector<markup::Element> all;
  EXPECT_EQ(markup::parse(page, all), "");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("no finite numbers to draw"), std::string::npos);
  for (const tools::Experiment& experiment : tools::experiments()) {
    const std::size_t begin = page.find("<h3 id=\"" + experiment.name + "\"");
    ASSERT_NE(begin, std::string::npos) << experiment.name;
    const std::string section = page.substr(begin, page.find("</section>", begin) - begin);
    for (const char* part : {"<svg", "<path", "<table", "<p class=\"seen\">", "<figcaption>"}) {
      EXPECT_NE(section.find(part), std::string::npos) << experiment.name << " has no " << part;
    }
    std::vector<markup::Element> elements;
    EXPECT_EQ(markup::parse("<section>" + section + "</section>", elements), "");
    for (const markup::Element& element : elements) {
      const bool names_axis = markup::attribute(element, "class") == "axis-name";
      EXPECT_TRUE(!names_axis || !element.text.empty()) << experiment.name << " has an axis without a name";
    }
  }
}

TEST(LessonReport, ReplacesNothingElse) {
  TemporaryFolder folder;
  folder.write("notes.html", "mine\n");
  const CommandResult result = lesson("norms --report " + folder.file("notes.html"));
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.output.find("notes.html: exists and is not a report"), std::string::npos) << result.output;
}

TEST(Laboratory, SaysOnlyWhatHolds) {
  tools::Laboratory laboratory;
  laboratory.say(false, "pigs fly");
  EXPECT_TRUE(laboratory.found.sentences.empty());
  laboratory.say(true, "water flows");
  EXPECT_EQ(laboratory.found.sentences, std::vector<std::string>{"Water flows"});
}

TEST(Laboratory, ChartsOfTablesHaveALineForEachRow) {
  const tools::Table table{
      "t", "A table", {{"1", 2}, {"5", 2}, {"10", 2}}, {{"a", {1, 2, 3}}, {"b", {4, 5, std::nan("")}}}};
  const tools::LineChart chart = tools::chart_of(table, "layer", "size", true);
  EXPECT_EQ(chart.title, "A table");
  EXPECT_EQ(chart.x_name, "layer");
  EXPECT_TRUE(chart.logarithmic);
  ASSERT_EQ(chart.series.size(), 2u);
  EXPECT_EQ(chart.series[1].name, "b");
  EXPECT_EQ(chart.series[1].points[1].x, 5.0);
  EXPECT_EQ(chart.series[1].points[1].y, 5.0);
  EXPECT_TRUE(std::isnan(chart.series[1].points[2].y));
}

}  // namespace
