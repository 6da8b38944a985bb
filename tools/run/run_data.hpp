// SPDX-License-Identifier: MIT
// The data of a run of tools/train: an image set or a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/table_set.hpp"
#include "mote/mote.hpp"
#include "run/settings.hpp"

namespace tools {

struct RunData {
  std::string name;  ///< folder or file
  mote::Dataset train;
  mote::Dataset test;
  std::uint32_t rows = 0;     ///< height of an image in pixels; 0: no images
  std::uint32_t columns = 0;  ///< width of an image in pixels
  std::size_t bytes = 0;      ///< memory that the files take
  std::optional<TableSet> table;
  std::vector<std::string> class_names;  ///< of images: from --class-names or --load, or empty

  /// Words for messages.
  const char* samples() const { return table ? "rows" : "images"; }
  const char* features() const { return table ? "features" : "pixels"; }
  /// Names of classes, of targets, or of the inputs that an autoencoder reproduces; empty if none are known.
  std::vector<std::string> output_names() const;
};

/// Loads the data that the settings name. Fills missing values of a table, standardizes its inputs and, where the
/// outputs are linear, its targets, all by the training rows; prints warnings about it. model: the
/// network of --load; where it has names or a standardization, they decide the columns, classes and inputs of a table;
/// null: none. Throws an Error.
RunData load_data(const Settings& settings, mote::Memory memory, const mote::ModelDescription* model);

}  // namespace tools
