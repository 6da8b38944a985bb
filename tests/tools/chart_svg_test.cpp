// SPDX-License-Identifier: MIT
#include "pictures/chart_svg.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "pictures/page_style.hpp"
#include "support/markup.hpp"

namespace {

using markup::attribute;
using markup::Element;
using tools::LineChart;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Element> elements_of(const std::string& svg) {
  std::vector<Element> elements;
  EXPECT_EQ(markup::parse(svg, elements), "") << svg;
  EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
  EXPECT_EQ(svg.find("inf\""), std::string::npos) << svg;
  return elements;
}

std::vector<std::string> texts(const std::vector<Element>& elements, const std::string& style) {
  std::vector<std::string> found;
  for (const Element& element : elements) {
    if (element.name == "text" && attribute(element, "class") == style) found.push_back(element.text);
  }
  return found;
}

LineChart chart_of(std::vector<std::vector<double>> values) {
  LineChart chart;
  chart.title = "Loss";
  chart.x_name = "epoch";
  for (std::size_t s = 0; s < values.size(); ++s) {
    chart.series.push_back({"series " + std::to_string(s), {}});
    for (std::size_t i = 0; i < values[s].size(); ++i) {
      chart.series.back().points.push_back({static_cast<double>(i + 1), values[s][i]});
    }
  }
  return chart;
}

std::string path(const LineChart& chart, std::size_t series) {
  std::size_t seen = 0;
  for (const Element& element : elements_of(tools::to_svg(chart))) {
    if (element.name == "path" && seen++ == series) return attribute(element, "d");
  }
  return "none";
}

TEST(ChartSvg, PutsPointsWhereTheAxesSay) {
  // 52 to 330 across for epochs 1 to 3, 220 up to 34 for 0 to 1
  EXPECT_EQ(path(chart_of({{0.0, 1.0, 0.5}}), 0), "M52 220L191 34L330 127");
  LineChart logarithmic = chart_of({{0.01, 1.0, 0.1}});
  logarithmic.logarithmic = true;
  EXPECT_EQ(path(logarithmic, 0), "M52 220L191 34L330 127");
}

TEST(ChartSvg, ScalesTheHorizontalAxis) {
  LineChart chart = chart_of({{0.0, 1.0, 0.5}});
  chart.series[0].points = {{0.01, 0.0}, {0.1, 1.0}, {1.0, 0.5}};
  chart.x_scale = tools::Scale::logarithmic;
  EXPECT_EQ(path(chart, 0), "M52 220L191 34L330 127");
  chart.series[0].points = {{-0.25, 0.0}, {0.0, 1.0}, {0.25, 0.5}};
  chart.x_scale = tools::Scale::linear;  // from -0.3 to 0.3: ends at round numbers
  const std::vector<Element> elements = elements_of(tools::to_svg(chart));
  const std::vector<std::string> ticks = texts(elements, "tick");
  EXPECT_NE(std::find(ticks.begin(), ticks.end(), "-0.2"), ticks.end());
  EXPECT_EQ(path(chart, 0).find("L191 34L"), path(chart, 0).find('L'));
}

TEST(ChartSvg, NameOfTheHorizontalAxisStaysClearOfItsLastNumber) {
  LineChart chart = chart_of({{0.0, 1.0}});
  chart.series[0].points = {{0.0, 0.0}, {1000000.0, 1.0}};
  chart.x_name = "images";
  double number = 0.0, name = 0.0;
  for (const Element& element : elements_of(tools::to_svg(chart))) {
    if (element.text == "1000000") number = std::atof(attribute(element, "x").c_str());
    if (element.text == "images") name = std::atof(attribute(element, "x").c_str());
  }
  EXPECT_GT(name - number, 7 * 7.2 / 2.0);
}

TEST(ChartSvg, NamesBothAxes) {
  LineChart chart = chart_of({{0.0, 1.0}});
  chart.y_name = "loss";
  EXPECT_EQ(texts(elements_of(tools::to_svg(chart)), "axis-name"), (std::vector<std::string>{"epoch", "loss"}));
}

TEST(ChartSvg, SamplesAreDotsWithoutALine) {
  LineChart chart = chart_of({std::vector<double>(100, 1.0), {1.0, 2.0, 3.0}});
  EXPECT_EQ(markup::count(elements_of(tools::to_svg(chart)), "circle"), 3u);  // a line of 100 points has no dots
  chart.series[0].joined = false;
  EXPECT_EQ(markup::count(elements_of(tools::to_svg(chart)), "circle"), 103u);
  EXPECT_EQ(markup::count(elements_of(tools::to_svg(chart)), "path"), 1u);
}

TEST(ChartSvg, BreaksLinesWhereThereIsNothingToShow) {
  EXPECT_EQ(path(chart_of({{0.0, kNaN, 1.0, 0.0, kInfinity, 1.0}}), 0), "M52 220M163.2 34L218.8 220M330 34");
  LineChart logarithmic = chart_of({{0.01, 0.0, 1.0}});
  logarithmic.logarithmic = true;
  EXPECT_EQ(path(logarithmic, 0), "M52 220M330 34");
}

TEST(ChartSvg, SaysSoWhenThereIsNothingAtAll) {
  for (const LineChart& chart : {chart_of({}), chart_of({{}}), chart_of({{kNaN, kInfinity}})}) {
    EXPECT_EQ(texts(elements_of(tools::to_svg(chart)), "tick"), std::vector<std::string>{"no finite numbers to draw"});
  }
}

TEST(ChartSvg, DrawsOneEpochAndConstantLines) {
  for (const LineChart& chart : {chart_of({{0.25}, {0.5}}), chart_of({{1.0, 1.0, 1.0}}), chart_of({{0.0, 0.0}})}) {
    const std::vector<Element> elements = elements_of(tools::to_svg(chart));
    EXPECT_GE(markup::count(elements, "circle"), 2u);
    for (const Element& element : elements) {
      if (element.name != "circle") continue;
      EXPECT_GE(std::stod(attribute(element, "cx")), 52.0);
      EXPECT_LE(std::stod(attribute(element, "cx")), 330.0);
      EXPECT_GE(std::stod(attribute(element, "cy")), 34.0);
      EXPECT_LE(std::stod(attribute(element, "cy")), 220.0);
    }
  }
}

TEST(ChartSvg, KeepsWithinTheChartsLimits) {
  LineChart chart = chart_of({{1.0, 1.0}});
  EXPECT_EQ(texts(elements_of(tools::to_svg(chart)), "tick").at(4), "1.10");
  chart.highest = 1.0;
  chart.lowest = 0.0;
  const std::vector<std::string> ticks = texts(elements_of(tools::to_svg(chart)), "tick");
  EXPECT_EQ(std::vector<std::string>(ticks.begin(), ticks.begin() + 3),
            (std::vector<std::string>{"0.90", "0.95", "1.00"}));
  EXPECT_EQ(path(chart, 0), "M52 34L330 34");
}

TEST(ChartSvg, NamesStandApartBesideTheEndsOfTheirLines) {
  const LineChart chart = chart_of({{1.0, 0.5}, {1.0, 0.5}, {1.0, 0.0}, {1.0, kNaN}});
  double last = 0.0;
  std::size_t names = 0;
  for (const Element& element : elements_of(tools::to_svg(chart))) {
    if (attribute(element, "class").rfind("name s", 0) != 0) continue;
    ++names;
    EXPECT_GE(std::stod(attribute(element, "y")), last + 14.0);
    last = std::stod(attribute(element, "y"));
  }
  EXPECT_EQ(names, 4u);
  const LineChart many = chart_of(std::vector<std::vector<double>>(64, {1.0, 2.0}));
  names = 0;
  for (const Element& element : elements_of(tools::to_svg(many))) {
    if (attribute(element, "class").rfind("name s", 0) != 0) continue;
    ++names;
    EXPECT_GE(std::stod(attribute(element, "y")), 34.0);
    EXPECT_LE(std::stod(attribute(element, "y")), 225.0);
  }
  EXPECT_GE(names, 10u);
  EXPECT_LE(names, 14u);
}

TEST(ChartSvg, NamesStandInTheOrderOfTheEndsHoweverNear) {
  // Ends within a line of text: the last series is the highest.
  const LineChart chart = chart_of({{0.0, 0.50}, {1.0, 0.51}, {1.0, 0.52}});
  std::vector<std::string> names;
  for (const Element& element : elements_of(tools::to_svg(chart))) {
    if (attribute(element, "class").rfind("name s", 0) == 0) names.push_back(element.text);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"series 2", "series 1", "series 0"}));
}

