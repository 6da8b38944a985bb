// SPDX-License-Identifier: MIT
// Tables of numbers, as text and as JSON.
#pragma once

#include <string>
#include <vector>

namespace tools {

struct Column {
  std::string name;  ///< with its unit: "median_s"
  int decimals = 2;
  bool significant = false;  ///< `decimals` counts all digits, and numbers far from 1 have an exponent
};

/// A row, with one value per column; NaN means "does not apply".
struct Row {
  std::string name;
  std::vector<double> values;
};

struct Table {
  std::string key;    ///< name in JSON
  std::string title;  ///< heading in text
  std::vector<Column> columns;
  std::vector<Row> rows;
};

/// The text of a value; "-" for NaN.
std::string cell(const Table& table, const Row& row, std::size_t column);

std::string to_text(const Table& table);

/// {"key": [{"name": "...", "column": number, ...}, ...], ...}
std::string to_json(const std::vector<Table>& tables);

}  // namespace tools
