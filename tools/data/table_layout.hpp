// SPDX-License-Identifier: MIT
// Roles of the columns of a CSV file.
#pragma once

#include <string>
#include <vector>

#include "data/table_data.hpp"

namespace tools {

struct TableLayout {
  char separator = ',';
  bool has_header = false;
  std::vector<std::string> names;     ///< of all columns
  std::vector<std::size_t> features;  ///< indices of columns
  std::vector<std::size_t> targets;   ///< indices of columns
  std::vector<std::string> warnings;  ///< one line each
};

/// Reads the first records. Throws an Error.
TableLayout find_layout(mote::ByteSource source, const std::string& name, const TableOptions& options);

/// Chooses the features of a network by their names; by numbers for names such as "column 3", which files without names
/// have. Nothing where the first row has none of the names: all columns are then features, in their order. Returns a
/// warning if that row has other names.
std::string choose_features(const std::vector<std::string>& names, mote::ByteSource source, const std::string& file,
                            TableOptions& options);

/// Parses a number of a file whose decimal mark is not known yet: a decimal comma is accepted, unless commas separate
/// cells.
template <typename Float>
ParsedCell<Float> parse_either_mark(std::string_view text, char separator, char& mark) {
  mark = '.';
  const ParsedCell<Float> cell = parse_cell<Float>(text, '.');
  if (cell.kind != CellKind::text || separator == ',') return cell;
  const ParsedCell<Float> other = parse_cell<Float>(text, ',');
  if (other.kind != CellKind::text) mark = ',';
  return other;
}

/// Warns of what is odd in a table: constant features, features that tell the target, single or rare classes.
void add_warnings(TableData& table);

}  // namespace tools
