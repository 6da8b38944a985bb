// SPDX-License-Identifier: MIT
// Charts as <svg> elements. Their classes, for a style sheet: grid, axis, tick (texts), mark; line, dot and name with
// s0 to s5 for the series, in turn, and dashed from the seventh on; bar; hit, miss, cell (text), over for cells too
// dark for other text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pictures/chart.hpp"

namespace tools {

/// Series are named at the ends of their lines; single points show their numbers under a pointer. Without a single
/// finite number it says so.
std::string to_svg(const LineChart& chart);

std::string to_svg(const Histogram& histogram);

/// confusion: [classes][classes] counts, row = label, column = what the network says. The more is in a cell, the darker
/// it is: of what is right by its share of the label, of what is wrong beside the worst confusion. Beside each row is
/// the share that is right.
std::string confusion_svg(const std::vector<std::uint32_t>& confusion, std::size_t classes);

}  // namespace tools
