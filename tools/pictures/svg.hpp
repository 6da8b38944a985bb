// SPDX-License-Identifier: MIT
// Vector drawings that stand in a web page. How things look, their colours above all, is left to the page's style
// sheet.
#pragma once

#include <string>
#include <string_view>

namespace tools {

/// Text as it may stand in HTML and XML, in quoted attributes too. What is no text, invalid UTF-8 and control
/// characters, becomes U+FFFD.
std::string escape(std::string_view text);

/// Coordinates are finite, in units of the drawing from its upper left corner. `style` names one class or several of
/// the style sheet, `tip` is shown where a pointer rests on a shape; both empty: none.
class Svg {
 public:
  enum class Anchor { start, middle, end };

  /// label: what the picture shows, for those who cannot see it.
  Svg(double width, double height, std::string_view label);

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  /// opacity: of the filling, 0 to 1.
  void rectangle(double x, double y, double width, double height, std::string_view style, std::string_view tip = {},
                 double opacity = 1.0);
  void circle(double x, double y, double radius, std::string_view style, std::string_view tip = {});
  /// commands: as SVG's path data, from numbers by coordinate().
  void path(const std::string& commands, std::string_view style);
  /// x, y: of the base line at its start, middle or end.
  void text(double x, double y, Anchor anchor, std::string_view style, std::string_view text);

  /// The whole <svg> element.
  std::string element() const { return text_ + "</svg>\n"; }

  /// "12.5", with at most two decimals.
  static std::string coordinate(double value);

 private:
  void shape(const std::string& start, std::string_view style, std::string_view tip);

  std::string text_;
};

}  // namespace tools
