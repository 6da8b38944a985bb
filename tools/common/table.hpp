// SPDX-License-Identifier: MIT
// Tables of numbers, for people and for programs.
#pragma once

#include <string>
#include <vector>

namespace tools {

struct Column {
  std::string name;  ///< with its unit, as in "median_s"
  int decimals = 2;
  bool significant = false;  ///< `decimals` counts all digits, and numbers far from 1 have an exponent
};

/// A row has as many values as there are columns; NaN stands for "does not apply".
struct Row {
  std::string name;
  std::vector<double> values;
};

struct Table {
  std::string key;    ///< its name in JSON
  std::string title;  ///< its heading in text
  std::vector<Column> columns;
  std::vector<Row> rows;
};

/// A value as text; "-" where it does not apply.
std::string cell(const Table& table, const Row& row, std::size_t column);

std::string to_text(const Table& table);

/// {"key": [{"name": "...", "column": number, ...}, ...], ...}
std::string to_json(const std::vector<Table>& tables);

}  // namespace tools
