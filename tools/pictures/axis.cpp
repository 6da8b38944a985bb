// SPDX-License-Identifier: MIT
#include "pictures/axis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tools {
namespace {

/// The smallest number >= `least` that is 1, 2 or 5 times a power of ten; least > 0.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

/// Widens [low, high] where the ends are too close for their digits to differ.
void make_room(double& low, double& high) {
  const double size = std::max(std::fabs(low), std::fabs(high));
  if (high - low > 1e-9 * size) return;
  const double room = size == 0.0 ? 1.0 : 0.1 * size;
  low -= room;
  high += room;
}

void add_ticks(Axis& axis, double first, double last, double step) {
  const int decimals = decimals_of(step);
  for (double i = first; i <= last; i += 1.0) {
    const double value = i == 0.0 ? 0.0 : i * step;  // 0, not -0
    axis.ticks.push_back({value, number_label(value, decimals)});
  }
}

std::string power_label(int exponent, bool as_number) {
  if (as_number) return number_label(std::pow(10.0, exponent), std::max(0, -exponent));
  constexpr const char* kRaised[] = {"\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
                                     "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
  std::string label = exponent < 0 ? "10\u207b" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) label += kRaised[digit - '0'];
  return label;
}

}  // namespace

double Axis::position(double value) const {
  if (!logarithmic) return (value - low) / (high - low);
  return (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low));
}

int decimals_of(double step) {
  return std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
}

std::string number_label(double value, int decimals) {
  char text[64];
  const bool is_long = std::fabs(value) >= 1e7 || decimals > 6;
  std::snprintf(text, sizeof text, is_long ? "%.*g" : "%.*f", is_long ? 3 : decimals, value);
  return text;
}

Axis linear_axis(double low, double high, std::size_t most) {
  make_room(low, high);
  double step = round_step((high - low) / static_cast<double>(most - 1));
  double first = 0.0, last = 0.0;
  for (;; step = round_step(1.5 * step)) {
    first = std::floor(low / step + 1e-9);
    last = std::ceil(high / step - 1e-9);
    if (last - first < static_cast<double>(most)) break;
  }
  Axis axis{first * step, last * step, false, {}};
  add_ticks(axis, first, last, step);
  return axis;
}

Axis count_axis(double low, double high, std::size_t most) {
  const bool single = low == high;
  Axis axis{single ? low - 0.5 : low, single ? high + 0.5 : high, false, {}};
  const double step = std::max(1.0, round_step(std::max(high - low, 1.0) / static_cast<double>(most - 1)));
  add_ticks(axis, std::ceil(low / step), std::floor(high / step), step);
  const double nearest = axis.ticks.empty() ? high : axis.ticks.front().value;
  if (nearest - low >= 0.5 * step) axis.ticks.insert(axis.ticks.begin(), {low, number_label(low, 0)});
  return axis;
}

Axis logarithmic_axis(double low, double high, std::size_t most) {
  int first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
  int last = static_cast<int>(std::ceil(std::log10(high) - 1e-9));
  if (last <= first) last = first + 1;
  const int step = (last - first + static_cast<int>(most) - 2) / (static_cast<int>(most) - 1);
  last = first + (last - first + step - 1) / step * step;
  Axis axis{std::pow(10.0, first), std::pow(10.0, last), true, {}};
  const bool as_numbers = first >= -3 && last <= 4;  // one style for all ticks
  for (int exponent = first; exponent <= last; exponent += step) {
    axis.ticks.push_back({std::pow(10.0, exponent), power_label(exponent, as_numbers)});
  }
  return axis;
}

}  // namespace tools