TEST(ChartSvg, TheNameOfTheAxisKeepsClearOfTheLastTick) {
  for (const std::size_t epochs : {2u, 10u, 1000u}) {
    const LineChart chart = chart_of({std::vector<double>(epochs, 1.0)});
    double last = 0.0, name = 0.0;
    std::string label;
    for (const Element& element : elements_of(tools::to_svg(chart))) {
      if (element.name != "text" || std::stod(attribute(element, "y")) != 237.0) continue;
      if (element.text == "epoch") name = std::stod(attribute(element, "x"));
      if (element.text != "epoch") last = std::stod(attribute(element, "x")), label = element.text;
    }
    EXPECT_GE(name - last, 5.0 + 3.4 * static_cast<double>(label.size())) << label;
  }
}

TEST(ChartSvg, MarksAnEpochAndTellsNumbersUnderThePointer) {
  LineChart chart = chart_of({{3.0, 2.0, 1.0}});
  EXPECT_EQ(markup::count(elements_of(tools::to_svg(chart)), "line", "mark"), 0u);
  chart.mark = 2.0;
  chart.mark_name = "kept";
  const std::string svg = tools::to_svg(chart);
  EXPECT_EQ(markup::count(elements_of(svg), "line", "mark"), 1u);
  EXPECT_NE(svg.find("<line x1=\"191\" y1=\"34\" x2=\"191\" y2=\"220\" class=\"mark\"/>"), std::string::npos);
  EXPECT_NE(svg.find("<title>series 0, epoch 2: 2</title>"), std::string::npos);
  EXPECT_NE(svg.find("aria-label=\"Loss: series 0 from 3 to 1\""), std::string::npos) << svg;
}

