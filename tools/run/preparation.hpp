// SPDX-License-Identifier: MIT
// Network, samples and options of a training, made from the settings and the data. All functions throw an Error for
// settings that do not fit the data.
#pragma once

#include <cstddef>

#include "mote/mote.hpp"
#include "run/run_data.hpp"
#include "run/settings.hpp"
#include "run/training.hpp"

namespace tools {

mote::Topology make_topology(const Settings& settings, const RunData& data);

/// Holds out the last samples for validation, and limits the others to --train-limit.
Split make_split(const Settings& settings, const RunData& data);

/// count: number of training samples.
mote::TrainingOptions make_options(const Settings& settings, const RunData& data, std::size_t count);

}  // namespace tools
