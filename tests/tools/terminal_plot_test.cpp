// SPDX-License-Identifier: MIT
#include "pictures/terminal_plot.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <limits>
#include <set>
#include <sstream>

namespace {

using tools::LineChart;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

LineChart chart_of(std::vector<std::vector<double>> values) {
  LineChart chart;
  chart.title = "Loss";
  chart.x_name = "epoch";
  const char* names[] = {"training", "validation"};
  for (std::size_t s = 0; s < values.size(); ++s) {
    chart.series.push_back({names[s % 2], {}});
    for (std::size_t i = 0; i < values[s].size(); ++i) {
      chart.series.back().points.push_back({static_cast<double>(i + 1), values[s][i]});
    }
  }
  return chart;
}

std::size_t width(const std::string& line) {
  std::size_t n = 0;
  for (const char c : line) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1u : 0u;
  return n;
}

TEST(TerminalPlot, DrawsALineInDots) {
  EXPECT_EQ(tools::to_text(chart_of({{0.0, 1.0}}), {34, false}),
            "Loss\n"
            "1.0 ┤                ⡠⠊  training\n"
            "    │              ⢀⠜\n"
            "    │            ⢀⠔⠁\n"
            "    │           ⡔⠁\n"
            "    │         ⡠⠊\n"
            "0.5 ┤       ⡠⠊\n"
            "    │     ⢀⠜\n"
            "    │   ⢀⠔⠁\n"
            "    │  ⡔⠁\n"
            "0.0 ┤⡠⠊\n"
            "     1                2  epoch\n");
}

TEST(TerminalPlot, SamplesAreNotJoined) {
  LineChart chart = chart_of({{0.0, 1.0}});
  chart.series[0].joined = false;
  const std::string plot = tools::to_text(chart, {34, false});
  EXPECT_NE(plot.find("    │\n    │\n"), std::string::npos) << plot;
}

/// The dots of a plot's ten lines, counted from the axis and from above.
std::vector<std::pair<double, double>> dots_of(const std::string& plot) {
  constexpr int kAcross[] = {0, 0, 0, 1, 1, 1, 0, 1}, kDown[] = {0, 1, 2, 0, 1, 2, 3, 3};  // Unicode's dots 1 to 8
  std::vector<std::pair<double, double>> dots;
  std::istringstream lines(plot);
  std::string line;
  std::getline(lines, line);
  for (int y = 0; y < 10; ++y) {
    std::getline(lines, line);
    const std::size_t axis = std::min(line.find("│"), line.find("┤"));
    int x = 0;
    for (std::size_t at = axis + 3; at < line.size(); ++x, at += line[at] == ' ' ? 1 : 3) {
      if (static_cast<unsigned char>(line[at]) != 0xe2) continue;
      const int bits = (line[at + 1] & 0x3f) << 6 | (line[at + 2] & 0x3f);
      for (int dot = 0; dot < 8; ++dot) {
        if ((bits >> dot & 1) != 0) dots.push_back({2 * x + kAcross[dot], 4 * y + kDown[dot]});
      }
    }
  }
  return dots;
}

TEST(TerminalPlot, DotsLieOnTheLine) {
  LineChart chart = chart_of({{1.0, 0.0}});
  chart.series[0].name = "";  // numbers, axis and the axis' name leave 50 - 3 - 2 - 2 - 5 - 1 columns
  const auto dots = dots_of(tools::to_text(chart, {50, false}));
  std::set<double> columns;
  for (const auto& [x, y] : dots) {
    EXPECT_LE(std::fabs(y - 39.0 * x / 73.0), 0.5 + 1e-9) << x;
    columns.insert(x);
  }
  EXPECT_EQ(columns.size(), 74u);
}

TEST(TerminalPlot, FitsTheTerminal) {
  for (const std::size_t columns : {40u, 60u, 80u, 90u}) {
    std::istringstream lines(tools::to_text(chart_of({{0.3, 0.1, 0.05}, {0.4, 0.2, 0.25}}), {columns, false}));
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, width(line));
    EXPECT_LE(widest, columns);
    EXPECT_GE(widest, columns - 2);
  }
  std::istringstream wide(tools::to_text(chart_of({{0.3, 0.1}}), {1000, false}));
  for (std::string line; std::getline(wide, line);) EXPECT_LE(width(line), 100u);
  EXPECT_NE(tools::to_text(chart_of({{0.3, 0.1}}), {1, false}).find("training"), std::string::npos);
}

