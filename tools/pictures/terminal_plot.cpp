// SPDX-License-Identifier: MIT
#include "pictures/terminal_plot.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace tools {
namespace {

constexpr std::size_t kLines = 10;
constexpr std::size_t kLeastColumns = 16, kMostColumns = 72;  // characters of the plot area
constexpr int kNone = -1;
constexpr const char* kColors[] = {"\033[34m", "\033[33m", "\033[32m", "\033[35m", "\033[36m", "\033[31m"};

/// Lengths of dashes and gaps in dots, in turn: patterns tell lines apart without colors.
struct Dashes {
  std::size_t dash, gap;
};
constexpr Dashes kDashes[] = {{1, 0}, {2, 2}, {5, 2}, {1, 2}, {1, 4}, {9, 3}};

/// A UTF-8 character of three bytes.
std::string character(unsigned code) {
  return {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

std::string right_aligned(const std::string& text, std::size_t length, std::size_t width) {
  return std::string(width - length, ' ') + text;
}

/// Number of characters of UTF-8 text.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// A canvas of dots, eight per character; a character has the color of the series drawn last.
class Canvas {
 public:
  explicit Canvas(std::size_t columns) : columns_(columns), dots_(columns * kLines), series_(columns * kLines, kNone) {}

  /// Sets a dot: (0, 0) is at the upper left, (2 columns - 1, 4 lines - 1) at the lower right.
  void set(std::size_t x, std::size_t y, int series) {
    // Unicode numbers the dots of a braille character down each column; the lowest two are dots 7 and 8.
    constexpr unsigned char kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const std::size_t cell = y / 4 * columns_ + x / 2;
    dots_[cell] = static_cast<unsigned char>(dots_[cell] | kBits[y % 4][x % 2]);
    series_[cell] = series;
  }

  std::string line(std::size_t y, bool color) const {
    std::string text;
    int current = kNone;
    for (std::size_t cell = y * columns_; cell < (y + 1) * columns_; ++cell) {
      if (color && series_[cell] != current) {
        text +=
            series_[cell] == kNone ? "\033[0m" : kColors[static_cast<std::size_t>(series_[cell]) % std::size(kColors)];
        current = series_[cell];
      }
      text += dots_[cell] == 0 ? " " : character(0x2800u + dots_[cell]);
    }
    return current == kNone ? text : text + "\033[0m";
  }

 private:
  std::size_t columns_;
  std::vector<unsigned char> dots_;
  std::vector<int> series_;
};

struct Dot {
  std::size_t x, y;
};

/// The dot of a point of a chart.
struct Grid {
  const ChartAxes& axes;
  std::size_t columns;

  Dot dot(const Point& point) const {
    const auto nearest = [](double share, std::size_t count) {
      return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(count - 1)));
    };
    return {nearest(axes.x.position(point.x), 2 * columns), nearest(1.0 - axes.y.position(point.y), 4 * kLines)};
  }
};

/// Draws the dots of one series in its dash pattern.
class Pen {
 public:
  Pen(Canvas& canvas, std::size_t series)
      : canvas_(canvas), series_(static_cast<int>(series)), dashes_(kDashes[series % std::size(kDashes)]) {}

  void touch(Dot dot) { canvas_.set(dot.x, dot.y, series_); }

  void draw_line(Dot from, Dot to) {
    const double dx = static_cast<double>(to.x) - static_cast<double>(from.x);
    const double dy = static_cast<double>(to.y) - static_cast<double>(from.y);
    const double steps = std::max({std::fabs(dx), std::fabs(dy), 1.0});
    for (double i = 0.0; i <= steps; i += 1.0) {
      const Dot dot{static_cast<std::size_t>(std::lround(static_cast<double>(from.x) + dx * i / steps)),
                    static_cast<std::size_t>(std::lround(static_cast<double>(from.y) + dy * i / steps))};
      if (dot.x == last_.x && dot.y == last_.y) continue;  // end of the last line, already drawn
      if (drawn_++ % (dashes_.dash + dashes_.gap) < dashes_.dash) touch(dot);
      last_ = dot;
    }
  }

 private:
  Canvas& canvas_;
  int series_;
  Dashes dashes_;
  std::size_t drawn_ = 0;  // dots so far, gaps included
  Dot last_{static_cast<std::size_t>(-1), 0};
};

void draw_series(Canvas& canvas, const LineChart& chart, std::size_t s, const Grid& grid) {
  const std::vector<Point>& points = chart.series[s].points;
  const auto shown = [&](std::size_t i) { return i < points.size() && can_show(chart, points[i].y); };
  Pen pen(canvas, s);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!shown(i)) continue;
    const Dot dot = grid.dot(points[i]);
    if (chart.series[s].joined && shown(i + 1)) {
      pen.draw_line(dot, grid.dot(points[i + 1]));
    } else if (!chart.series[s].joined || i == 0 || !shown(i - 1)) {  // an isolated point is drawn larger
      const std::size_t x = dot.x / 2 * 2, y = dot.y / 2 * 2;
      for (const Dot part : {Dot{x, y}, Dot{x + 1, y}, Dot{x, y + 1}, Dot{x + 1, y + 1}}) {
        pen.touch(part);
      }
    }
  }
}

