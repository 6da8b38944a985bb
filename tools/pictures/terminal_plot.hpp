// SPDX-License-Identifier: MIT
// Charts as text, in braille and block characters of Unicode.
#pragma once

#include <cstddef>
#include <string>

#include "pictures/chart.hpp"

namespace tools {

/// Capabilities of a terminal.
struct TerminalStyle {
  std::size_t columns = 80;
  bool color = false;
};

/// The style of standard output. Width: that of the terminal, else $COLUMNS, else 80. Colors: on terminals, unless
/// $NO_COLOR is set and not empty (no-color.org) or $TERM is dumb.
TerminalStyle terminal_style();

/// Plots a line chart: title, ten lines of braille characters (2 x 4 dots each), numbers of the horizontal axis. The
/// first series is a solid line, others have dash patterns; of more than ten series, every second, third, ... is drawn.
std::string to_text(const LineChart& chart, const TerminalStyle& style);

/// The bars of a histogram, one character each: blank for 0, else one of eight heights. Merges neighbors to at most
/// `most` bars.
std::string bars(const Histogram& histogram, std::size_t most);

}  // namespace tools