TEST(ChartSvg, EscapesNames) {
  LineChart chart = chart_of({{1.0, 2.0}});
  chart.title = "<script>";
  chart.series[0].name = "a&b";
  const std::string svg = tools::to_svg(chart);
  elements_of(svg);
  EXPECT_EQ(svg.find("<script>"), std::string::npos);
  EXPECT_NE(svg.find("a&amp;b"), std::string::npos);
}

TEST(Histogram, CountsEqualValuesOfAnySize) {
  for (const double x : {0.0, 0.5, -1.0, 1e-30, 1e17, -3e38}) {
    tools::Histogram histogram = tools::histogram_of_range(x, x);
    tools::count(histogram, x);
    EXPECT_LT(histogram.low, histogram.high) << x;
    EXPECT_EQ(histogram.counts[20], 1u) << x;
  }
}

TEST(Histogram, CountsBothEndsInTheirBars) {
  tools::Histogram histogram = tools::histogram_of_range(-3e38, 1e38);
  for (const double x : {-3e38, 0.0, 1e38}) tools::count(histogram, x);
  EXPECT_EQ(histogram.counts[0], 1u);
  EXPECT_EQ(histogram.counts[30], 1u);
  EXPECT_EQ(histogram.counts[39], 1u);
}

TEST(ChartSvg, HistogramBarsAreAsHighAsTheirCounts) {
  const tools::Histogram histogram{"activations", -1.0, 1.0, {2, 0, 4, 1}};
  std::vector<std::string> heights, tips;
  for (const Element& element : elements_of(tools::to_svg(histogram))) {
    if (element.name == "rect") heights.push_back(attribute(element, "height"));
    if (element.name == "title") tips.push_back(element.text);
  }
  EXPECT_EQ(heights, (std::vector<std::string>{"45", "90", "22.5"}));
  EXPECT_EQ(tips, (std::vector<std::string>{"-1 to -0.5: 2 values", "0 to 0.5: 4 values", "0.5 to 1: 1 value"}));
  EXPECT_EQ(texts(elements_of(tools::to_svg(histogram)), "tick"), (std::vector<std::string>{"-1", "1"}));
  EXPECT_EQ(texts(elements_of(tools::to_svg(tools::Histogram{"", 1e-25, 1.0, {1}})), "tick"),
            (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(texts(elements_of(tools::to_svg(tools::Histogram{"", 0.0, 0.0, {0, 0}})), "tick"),
            std::vector<std::string>{"no values to draw"});
}

TEST(ChartSvg, ConfusionMatrixHasACellForEveryCount) {
  const std::vector<std::uint32_t> confusion = {8, 2, 0, 0, 5, 1, 0, 0, 0};  // nothing of class 2
  const std::vector<Element> elements = elements_of(tools::confusion_svg(confusion, 3));
  std::vector<std::string> styles, opacities, tips;
  for (const Element& element : elements) {
    if (element.name == "title") tips.push_back(element.text);
    if (element.name != "rect" || attribute(element, "class") == "border") continue;
    styles.push_back(attribute(element, "class"));
    opacities.push_back(attribute(element, "fill-opacity"));
  }
  EXPECT_EQ(styles, (std::vector<std::string>{"hit", "miss", "hit", "miss"}));
  EXPECT_EQ(opacities, (std::vector<std::string>{"0.8", "0.7", "0.83", "0.4"}));
  EXPECT_EQ(tips[0], "8 samples of class 0 taken for 0");
  EXPECT_EQ(tips[3], "1 sample of class 1 taken for 2");
  const std::vector<std::string> ticks = texts(elements, "tick");
  EXPECT_EQ(std::count(ticks.begin(), ticks.end(), "80.0 %"), 1);
  EXPECT_EQ(std::count(ticks.begin(), ticks.end(), "83.3 %"), 1);
}

/// A color of the style sheet, "#rrggbb": its first value, for light screens, or its last, which dark ones have.
std::array<double, 3> color(const std::string& name, bool dark) {
  const std::string style(tools::kPageStyle), key = "--" + name + ": #";
  const std::size_t at = (dark ? style.rfind(key) : style.find(key)) + key.size();
  std::array<double, 3> color{};
  for (std::size_t i = 0; i < 3; ++i) color[i] = std::stoi(style.substr(at + 2 * i, 2), nullptr, 16) / 255.0;
  return color;
}

/// Relative luminance of WCAG 2.
double luminance(const std::array<double, 3>& color) {
  const auto linear = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2]);
}

