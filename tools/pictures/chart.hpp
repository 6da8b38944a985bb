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

/// A line. It is broken where y is not finite, and on a logarithmic axis where it is not greater than 0.
struct Series {
  std::string name;
  std::vector<Point> points;  ///< x increases and is finite
};

struct LineChart {
  std::string title;
  std::string x_name;                                        ///< what is counted along the horizontal axis: "epoch"
  std::vector<Series> series;                                ///< y means what the title says
  bool logarithmic = false;                                  ///< the vertical axis
  double lowest = -std::numeric_limits<double>::infinity();  ///< no axis goes beyond: 0 and 1 for shares
  double highest = std::numeric_limits<double>::infinity();
  double mark = std::numeric_limits<double>::quiet_NaN();  ///< an x to be marked; NaN: none
  std::string mark_name;                                   ///< "kept"
};

/// The axes on which all of a chart can be shown.
struct ChartAxes {
  Axis x;
  Axis y;
  bool empty = true;  ///< there is not one point to show
};
ChartAxes axes_of(const LineChart& chart, std::size_t most_x_ticks, std::size_t most_y_ticks);

/// Whether the chart's vertical axis can show y.
bool can_show(const LineChart& chart, double y);

/// How often values fell into each of equal intervals between low and high.
struct Histogram {
  std::string title;
  double low = 0.0;
  double high = 0.0;
  std::vector<std::uint64_t> counts;  ///< not empty; all 0: there are no values
};

/// An end of a histogram, rounded to the third digit of its width: 0 rather than 1e-25.
double rounded_end(const Histogram& histogram, double end);

}  // namespace tools
