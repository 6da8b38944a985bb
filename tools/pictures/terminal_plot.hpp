// SPDX-License-Identifier: MIT
// Charts as text, in Unicode's braille and block characters.
#pragma once

#include <cstddef>
#include <string>

#include "pictures/chart.hpp"

namespace tools {

/// What a terminal can show.
struct TerminalStyle {
  std::size_t columns = 80;
  bool colour = false;
};

/// Of standard output. Its width, or where it is no terminal $COLUMNS, or 80. Colours on terminals only, unless
/// $NO_COLOR is set and not empty (no-color.org) or $TERM is dumb.
TerminalStyle terminal_style();

/// The title, then ten lines of dots, four high and two wide in a character, then the numbers of the horizontal axis.
/// The first series is a whole line, others are dashed, each in its way; of
/// more than ten, every second, third, ... is drawn.
std::string to_text(const LineChart& chart, const TerminalStyle& style);

/// The bars alone, one character each: a blank is none at all, and eight heights. More bars than `most` are put
/// together.
std::string bars(const Histogram& histogram, std::size_t most);

}  // namespace tools
