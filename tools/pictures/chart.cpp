// SPDX-License-Identifier: MIT
#include "pictures/chart.hpp"

#include <algorithm>
#include <cmath>

namespace tools {
namespace {

/// Cuts an axis to the limits of the chart.
void limit(Axis& axis, const LineChart& chart) {
  axis.low = std::max(axis.low, chart.lowest);
  axis.high = std::min(axis.high, chart.highest);
  const auto is_outside = [&](const Tick& tick) { return tick.value < axis.low || tick.value > axis.high; };
  axis.ticks.erase(std::remove_if(axis.ticks.begin(), axis.ticks.end(), is_outside), axis.ticks.end());
}

Axis x_axis(Scale scale, double low, double high, std::size_t most) {
  if (scale == Scale::whole) return count_axis(low, high, most);
  return scale == Scale::linear ? linear_axis(low, high, most) : logarithmic_axis(low, high, most);
}

}  // namespace

bool can_show(const LineChart& chart, double y) {
  return std::isfinite(y) && (!chart.logarithmic || y > 0.0);
}

const Point* last_shown(const LineChart& chart, const Series& series) {
  const auto last = std::find_if(series.points.rbegin(), series.points.rend(),
                                 [&](const Point& point) { return can_show(chart, point.y); });
  return last == series.points.rend() ? nullptr : &*last;
}

Histogram histogram_of_range(double least, double greatest) {
  constexpr std::size_t kBars = 40;
  const double apart = least == greatest ? std::max(0.5, std::fabs(least) * 0x1p-20) : 0.0;
  return {"", least - apart, greatest + apart, std::vector<std::uint64_t>(kBars)};
}

void count(Histogram& histogram, double value) {
  const double bars = static_cast<double>(histogram.counts.size());
  const double place = (value - histogram.low) / (histogram.high - histogram.low) * bars;
  ++histogram.counts[static_cast<std::size_t>(std::clamp(place, 0.0, bars - 1.0))];
}

double rounded_end(const Histogram& histogram, double end) {
  const double width = histogram.high - histogram.low;
  if (!(width > 0.0)) return end;
  const double unit = std::pow(10.0, std::floor(std::log10(width)) - 2.0);
  return std::round(end / unit) * unit + 0.0;  // + 0: not -0
}

ChartAxes axes_of(const LineChart& chart, std::size_t most_x_ticks, std::size_t most_y_ticks) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double left = kInfinity, right = -kInfinity, low = kInfinity, high = -kInfinity;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      left = std::min(left, point.x);
      right = std::max(right, point.x);
      if (!can_show(chart, point.y)) continue;
      low = std::min(low, point.y);
      high = std::max(high, point.y);
    }
  }
  if (low > high) return {};
  ChartAxes axes{x_axis(chart.x_scale, left, right, most_x_ticks),
                 chart.logarithmic ? logarithmic_axis(low, high, most_y_ticks) : linear_axis(low, high, most_y_ticks),
                 false};
  limit(axes.y, chart);
  return axes;
}

}  // namespace tools
