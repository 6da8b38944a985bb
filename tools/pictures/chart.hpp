// SPDX-License-Identifier: MIT
// Charts as data. chart_svg.hpp draws them for a page, terminal_plot.hpp for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "pictures/axis.hpp"

namespace tools {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

/// A line, interrupted where y is not finite and, on a logarithmic axis, where y <= 0.
struct Series {
  std::string name;
  std::vector<Point> points;  ///< x is finite, > 0 on a logarithmic axis
  bool joined = true;         ///< false: only dots, for samples and published values
};

/// Of a horizontal axis: ends at the lowest and highest x, with ticks at whole numbers; ends at round numbers; powers.
enum class Scale : std::uint8_t { whole, linear, logarithmic };

struct LineChart {
  std::string title;
  std::string x_name;  ///< quantity or unit of the horizontal axis: "epoch"
  std::string y_name;  ///< of the vertical axis: "accuracy, %"; a terminal has only the title
  std::vector<Series> series;
  bool logarithmic = false;  ///< vertical axis
  Scale x_scale = Scale::whole;
  double lowest = -std::numeric_limits<double>::infinity();  ///< limits of the vertical axis: 0 and 1 for an accuracy
  double highest = std::numeric_limits<double>::infinity();
  double mark = std::numeric_limits<double>::quiet_NaN();  ///< an x to mark; NaN: none
  std::string mark_name;                                   ///< "kept"
};

/// Axes that cover all points of a chart.
struct ChartAxes {
  Axis x;
  Axis y;
  bool empty = true;  ///< no point to show
};
ChartAxes axes_of(const LineChart& chart, std::size_t most_x_ticks, std::size_t most_y_ticks);

/// Whether the chart's vertical axis can show y.
bool can_show(const LineChart& chart, double y);
/// The last point that the axis can show, where the name of the series stands; null: none.
const Point* last_shown(const LineChart& chart, const Series& series);

/// Counts of values in equal intervals between low and high.
struct Histogram {
  std::string title;
  double low = 0.0;
  double high = 0.0;
  std::vector<std::uint64_t> counts;  ///< at least one; all 0 without values
};

/// Bars between the least and the greatest of the values to count; equal ends are moved apart.
Histogram histogram_of_range(double least, double greatest);

/// Counts a value between the ends.
void count(Histogram& histogram, double value);

/// An end of a histogram, rounded to the third digit of the width: 0 instead of 1e-25.
double rounded_end(const Histogram& histogram, double end);

}  // namespace tools
