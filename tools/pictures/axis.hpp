// SPDX-License-Identifier: MIT
// Axes of charts: positions of numbers, ticks and their labels.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tools {

struct Tick {
  double value = 0.0;
  std::string label;
};

/// An axis from low to high; both finite, low < high, and 0 < low if logarithmic.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  bool logarithmic = false;
  std::vector<Tick> ticks;  ///< in increasing order, each in [low, high]

  /// Position of a value: 0 at low, 1 at high. Not finite for values that are not finite and, on a logarithmic axis,
  /// for values <= 0.
  double position(double value) const;
};

/// A linear axis that covers [low, high], to a billionth of a step. It begins and ends at a tick and has 2 to `most`
/// ticks (most >= 3), at multiples of 1, 2 or 5 times a power of ten. Where low and high are nearly equal, the axis is
/// widened around them.
Axis linear_axis(double low, double high, std::size_t most);

/// An axis from low to high exactly, with ticks at whole numbers: epochs, steps, layers.
Axis count_axis(double low, double high, std::size_t most);

/// A logarithmic axis that covers [low, high], 0 < low. It begins and ends at a power of ten; ticks are at every power,
/// or, if these are more than `most` (most >= 3), at every second, third, ... power.
Axis logarithmic_axis(double low, double high, std::size_t most);

/// Number of decimals that distinguishes multiples of `step`: 2 for 0.05, 0 for whole numbers.
int decimals_of(double step);

/// The text of a number: "1234", "0.05"; with an exponent, "1.2e-07", where decimals would be too long.
std::string number_label(double value, int decimals);

}  // namespace tools
