// SPDX-License-Identifier: MIT
// Network, samples and options of a training, made from the settings and the data. All functions throw an Error for
// settings that do not fit the data.
#pragma once

#include <cstddef>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "run/settings.hpp"
#include "run/training.hpp"

namespace tools {

mote::Topology make_topology(const Settings& settings, const ImageSet& images);

/// Holds out the last images for validation, and limits the others to --train-limit.
Split make_split(const Settings& settings, const mote::Dataset& all);

/// images: number of training images.
mote::TrainingOptions make_options(const Settings& settings, std::size_t images);

}  // namespace tools
