// SPDX-License-Identifier: MIT
// Vector drawings for a web page. The style sheet of the page decides colors and fonts.
#pragma once

#include <string>
#include <string_view>

namespace tools {

/// Escapes text for HTML and XML, quoted attributes included. Invalid UTF-8 and control characters become U+FFFD.
std::string escape(std::string_view text);

/// A drawing. Coordinates are finite, in units of the drawing from its upper left corner. style: one or several classes
/// of the style sheet, or empty. tip: text shown under a resting pointer, or empty.
class Svg {
 public:
  enum class Anchor { start, middle, end };

  /// label: description for readers who cannot see the drawing.
  Svg(double width, double height, std::string_view label);

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  /// opacity: of the fill, 0 to 1.
  void rectangle(double x, double y, double width, double height, std::string_view style, std::string_view tip = {},
                 double opacity = 1.0);
  void circle(double x, double y, double radius, std::string_view style, std::string_view tip = {});
  /// commands: SVG path data, with numbers from coordinate().
  void path(const std::string& commands, std::string_view style);
  /// x, y: start, middle or end of the base line.
  void text(double x, double y, Anchor anchor, std::string_view style, std::string_view text);

  /// The whole <svg> element.
  std::string element() const { return text_ + "</svg>\n"; }

  /// A number as text, "12.5", with at most two decimals.
  static std::string coordinate(double value);

 private:
  void shape(const std::string& start, std::string_view style, std::string_view tip);

  std::string text_;
};

}  // namespace tools
