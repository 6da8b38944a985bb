// SPDX-License-Identifier: MIT
// What training needs, from the settings and the data that they are about. All throw an Error for settings that do not
// go with the data.
#pragma once

#include <cstddef>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "run/settings.hpp"
#include "run/training.hpp"

namespace tools {

mote::Topology make_topology(const Settings& settings, const ImageSet& images);

/// Holds out the last images to validate on, and keeps as many of the others as asked for.
Split make_split(const Settings& settings, const mote::Dataset& all);

/// images: how many there are to train on.
mote::TrainingOptions make_options(const Settings& settings, std::size_t images);

}  // namespace tools