/// The series named beside each text line: a name takes the free line nearest to the end of its series.
std::vector<int> place_names(const LineChart& chart, const Grid& grid) {
  std::vector<int> names(kLines, kNone);
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const Point* last = last_shown(chart, chart.series[s]);
    if (last == nullptr) continue;
    const std::size_t wanted = grid.dot(*last).y / 4;
    for (std::size_t away = 0; away < kLines; ++away) {
      const std::size_t below = wanted + away, above = wanted - away;  // wraps around past the top
      const std::size_t line = below < kLines && names[below] == kNone ? below : above;
      if (line >= kLines || names[line] != kNone) continue;
      names[line] = static_cast<int>(s);
      break;
    }
  }
  return names;
}

/// The chart with every series, or with every second, third, ... if there are more series than lines for names.
LineChart with_names_for_all(const LineChart& chart) {
  LineChart some = chart;
  some.series.clear();
  const std::size_t every = (chart.series.size() + kLines - 1) / kLines;
  for (std::size_t s = 0; s < chart.series.size(); s += every) some.series.push_back(chart.series[s]);
  return some;
}

std::string name_beside(const LineChart& chart, int series, bool color) {
  if (series == kNone) return "";
  const std::size_t s = static_cast<std::size_t>(series);
  const std::string& name = chart.series[s].name;
  return color ? std::string("  ") + kColors[s % std::size(kColors)] + name + "\033[0m" : "  " + name;
}

/// The numbers below the horizontal axis, each centered at its tick.
std::string numbers_below(const LineChart& chart, const Grid& grid, std::size_t left) {
  std::string line;
  for (const Tick& tick : grid.axes.x.ticks) {
    const std::size_t middle = left + grid.dot({tick.value, grid.axes.y.low}).x / 2, half = tick.label.size() / 2;
    const std::size_t start = middle > half ? middle - half : 0;
    if (!line.empty() && start < line.size() + 1) continue;
    line += std::string(start - line.size(), ' ') + tick.label;
  }
  return line + "  " + chart.x_name;
}

std::string drawn(const LineChart& chart, const TerminalStyle& style) {
  std::string text = chart.title + "\n";
  if (axes_of(chart, 3, 5).empty) return text + "  no finite numbers to draw\n";
  std::size_t left = 0, right = chart.x_name.size();
  for (const Tick& tick : axes_of(chart, 3, 5).y.ticks) left = std::max(left, width_of(tick.label));
  for (const Series& series : chart.series) right = std::max(right, width_of(series.name));
  const std::size_t taken = left + 2 + 2 + right + 1;
  const std::size_t room = style.columns > taken ? style.columns - taken : 0;
  const std::size_t columns = std::clamp(room, kLeastColumns, kMostColumns);
  const ChartAxes axes = axes_of(chart, std::max<std::size_t>(3, columns / 8), 5);
  const Grid grid{axes, columns};
  Canvas canvas(columns);
  for (std::size_t s = 0; s < chart.series.size(); ++s) draw_series(canvas, chart, s, grid);
  const std::vector<int> names = place_names(chart, grid);
  for (std::size_t y = 0; y < kLines; ++y) {
    std::string label;
    for (const Tick& tick : axes.y.ticks) {
      if (grid.dot({axes.x.low, tick.value}).y / 4 == y) label = tick.label;
    }
    text += right_aligned(label, width_of(label), left) + (label.empty() ? " \u2502" : " \u2524") +
            canvas.line(y, style.color) + name_beside(chart, names[y], style.color);
    while (text.back() == ' ') text.pop_back();
    text += "\n";
  }
  return text + numbers_below(chart, grid, left + 2) + "\n";
}

}  // namespace

TerminalStyle terminal_style() {
  TerminalStyle style;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  winsize size = {};
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
  } else if (const long columns = std::strtol(std::string(variable("COLUMNS")).c_str(), nullptr, 10); columns > 0) {
    style.columns = static_cast<std::size_t>(std::min(columns, 1000L));
  }
  style.color = is_terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  return style;
}

std::string to_text(const LineChart& chart, const TerminalStyle& style) {
  return drawn(with_names_for_all(chart), style);
}

std::string bars(const Histogram& histogram, std::size_t most) {
  const std::size_t together = (histogram.counts.size() + most - 1) / most;
  std::vector<std::uint64_t> counts((histogram.counts.size() + together - 1) / together);
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) counts[i / together] += histogram.counts[i];
  const double highest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  std::string text;
  for (const std::uint64_t count : counts) {
    const long eighths = count == 0 ? 0 : std::lround(8.0 * static_cast<double>(count) / highest);
    text += count == 0 ? " " : character(0x2580u + static_cast<unsigned>(std::max(1L, eighths)));
  }
  return text;
}

}  // namespace tools
