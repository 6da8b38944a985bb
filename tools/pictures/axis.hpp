// SPDX-License-Identifier: MIT
// Axes of charts: where numbers stand, and which of them are written beside.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tools {

struct Tick {
  double value = 0.0;
  std::string label;
};

/// A stretch of numbers, low < high, all finite; logarithmic: 0 < low.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  bool logarithmic = false;
  std::vector<Tick> ticks;  ///< in increasing order, each in [low, high]

  /// 0 at low, 1 at high. Not finite for what the axis cannot show: numbers that are not finite, and on a logarithmic
  /// axis those that are not greater than 0.
  double position(double value) const;
};

/// An axis that shows all of [low, high], to a billionth of a step. It begins and ends at a tick, of which there are 2
/// to `most` (at least 3), at multiples of 1, 2 or 5 times a power of ten. low == high, or nearly so: room is made
/// around them.
Axis linear_axis(double low, double high, std::size_t most);

/// From low to high exactly, with ticks at whole numbers only: epochs, steps, layers.
Axis count_axis(double low, double high, std::size_t most);

/// An axis that shows all of [low, high], 0 < low. It begins and ends at a power of ten; ticks are at all of them or,
/// where that would be more than `most` (at least 3), at every second, third, ...
Axis logarithmic_axis(double low, double high, std::size_t most);

/// The decimals that tell numbers `step` apart: 2 for 0.05. 0 for whole numbers.
int decimals_of(double step);

/// "1234", "0.05", "1.2e-07": with so many decimals, or in powers of ten where that is unreadably long.
std::string number_label(double value, int decimals);

}  // namespace tools
