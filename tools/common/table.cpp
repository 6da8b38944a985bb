// SPDX-License-Identifier: MIT
#include "common/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tools {
namespace {

std::string number(double value, int decimals, bool significant, const char* missing) {
  if (!std::isfinite(value)) return missing;
  char text[64];
  std::snprintf(text, sizeof text, significant ? "%.*g" : "%.*f", decimals, value);
  return text;
}

std::string right_aligned(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

}  // namespace

std::string cell(const Table& table, const Row& row, std::size_t column) {
  return number(row.values[column], table.columns[column].decimals, table.columns[column].significant, "-");
}

namespace {

std::size_t width_of(const Table& table, std::size_t column) {
  std::size_t width = table.columns[column].name.size();
  for (const Row& row : table.rows) {
    width = std::max(width, cell(table, row, column).size());
  }
  return width;
}

}  // namespace

std::string to_text(const Table& table) {
  std::size_t name_width = 0;
  for (const Row& row : table.rows) name_width = std::max(name_width, row.name.size());
  std::string text = "\n" + table.title + "\n" + std::string(name_width, ' ');
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    widths.push_back(width_of(table, c));
    text += "  " + right_aligned(table.columns[c].name, widths[c]);
  }
  text += "\n";
  for (const Row& row : table.rows) {
    text += row.name + std::string(name_width - row.name.size(), ' ');
    for (std::size_t c = 0; c < widths.size(); ++c) {
      text += "  " + right_aligned(cell(table, row, c), widths[c]);
    }
    text += "\n";
  }
  return text;
}

std::string to_json(const std::vector<Table>& tables) {
  std::string text = "{";
  for (const Table& table : tables) {
    text += (text.size() > 1 ? ",\n\"" : "\n\"") + table.key + "\": [";
    const char* separator = "\n  ";
    for (const Row& row : table.rows) {
      text += separator + ("{\"name\": \"" + row.name + "\"");  // names have no characters that JSON escapes
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        text +=
            ", \"" + table.columns[c].name + "\": " + number(row.values[c], 9, table.columns[c].significant, "null");
      }
      text += "}";
      separator = ",\n  ";
    }
    text += "]";
  }
  return text + "\n}\n";
}

}  // namespace tools
