// SPDX-License-Identifier: MIT
// Charts as <svg> elements. Classes for a style sheet: grid, axis, tick (texts), mark; line, dot and name with s0 to s5
// for the series in turn, and dashed from the seventh series on; bar; hit, miss, cell (text), and over for text on dark
// cells.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pictures/chart.hpp"

namespace tools {

/// Draws a line chart. Names stand at the ends of the lines; single points show their numbers under a pointer. A chart
/// without a finite number says so.
std::string to_svg(const LineChart& chart);

std::string to_svg(const Histogram& histogram);

/// Draws a confusion matrix. confusion: [classes][classes] counts, row = label, column = answer of the network. Cells
/// darken with their counts: on the diagonal relative to the label's samples, elsewhere relative to the worst
/// confusion. The percentage of right answers stands beside each row.
std::string confusion_svg(const std::vector<std::uint32_t>& confusion, std::size_t classes);

}  // namespace tools