TEST(ChartSvg, NumbersOfTheConfusionMatrixAreReadableInLightAndDark) {
  for (std::uint32_t hits = 1; hits <= 100; ++hits) {
    const std::vector<Element> elements = elements_of(tools::confusion_svg({hits, 100 - hits, hits, 200 - hits}, 2));
    std::vector<std::pair<std::string, double>> cells;  // style and opacity
    std::size_t number = 0;
    for (const Element& element : elements) {
      const std::string style = attribute(element, "class");
      const std::string share = attribute(element, "fill-opacity");  // none: 1
      if (style == "hit" || style == "miss") cells.push_back({style, share.empty() ? 1.0 : std::stod(share)});
      if (style.rfind("cell", 0) != 0) continue;
      ASSERT_LT(number, cells.size());
      const auto& [kind, opacity] = cells[number++];
      for (const bool dark : {false, true}) {
        const std::array<double, 3> paper = color("paper", dark), fill = color(kind == "hit" ? "s0" : "s1", dark);
        std::array<double, 3> ground{};
        for (std::size_t i = 0; i < 3; ++i) ground[i] = opacity * fill[i] + (1.0 - opacity) * paper[i];
        const std::string ink = style == "cell" ? "cell" : style == "cell over" ? "over" : "strong";
        const double a = luminance(ground), b = luminance(color(ink, dark));
        EXPECT_GE((std::max(a, b) + 0.05) / (std::min(a, b) + 0.05), 4.5) << kind << " " << opacity << " " << dark;
      }
    }
    EXPECT_EQ(number, cells.size());
  }
}

TEST(ChartSvg, ConfusionMatrixOfManyClassesStaysReadable) {
  std::vector<std::uint32_t> confusion(256 * 256);
  for (std::size_t c = 0; c < 256; ++c) confusion[c * 257] = 3;
  const std::vector<Element> elements = elements_of(tools::confusion_svg(confusion, 256));
  EXPECT_EQ(markup::count(elements, "rect", "hit"), 256u);
  EXPECT_LE(markup::count(elements, "text"), 45u);
}

}  // namespace
