// SPDX-License-Identifier: MIT
// Tables to learn from: the columns of a CSV file as features and as targets or classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/csv.hpp"
#include "mote/memory.hpp"

namespace tools {

/// Missing values: where one is found, the table is rejected, the row is dropped, or a NaN is kept for fill_missing().
enum class MissingValues { reject, drop, mean };

/// First record of a file: names of the columns or the first row. `automatic`: names, if a target or ignored column is
/// given by a name that is in it, or if it has text in a column of numbers.
enum class HeaderRow { automatic, present, absent };

/// A column is given by its name or, where no name equals, by its number, from 1.
struct TableOptions {
  std::vector<std::string> features;  ///< in this order; empty: all columns that are neither targets nor ignored
  std::vector<std::string> targets;   ///< empty: the last column that is not ignored
  std::vector<std::string> ignored;
  bool has_targets = true;  ///< false: all columns that are not ignored are features
  bool regression = false;  ///< targets are numbers; false: the one target is a class
  MissingValues missing = MissingValues::reject;
  HeaderRow header = HeaderRow::automatic;
  char separator = '\0';        ///< '\0': find_separator()
  bool is_for_network = false;  ///< a network decides the features: errors propose no others
};

/// Largest number of classes.
inline constexpr std::size_t kMaxTableClasses = 65535;

/// A table in memory of the caller's. Rows are in the order of the file.
struct TableData {
  std::size_t rows = 0;
  mote::Span<float> features;              ///< [rows][feature_names]; NaN where a value is missing
  mote::Span<float> targets;               ///< [rows][target_names] of a regression, otherwise empty
  mote::Span<std::uint8_t> labels;         ///< [rows] classes, if there are at most 256
  mote::Span<std::uint16_t> wide_labels;   ///< [rows] classes, if there are more
  std::vector<std::string> feature_names;  ///< "column 3" where the file has no name
  std::vector<std::string> target_names;   ///< one for classes
  std::vector<std::string> class_names;    ///< sorted: numbers by value, otherwise by bytes
  std::vector<std::string> warnings;       ///< one line each
  std::size_t missing = 0;                 ///< NaN values in features
  std::size_t dropped = 0;                 ///< rows that were dropped
  std::size_t bytes = 0;                   ///< of the memory, that the table takes
  bool has_header = false;
  char separator = ',';
};

/// done of total: bytes of text, counted for both passes.
using TableProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Reads a table in two passes: the first counts its rows and finds the memory that they need, the second converts
/// them. Throws an Error, which names line and column: see CsvReader; text, missing or non-finite values in a feature;
/// columns that do not exist; memory that is too small, with the number of bytes needed.
///
/// Numbers: see parse_cell(). Decimal commas are accepted between semicolons or tabs, if no number of the file has a
/// decimal point. A class is a text or a number; numbers are equal by value ("1", "1.0" and "01" are one class).
///
/// memory: aligned to mote::kAlignment; at least 4 bytes per feature and target and 2 per class label of every row.
/// like: a table whose columns this one must have and whose classes it keeps, such as the training rows of test rows;
/// null: none.
TableData load_table(mote::ByteSource source, const std::string& name, mote::Memory memory,
                     const TableOptions& options = {}, const TableProgress& progress = {},
                     const TableData* like = nullptr);

/// Class of a row.
std::size_t label_of(const TableData& table, std::size_t row);

/// Replaces every NaN in the features by the mean of its column over the training rows, and returns the means: one for
/// each feature. Throws an Error for a column without a value in the training rows.
std::vector<float> fill_missing(TableData& table, mote::Span<const std::uint32_t> training_rows);
/// Replaces every NaN by the means of another table.
void fill_missing(TableData& table, mote::Span<const float> means);

/// Moves row order[i] to row i, for all i. order: each row once.
void arrange_rows(TableData& table, mote::Span<const std::uint32_t> order);

}  // namespace tools
