// SPDX-License-Identifier: MIT
#include "run/html_report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "common/error.hpp"
#include "pictures/page.hpp"
#include "support/markup.hpp"
#include "support/temporary_folder.hpp"

namespace {

using markup::attribute;
using markup::count;
using markup::Element;

mote::LossTotals totals(std::vector<float> losses, std::uint32_t correct) {
  mote::LossTotals sum;
  sum.add({losses.data(), losses.size()}, correct);
  return sum;
}

tools::EpochReport epoch(std::size_t number, float train, float validation) {
  tools::EpochReport report{number, 3, totals({train, train}, 1), totals({validation, validation}, 2), 0.5};
  return report;
}

/// Three epochs, two classes, images of 2 x 3, one mistake.
tools::RunRecord record_of_a_run() {
  tools::RunRecord record;
  record.command = "./tools/train --data '/data/<b>&\"x\"'";
  record.settings = "data      /data/<b>&\"x\"\n          images of 2 x 3\nnetwork   6-4-2, relu\n";
  record.ending = {"early stopping: stopped", "trained after 1.00 s"};
  record.networks = {{epoch(1, 2.0f, 1.0f), epoch(2, 1.0f, 0.5f), epoch(3, 0.5f, 0.75f)}};
  record.rows = 2;
  record.columns = 3;
  record.responses = "validation";
  record.test.totals = totals({0.1f, 2.5f, 0.1f, 0.1f}, 3);
  record.test.confusion = {2, 1, 0, 1};
  record.test.fingerprint = 0xb3a4;
  record.inspection.layers = {{mote::Activation::relu, 0.5, 1.0, 0.25, {"", 0.5, 2.0, {3, 1}}},
                              {mote::Activation::softmax, 0.5, 0.5, 0.0, {"", 0.0, 1.0, {1, 1}}}};
  record.inspection.response_samples = 4;
  record.inspection.mistakes = {{1, 2.5, 0, 1, 0.918, {0, 51, 102, 153, 204, 255}, {}, {}}};
  record.inspection.units = {{2, {-1.0f, 0.5f, 0.0f, 0.25f, 1.0f, -0.5f}}};
  return record;
}

std::vector<Element> elements_of(const std::string& page) {
  std::vector<Element> elements;
  EXPECT_EQ(markup::parse(page, elements), "");
  return elements;
}

TEST(HtmlReport, IsWellFormedAndComplete) {
  const std::string page = tools::html_report(record_of_a_run());
  const std::vector<Element> elements = elements_of(page);
  EXPECT_EQ(page.rfind(tools::kPageStart, 0), 0u);
  std::vector<std::string> headings;
  for (const Element& element : elements) {
    if (element.name == "h2") headings.push_back(element.text);
  }
  EXPECT_EQ(headings, (std::vector<std::string>{"Training", "Confusion matrix", "Worst mistakes",
                                                "Responses of the layers", "Weights of the first layer", "Settings"}));
  EXPECT_EQ(count(elements, "svg"), 2u + 1u + 2u);
  EXPECT_EQ(count(elements, "img", "ink"), 1u);
  EXPECT_EQ(count(elements, "img", "sheet"), 1u);
  for (const char* text :
       {"75.00 %", "1 of 4", "0.7000", "0000b3a4", "early stopping: stopped; trained after 1.00 s", "0 as 1",
        "output 0.918", "loss 2.5", "image 1", "layer 1, relu", "25.0\u00a0%\u00a0are\u00a00"}) {
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
}

TEST(HtmlReport, LoadsNothingAndRunsNothing) {
  const std::string page = tools::html_report(record_of_a_run());
  for (const Element& element : elements_of(page)) {
    for (const char* name : {"script", "link", "iframe", "object", "embed", "base", "form"})
      EXPECT_NE(element.name, name);
    const std::string source = attribute(element, "src");
    EXPECT_TRUE(source.empty() || source.rfind("data:image/png;base64,", 0) == 0) << source.substr(0, 60);
    EXPECT_EQ(attribute(element, "href"), "");
    EXPECT_EQ(element.attributes.find(" on"), std::string::npos) << element.attributes;
  }
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
  EXPECT_NE(page.find("content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\""), std::string::npos);
}

TEST(HtmlReport, EscapesPathsAndNames) {
  const std::string page = tools::html_report(record_of_a_run());
  EXPECT_EQ(page.find("<b>&\"x"), std::string::npos);
  EXPECT_NE(page.find("<td>/data/&lt;b&gt;&amp;&quot;x&quot;</td>"), std::string::npos);
  EXPECT_NE(page.find("<code>./tools/train --data &#39;/data/&lt;b&gt;&amp;&quot;x&quot;&#39;</code>"),
            std::string::npos);
  tools::RunRecord record = record_of_a_run();
  record.test.divergence = "training diverged: <script>alert(1)</script>";
  EXPECT_NE(tools::html_report(record).find("<p class=\"alert\">training diverged: &lt;script&gt;"), std::string::npos);
}

TEST(HtmlReport, ServesEverySchemeAndSize) {
  const std::string page = tools::html_report(record_of_a_run());
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_NE(page.find("@media print"), std::string::npos);
  EXPECT_NE(page.find("name=\"viewport\" content=\"width=device-width"), std::string::npos);
}

TEST(HtmlReport, HoldsEveryEpochInNumbers) {
  std::vector<std::string> cells;
  bool in_table = false;
  for (const Element& element : elements_of(tools::html_report(record_of_a_run()))) {
    in_table = in_table || attribute(element, "class") == "numbers";
    if (element.name == "h2" && element.text == "Confusion matrix") break;
    if (in_table && element.name == "td") cells.push_back(element.text);
  }
  EXPECT_EQ(cells, (std::vector<std::string>{"1", "2.0000", "0.5000", "1.0000", "1.0000", "0.50",  //
                                             "2", "1.0000", "0.5000", "0.5000", "1.0000", "0.50",  //
                                             "3", "0.5000", "0.5000", "0.7500", "1.0000", "0.50"}));
}

TEST(HtmlReport, MarksTheEpochThatWasKept) {
  tools::RunRecord record = record_of_a_run();
  EXPECT_EQ(count(elements_of(tools::html_report(record)), "line", "mark"), 0u);
  record.kept_epoch = 2;
  EXPECT_EQ(count(elements_of(tools::html_report(record)), "line", "mark"), 2u);
}

TEST(HtmlReport, BearsRunsWithLittleToShow) {
  tools::RunRecord empty = record_of_a_run();  // interrupted before the first batch
  empty.networks = {{}};
  empty.test.totals = {};
  empty.inspection.mistakes.clear();
  EXPECT_NE(tools::html_report(empty).find("None: all test images are recognized."), std::string::npos);
  elements_of(tools::html_report(empty));
  tools::RunRecord broken = record_of_a_run();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  broken.networks = {{epoch(1, nan, nan)}};
  broken.inspection.units[0].weights.assign(6, 0.0f);
  broken.inspection.mistakes[0].loss = std::numeric_limits<double>::infinity();
  elements_of(tools::html_report(broken));
}

TEST(HtmlReport, ShowsRunsWithoutLabels) {
  tools::RunRecord record = record_of_a_run();
  record.has_labels = false;
  record.test.confusion.clear();
  record.inspection.mistakes[0].outputs = {0.0f, 0.5f, 1.0f, 2.0f, -1.0f, std::nanf("")};
  std::vector<Element> elements = elements_of(tools::html_report(record));
  EXPECT_EQ(count(elements, "svg"), 1u + 2u);
  EXPECT_EQ(count(elements, "img", "ink"), 2u);  // the image, and what was made of it
  record.inspection.mistakes[0].targets = {1.0f, 2.0f, 3.0f, 4.0f};
  const std::string page = tools::html_report(record);
  EXPECT_EQ(count(elements_of(page), "img", "ink"), 1u);
  EXPECT_NE(page.find("wanted 1, 2, 3, \u2026"), std::string::npos);
  EXPECT_EQ(page.find("accuracy"), std::string::npos);
}

TEST(HtmlReport, DrawsTheMeanOfAnEnsemblesMembers) {
  tools::RunRecord record = record_of_a_run();
  record.networks = {{epoch(1, 2.0f, 1.0f), epoch(2, 1.0f, 1.0f)}, {epoch(1, 1.0f, 3.0f)}};
  const tools::LineChart chart = tools::loss_chart(record);
  EXPECT_EQ(chart.title, "Loss, mean of the members");
  ASSERT_EQ(chart.series.size(), 2u);
  EXPECT_EQ(chart.series[0].points[0].y, 1.5);
  EXPECT_EQ(chart.series[0].points[1].y, 1.0);  // of the one that got there
  EXPECT_EQ(chart.series[1].points[0].y, 2.0);
  EXPECT_NE(tools::html_report(record).find("<th>member</th>"), std::string::npos);
}

TEST(HtmlReport, DrawsHowFastLayersLearnFromTheStartOn) {
  tools::RunRecord record = record_of_a_run();
  EXPECT_EQ(tools::html_report(record).find("Speed of learning by layer"), std::string::npos);
  mote::LayerDiagnostics slow, fast;
  slow.bias_gradient = 0.001f;
  slow.verdict = mote::Verdict::vanishing;
  fast.bias_gradient = 0.5f;
  record.diagnoses = {{fast, fast}, {slow, fast}};
  const tools::LineChart chart = tools::speed_chart(record);
  EXPECT_TRUE(chart.logarithmic);
  ASSERT_EQ(chart.series.size(), 2u);
  EXPECT_EQ(chart.series[0].name, "layer 1");
  EXPECT_EQ(chart.series[0].points[0].x, 0.0);
  EXPECT_EQ(chart.series[0].points[1].y, static_cast<double>(0.001f));
  const std::string page = tools::html_report(record);
  EXPECT_EQ(count(elements_of(page), "svg"), 2u + 1u + 1u + 2u);
  EXPECT_NE(page.find("At the end: layer 1 vanishing, layer 2 healthy."), std::string::npos);
  tools::RunRecord deep = record;
  deep.diagnoses = {{slow, slow, slow, fast}};
  EXPECT_NE(tools::html_report(deep).find("At the end: layers 1 to 3 vanishing, layer 4 healthy."), std::string::npos);
  EXPECT_NE(tools::plot_run(record, {80, false}).find("\nSpeed of learning, |dC/db|\n    1 ┤"), std::string::npos)
      << tools::plot_run(record, {80, false});
}

TEST(HtmlReport, PlotsLinesForATerminal) {
  const std::string text = tools::plot_run(record_of_a_run(), {80, false});
  EXPECT_EQ(text.rfind("\nLoss\n2.0 ┤", 0), 0u) << text;
  EXPECT_NE(text.find("\n\nAccuracy\n"), std::string::npos);
  EXPECT_NE(text.find("\nlayer 1, relu     ▕█▃▏ 0.5 to 2, 25 % are 0\nlayer 2, softmax  ▕██▏ 0 to 1, 0 % are 0\n"),
            std::string::npos)
      << text;
}

TEST(HtmlReport, ReplacesOnlyItsLike) {
  TemporaryFolder folder;
  const auto open = [&](const char* name) { tools::AtomicFile("--report", folder.file(name), tools::page_kind()); };
  folder.write("old.html", tools::html_report(record_of_a_run()));
  EXPECT_NO_THROW(open("old.html"));
  for (const char* other : {"notes", "<!DOCTYPE html>\n<html></html>\n"}) {
    folder.write("other.html", other);
    EXPECT_THROW(open("other.html"), tools::Error);
  }
}

}  // namespace
