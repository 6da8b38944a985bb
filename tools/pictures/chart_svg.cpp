// SPDX-License-Identifier: MIT
#include "pictures/chart_svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/format.hpp"
#include "pictures/svg.hpp"

namespace tools {
namespace {

using Anchor = Svg::Anchor;

constexpr std::size_t kColors = 6;
constexpr double kLineHeight = 14.0;
constexpr double kLetter = 7.2;        // width: an estimate, because fonts differ
constexpr double kAxisNameGap = 26.0;  // from the end of the axis, clear of half a label of five digits

/// The rectangle of the plot inside the drawing.
struct Frame {
  double left, top, right, bottom;

  double x(double share) const { return left + share * (right - left); }
  double y(double share) const { return bottom - share * (bottom - top); }
};

std::string style_of(const char* kind, std::size_t series) {
  return std::string(kind) + " s" + std::to_string(series % kColors) + (series < kColors ? "" : " dashed");
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

void draw_axes(Svg& svg, const Frame& frame, const ChartAxes& axes, const LineChart& chart) {
  for (const Tick& tick : axes.y.ticks) {
    const double y = frame.y(axes.y.position(tick.value));
    svg.line(frame.left, y, frame.right, y, "grid");
    svg.text(frame.left - 6.0, y + 4.0, Anchor::end, "tick", tick.label);
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis");
  for (const Tick& tick : axes.x.ticks) {
    const double x = frame.x(axes.x.position(tick.value));
    svg.line(x, frame.bottom, x, frame.bottom + 4.0, "axis");
    svg.text(x, frame.bottom + 17.0, Anchor::middle, "tick", tick.label);
  }
  svg.text(frame.right + kAxisNameGap, frame.bottom + 17.0, Anchor::start, "axis-name", chart.x_name);
  svg.text(0.0, kLineHeight - 2.0, Anchor::start, "axis-name", chart.y_name);
  const double mark = axes.x.position(chart.mark);
  if (!(mark >= 0.0 && mark <= 1.0)) return;
  svg.line(frame.x(mark), frame.top, frame.x(mark), frame.bottom, "mark");
  svg.text(frame.x(mark), frame.top - 4.0, Anchor::middle, "tick", chart.mark_name);
}

/// Path data of a series, interrupted where the axes cannot show a point.
std::string line_through(const Series& series, const Frame& frame, const ChartAxes& axes, const LineChart& chart) {
  std::string commands;
  bool pen_down = false;
  for (const Point& point : series.points) {
    const bool shown = can_show(chart, point.y);
    if (shown) {
      commands += (pen_down ? "L" : "M") + Svg::coordinate(frame.x(axes.x.position(point.x))) + " " +
                  Svg::coordinate(frame.y(axes.y.position(point.y)));
    }
    pen_down = shown;
  }
  return commands;
}

void draw_series(Svg& svg, const LineChart& chart, std::size_t s, const Frame& frame, const ChartAxes& axes) {
  constexpr std::size_t kMostDots = 32;  // more would hide the line
  const Series& series = chart.series[s];
  if (series.joined) svg.path(line_through(series, frame, axes, chart), style_of("line", s));
  if (series.joined && series.points.size() > kMostDots) return;
  for (const Point& point : series.points) {
    if (!can_show(chart, point.y)) continue;
    const std::string tip =
        series.name + ", " + chart.x_name + " " + short_number(point.x) + ": " + short_number(point.y);
    svg.circle(frame.x(axes.x.position(point.x)), frame.y(axes.y.position(point.y)), 3.0, style_of("dot", s), tip);
  }
}

/// Width of the longest name beside the lines or the axis, with the gap before it.
double name_width(const LineChart& chart) {
  constexpr double kGap = 14.0, kMost = 220.0;
  double longest = kAxisNameGap - kGap + kLetter * static_cast<double>(chart.x_name.size());
  for (const Series& series : chart.series) {
    longest = std::max(longest, kLetter * static_cast<double>(series.name.size()));
  }
  return std::min(kMost, kGap + longest);
}

struct Name {
  std::size_t series;
  double y;
};

/// Places names beside the ends of their lines, without overlap; if not all fit, every second, third, ... name.
std::vector<Name> place_names(const LineChart& chart, const Frame& frame, const ChartAxes& axes) {
  std::vector<Name> names;
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const Point* last = last_shown(chart, chart.series[s]);
    if (last != nullptr) names.push_back({s, frame.y(axes.y.position(last->y))});
  }
  const std::size_t room = static_cast<std::size_t>((frame.bottom - frame.top) / kLineHeight) + 1;
  const std::size_t every = (names.size() + room - 1) / room;
  std::vector<Name> placed;
  for (std::size_t i = 0; i < names.size(); i += every) placed.push_back(names[i]);
  std::stable_sort(placed.begin(), placed.end(), [](const Name& a, const Name& b) { return a.y < b.y; });
  double free_from = frame.top;
  for (Name& name : placed) {
    name.y = std::max(name.y, free_from);
    free_from = name.y + kLineHeight;
  }
  double free_to = frame.bottom;
  for (auto name = placed.rbegin(); name != placed.rend(); ++name) {
    name->y = std::min(name->y, free_to);
    free_to = name->y - kLineHeight;
  }
  return placed;
}

/// Description for readers who cannot see the chart: "Loss: training from 0.28 to 0.024, validation from ..."
std::string summary(const LineChart& chart) {
  std::string text = chart.title;
  const auto shown = [&](const Point& point) { return can_show(chart, point.y); };
  for (const Series& series : chart.series) {
    const auto first = std::find_if(series.points.begin(), series.points.end(), shown);
    if (first == series.points.end()) continue;
    const auto last = std::find_if(series.points.rbegin(), series.points.rend(), shown);
    text += (text.size() == chart.title.size() ? ": " : ", ") + series.name + " from " + short_number(first->y) +
            " to " + short_number(last->y);
  }
  return text;
}

}  // namespace

std::string to_svg(const LineChart& chart) {
  constexpr double kWidth = 420.0, kHeight = 254.0;
  const Frame frame{52.0, 34.0, kWidth - std::max(90.0, name_width(chart)), 220.0};
  Svg svg(kWidth, kHeight, summary(chart));
  const ChartAxes axes = axes_of(chart, 6, 6);
  if (axes.empty) {
    svg.text(kWidth / 2.0, kHeight / 2.0, Anchor::middle, "tick", "no finite numbers to draw");
    return svg.element();
  }
  draw_axes(svg, frame, axes, chart);
  for (std::size_t s = 0; s < chart.series.size(); ++s) draw_series(svg, chart, s, frame, axes);
  for (const Name& name : place_names(chart, frame, axes)) {
    svg.text(frame.right + 10.0, name.y + 4.0, Anchor::start, style_of("name", name.series),
             chart.series[name.series].name);
  }
  return svg.element();
}

std::string to_svg(const Histogram& histogram) {
  constexpr double kWidth = 280.0, kHeight = 120.0;
  const Frame frame{10.0, 8.0, 270.0, 98.0};
  std::uint64_t most = 0;
  for (const std::uint64_t count : histogram.counts) most = std::max(most, count);
  Svg svg(kWidth, kHeight, histogram.title);
  if (most == 0) {
    svg.text(kWidth / 2.0, kHeight / 2.0, Anchor::middle, "tick", "no values to draw");
    return svg.element();
  }
  const double bars = static_cast<double>(histogram.counts.size());
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    const double height = frame.y(0.0) - frame.y(static_cast<double>(histogram.counts[i]) / static_cast<double>(most));
    const double left = frame.x(static_cast<double>(i) / bars), right = frame.x(static_cast<double>(i + 1) / bars);
    const double step = (histogram.high - histogram.low) / bars, from = histogram.low + static_cast<double>(i) * step;
    const std::string tip =
        short_number(from) + " to " + short_number(from + step) + ": " + counted(histogram.counts[i], "value");
    if (height > 0.0) svg.rectangle(left, frame.bottom - height, right - left - 0.5, height, "bar", tip);
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis");
  svg.text(frame.left, frame.bottom + 15.0, Anchor::start, "tick", short_number(rounded_end(histogram, histogram.low)));
  svg.text(frame.right, frame.bottom + 15.0, Anchor::end, "tick", short_number(rounded_end(histogram, histogram.high)));
  return svg.element();
}

std::string confusion_svg(const std::vector<std::uint32_t>& confusion, std::size_t classes) {
  constexpr double kLargest = 380.0, kLargestCell = 64.0, kMargin = 40.0, kShareWidth = 58.0;
  constexpr std::size_t kMostNumbers = 12;  // with more classes, cells are too small for numbers
  const double size = std::min(kLargest, kLargestCell * static_cast<double>(classes));
  const double cell = size / static_cast<double>(classes);
  const auto middle_of = [&](std::size_t i) { return kMargin + (static_cast<double>(i) + 0.5) * cell; };
  double most_missed = 0.0;
  for (std::size_t i = 0; i < confusion.size(); ++i) {
    if (i / classes != i % classes) most_missed = std::max(most_missed, static_cast<double>(confusion[i]));
  }
  const bool has_numbers = classes <= kMostNumbers;
  Svg svg(kMargin + kLargest + kShareWidth, kMargin + size + 4.0,
          "Confusion matrix: a row for each label, a column for each answer of the network");
  svg.text(kMargin + size / 2.0, 12.0, Anchor::middle, "axis-name", "answer of the network");
  svg.text(0.0, kMargin - 5.0, Anchor::start, "axis-name", "label");
  const std::size_t every = (classes + 19) / 20;
  for (std::size_t c = 0; c < classes; c += every) {
    svg.text(middle_of(c), kMargin - 5.0, Anchor::middle, "tick", std::to_string(c));
    svg.text(kMargin - 6.0, middle_of(c) + 4.0, Anchor::end, "tick", std::to_string(c));
  }
  for (std::size_t label = 0; label < classes; ++label) {
    const std::uint32_t* row = confusion.data() + label * classes;
    double samples = 0.0;
    for (std::size_t said = 0; said < classes; ++said) samples += row[said];
    for (std::size_t said = 0; said < classes; ++said) {
      if (row[said] == 0) continue;
      const double x = kMargin + static_cast<double>(said) * cell;
      const double darkness = said == label ? row[said] / samples : 0.1 + 0.6 * row[said] / most_missed;
      const std::string tip =
          counted(row[said], "sample") + " of class " + std::to_string(label) + " taken for " + std::to_string(said);
      svg.rectangle(x, kMargin + static_cast<double>(label) * cell, cell, cell, said == label ? "hit" : "miss", tip,
                    darkness);
      if (!has_numbers) continue;
      // Ink on pale cells, on strong ones black, on full ones the color of paper: contrast 4.5 in light and dark.
      const double strong = said == label ? 0.64 : 0.6;
      const char* style = darkness <= strong ? "cell" : said == label && darkness > 0.93 ? "cell over" : "cell strong";
      svg.text(middle_of(said), middle_of(label) + 4.0, Anchor::middle, style, std::to_string(row[said]));
    }
    if (!has_numbers || samples == 0.0) continue;
    char share[32];
    std::snprintf(share, sizeof share, "%.1f %%", 100.0 * row[label] / samples);
    svg.text(kMargin + size + kShareWidth, middle_of(label) + 4.0, Anchor::end, "tick", share);
  }
  svg.rectangle(kMargin, kMargin, size, size, "border");
  return svg.element();
}

}  // namespace tools
