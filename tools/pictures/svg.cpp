// SPDX-License-Identifier: MIT
#include "pictures/svg.hpp"

#include <cstdio>

namespace tools {
namespace {

/// Number of bytes of the first UTF-8 character of `text`; 0 for invalid UTF-8 (RFC 3629, section 4).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(1);  // rejects overlong forms, surrogates, and values past U+10FFFF
  const bool refused = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return refused ? 0 : length;
}

bool is_control(char c) {
  const unsigned char code = static_cast<unsigned char>(c);
  return (code < 0x20 && c != '\n' && c != '\t') || code == 0x7f;
}

std::string attribute(const char* name, std::string_view value) {
  return value.empty() ? "" : std::string(" ") + name + "=\"" + escape(value) + "\"";
}

std::string number(const char* name, double value) {
  return attribute(name, Svg::coordinate(value));
}

}  // namespace

std::string escape(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const char first = text.front();
    if (length == 0 || is_control(first)) {
      escaped += "\ufffd";
    } else if (first == '&') {
      escaped += "&amp;";
    } else if (first == '<') {
      escaped += "&lt;";
    } else if (first == '>') {
      escaped += "&gt;";
    } else if (first == '"') {
      escaped += "&quot;";
    } else if (first == '\'') {
      escaped += "&#39;";
    } else {
      escaped += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return escaped;
}

std::string Svg::coordinate(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f", value);
  std::string digits = text;
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits == "-0" ? "0" : digits;
}

Svg::Svg(double width, double height, std::string_view label)
    : text_("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + coordinate(width) + " " + coordinate(height) +
            "\" role=\"img\"" + attribute("aria-label", label) + ">\n") {}

void Svg::shape(const std::string& start, std::string_view style, std::string_view tip) {
  text_ += "<" + start + attribute("class", style);
  if (tip.empty()) {
    text_ += "/>\n";
  } else {
    text_ += "><title>" + escape(tip) + "</title></" + start.substr(0, start.find(' ')) + ">\n";
  }
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
  shape("line" + number("x1", x1) + number("y1", y1) + number("x2", x2) + number("y2", y2), style, {});
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view style, std::string_view tip,
                    double opacity) {
  const std::string filling = opacity == 1.0 ? "" : number("fill-opacity", opacity);
  shape("rect" + number("x", x) + number("y", y) + number("width", width) + number("height", height) + filling, style,
        tip);
}

void Svg::circle(double x, double y, double radius, std::string_view style, std::string_view tip) {
  shape("circle" + number("cx", x) + number("cy", y) + number("r", radius), style, tip);
}

void Svg::path(const std::string& commands, std::string_view style) {
  shape("path" + attribute("d", commands), style, {});
}

void Svg::text(double x, double y, Anchor anchor, std::string_view style, std::string_view text) {
  const char* name = anchor == Anchor::middle ? "middle" : anchor == Anchor::end ? "end" : "";
  text_ += "<text" + number("x", x) + number("y", y) + attribute("text-anchor", name) + attribute("class", style) +
           ">" + escape(text) + "</text>\n";
}

}  // namespace tools
