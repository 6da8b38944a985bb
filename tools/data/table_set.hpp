// SPDX-License-Identifier: MIT
// Rows of a table to train on and to test with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image_files.hpp"
#include "data/table_data.hpp"
#include "mote/dataset.hpp"
#include "mote/topology.hpp"

namespace tools {

struct TableFiles {
  std::string training;
  std::string test;  ///< empty: test rows are held out of the training file
  TableOptions options;
  double test_share = 0.2;     ///< of the rows of a single file, 0 < test_share < 1
  std::size_t validation = 0;  ///< rows for validation
  std::uint64_t seed = 1;      ///< of the splits
  TableProgress progress;      ///< of reading; may be empty
};

/// Maps number x of column c to (x - offsets[c]) * scales[c]. Empty: the identity.
struct ColumnScaling {
  std::vector<float> offsets, scales;

  bool empty() const { return offsets.empty(); }
};

struct TableSet {
  TableData training;     ///< in random order; the last rows are for validation
  TableData test;         ///< its targets are in the units of the file
  ColumnScaling inputs;   ///< of all rows; viewed by dataset_of()
  ColumnScaling targets;  ///< of the training rows' targets, or of the inputs that an autoencoder reproduces
  std::size_t bytes = 0;  ///< of memory, that both take
};

/// Reads one file, shuffles its rows and splits them; or reads two files. Splits of a table with classes are stratified
/// (row_split.hpp). like: a table whose columns and classes those for training have; null: none. Throws an Error.
TableSet load_table_set(const TableFiles& files, mote::Memory memory, const TableData* like = nullptr);

/// Fills missing values with the offsets of the inputs, if there are any: the means that a network learned with; else
/// with the means of the first `rows` training rows. Throws an Error.
void fill_missing(TableSet& set, std::size_t rows);

/// Standardizes the inputs: offset and scale of a column are mean and 1 / deviation over the first `rows` training
/// rows.
void standardize_inputs(TableSet& set, std::size_t rows);
/// Standardizes the targets of a regression in place, except those of test rows.
void standardize_targets(TableSet& set, std::size_t rows);

/// A view of rows of the set. For Aim::inputs, test rows have their numbers as targets, in the units of the file.
mote::Dataset dataset_of(const TableSet& set, const TableData& rows, Aim aim);

/// Changes the last layer, which is linear, so that outputs for scaled targets become outputs in the units of the file.
void unscale_outputs(const mote::Topology& topology, const ColumnScaling& targets, mote::Span<float> parameters);
/// Reverts unscale_outputs().
void scale_outputs(const mote::Topology& topology, const ColumnScaling& targets, mote::Span<float> parameters);

}  // namespace tools