TEST(TerminalPlot, ColorsOnlyWhereAsked) {
  const LineChart chart = chart_of({{0.3, 0.1, 0.05}, {0.4, 0.2, 0.25}});
  const std::string plain = tools::to_text(chart, {60, false}), colored = tools::to_text(chart, {60, true});
  EXPECT_EQ(plain.find('\033'), std::string::npos);
  std::string stripped;
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\033') {
      i = colored.find('m', i);
    } else {
      stripped += colored[i];
    }
  }
  const auto trimmed = [](const std::string& text) {
    std::string all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) all += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    return all;
  };
  EXPECT_EQ(trimmed(stripped), trimmed(plain));
  EXPECT_NE(colored.find("\033[34mtraining\033[0m"), std::string::npos);
  EXPECT_NE(colored.find("\033[33mvalidation\033[0m"), std::string::npos);
}

TEST(TerminalPlot, ShowsASingleEpochAndNothing) {
  EXPECT_NE(tools::to_text(chart_of({{0.25}}), {60, false}).find("⠛"), std::string::npos)
      << tools::to_text(chart_of({{0.25}}), {60, false});
  for (const LineChart& chart : {chart_of({}), chart_of({{kNaN, kNaN}})}) {
    EXPECT_EQ(tools::to_text(chart, {60, false}), "Loss\n  no finite numbers to draw\n");
  }
  EXPECT_NE(tools::to_text(chart_of({{kNaN, 1.0, kNaN, 2.0}}), {60, false}).find("training"), std::string::npos);
}

TEST(TerminalPlot, OfMoreThanTenSeriesDrawsSomeAndNamesThem) {
  LineChart chart = chart_of(std::vector<std::vector<double>>(25, {1.0, 1.0}));
  for (std::size_t s = 0; s < 25; ++s) {
    chart.series[s].name = "series " + std::to_string(s) + ".";
    chart.series[s].points[1].y = static_cast<double>(s);
  }
  const std::string text = tools::to_text(chart, {60, false});
  for (std::size_t s = 0; s < 25; ++s) {
    const std::string name = chart.series[s].name;
    EXPECT_EQ(text.find(name) != std::string::npos, s % 3 == 0) << name << "\n" << text;
  }
}

TEST(TerminalPlot, HistogramsAreBlocks) {
  EXPECT_EQ(tools::bars({"", 0.0, 1.0, {0, 1, 8, 4, 1000}}, 5), " ▁▁▁█");
  EXPECT_EQ(tools::bars({"", 0.0, 1.0, {8, 4, 2, 1, 0}}, 20), "█▄▂▁ ");
  EXPECT_EQ(tools::bars({"", 0.0, 0.0, {0, 0}}, 2), "  ");
  EXPECT_EQ(tools::bars({"", 0.0, 1.0, {1, 1, 0, 0, 3, 5, 8}}, 4), "▂ ██") << "sums 2, 0, 8, 8";
}

TEST(TerminalPlot, AsksTheEnvironmentWhereThereIsNoTerminal) {
  setenv("COLUMNS", "57", 1);
  const tools::TerminalStyle style = tools::terminal_style();
  unsetenv("COLUMNS");
  if (style.color) GTEST_SKIP() << "standard output is a terminal";
  EXPECT_EQ(style.columns, 57u);
  EXPECT_EQ(tools::terminal_style().columns, 80u);
}

}  // namespace
