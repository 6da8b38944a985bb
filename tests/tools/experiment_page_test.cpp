// SPDX-License-Identifier: MIT
#include "experiments/experiment_page.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/markup.hpp"

namespace {

TEST(ExperimentPage, ShowsChartsTablesAndNotes) {
  const tools::Experiment experiment{"bound", "How loose", tools::Text::bounds, "gradients < bounds & more", 1, 0, 1,
                                     0,       nullptr};
  tools::Findings findings;
  findings.seeds = 3;
  tools::LineChart chart;
  chart.title = "A <chart>";
  chart.series = {{"one", {{1.0, 2.0}, {2.0, 4.0}}}};
  findings.charts = {chart};
  findings.sentences = {"1 < 2"};
  findings.tables.push_back({"t", "A & B", {{"x_%", 1}, {"y", 2, true}}, {{"r<1>", {12.345, std::nan("")}}}});
  findings.notes = {"x_%: 5 < 6"};
  const std::string page = tools::experiment_section(experiment, findings);
  std::vector<markup::Element> elements;
  EXPECT_EQ(markup::parse(page, elements), "");
  std::vector<std::string> texts;
  for (const markup::Element& element : elements) {
    for (const char* name : {"h3", "p", "figcaption", "caption", "th", "td"}) {
      if (element.name == name) texts.push_back(element.text);
    }
  }
  EXPECT_EQ(texts, (std::vector<std::string>{
                       "How loose", "Gradients &lt; bounds &amp; more; 3\u00a0seeds; ./tools/lesson bound.", "1 &lt; 2",
                       "A &lt;chart&gt;", "A &amp; B", "", "x %", "y", "r&lt;1&gt;", "12.3", "-", "x %: 5 &lt; 6"}));
  EXPECT_EQ(markup::count(elements, "svg"), 1u);
}

TEST(ExperimentPage, BeginsWithContentsThatLinkToEverySection) {
  const std::string page = tools::lesson_body(
      tools::experiments(), std::vector<tools::Findings>(tools::experiments().size(), tools::Findings()));
  std::vector<markup::Element> elements;
  EXPECT_EQ(markup::parse(page, elements), "");
  EXPECT_EQ(markup::count(elements, "a"), tools::experiments().size());
  for (const tools::Experiment& experiment : tools::experiments()) {
    EXPECT_NE(page.find("href=\"#" + experiment.name + "\""), std::string::npos);
    EXPECT_NE(page.find("<h3 id=\"" + experiment.name + "\">" + experiment.title + "</h3>"), std::string::npos);
  }
}

}  // namespace
