// SPDX-License-Identifier: MIT
// Gain of leaving out zero inputs for images with blank margins, and cost of the search for other images.
#pragma once

#include <cstddef>

#include "common/table.hpp"
#include "mote/dataset.hpp"

namespace tools {

/// A table of seconds an epoch with TrainingOptions::skip_zero_inputs on and off, for the trainings of workloads.hpp on
/// `train` and on a copy without a single 0. repeats: rounds; the largest network does fewer.
Table measure_sparsity(const mote::Dataset& train, std::size_t repeats);

}  // namespace tools
