// SPDX-License-Identifier: MIT
// Files with the network of tools/train: --load, --save and --export-header.
#pragma once

#include <optional>
#include <string>

#include "common/atomic_file.hpp"
#include "run/exported_header.hpp"
#include "run/model_files.hpp"
#include "run/run_data.hpp"
#include "run/settings.hpp"

namespace tools {

/// The description of another program's network by the settings.
ForeignNetwork foreign_network(const Settings& settings);

/// Copies loss and activations of a model into the settings, and class names unless the settings have them. Throws an
/// Error where they contradict other settings.
void take_model(Settings& settings, const mote::ModelDescription& model);

/// Sets the transformation of the inputs to the model's. Throws an Error when the model does not fit the data.
void fit_to_model(const Settings& settings, const mote::ModelDescription& model, RunData& data);

/// Names in a model file, separated by line feeds.
struct ModelNames {
  std::string classes, targets, features;
};

/// The metadata that --save writes beside the parameters. names: memory for the names, viewed by the result. Throws an
/// Error for a wrong number of names.
mote::ModelDescription describe_network(const Settings& settings, const mote::Topology& topology, const RunData& data,
                                        ModelNames& names);

/// The output files for the network, opened before training. Throws an Error where a file cannot be written, or exists
/// and is of another kind.
class NetworkFiles {
 public:
  explicit NetworkFiles(const Settings& settings);

  /// Writes the trained network; returns the lines of write_header(), or empty ones. trained: see Export. A header
  /// of a table has the standardization of the inputs beside the weights, not in them: folded, it would cost integer
  /// weights their precision, and fine-tuning its learning rate.
  Exported write(mote::Trainer& trainer, const mote::ModelDescription& model, const RunData& data,
                 const mote::LossTotals& trained);

 private:
  Exported write(AtomicFile& file, mote::Trainer& trainer, const mote::ModelDescription& model, const RunData& data,
                 const mote::LossTotals& trained, HeaderFormat format, bool is_c) const;

  HeaderFormat format_;
  mote::Calibration calibration_;
  mote::ScalePer scale_per_;
  std::optional<AtomicFile> model_, header_, c_header_;
};

}  // namespace tools
