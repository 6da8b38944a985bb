// SPDX-License-Identifier: MIT
// What tools/train makes of files with a network: --load, --save and --export-header.
#pragma once

#include <optional>
#include <string>

#include "common/atomic_file.hpp"
#include "data/image_files.hpp"
#include "run/model_files.hpp"
#include "run/settings.hpp"

namespace tools {

/// Puts loss and activations of a model in place of the settings', and class names unless there are some. Throws an
/// Error where they do not go with the rest.
void take_model(Settings& settings, const mote::ModelDescription& model);

/// Makes pixels into inputs as the model wants them. Throws an Error when it is not for such images.
void fit_to_model(const Settings& settings, const mote::ModelDescription& model, ImageSet& images);

/// What --save writes besides parameters; names: memory for the class names. Throws an Error for a wrong number of
/// them.
mote::ModelDescription describe_network(const Settings& settings, const mote::Topology& topology,
                                        const ImageSet& images, std::string& names);

/// The files that a network is written to, opened before the work that fills them. Throws an Error where one cannot be
/// written or is somebody else's.
class NetworkFiles {
 public:
  explicit NetworkFiles(const Settings& settings);

  /// Writes what `trainer` learnt; returns what write_header() has to say, or nothing. test: as Export's.
  std::string write(mote::Trainer& trainer, const mote::ModelDescription& model, const mote::Dataset& test);

 private:
  mote::WeightFormat weights_;  // of the header
  std::optional<AtomicFile> model_, header_;
};

}  // namespace tools
