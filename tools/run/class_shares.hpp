// SPDX-License-Identifier: MIT
// Classes of image sets in the parts of a split.
#pragma once

#include "mote/mote.hpp"
#include "run/settings.hpp"

namespace tools {

/// Number of samples that are held out for validation.
std::size_t validation_count(const Settings& settings, std::size_t samples);

/// Keeps the order of the samples, the last of which will be held out, unless the classes are unevenly divided: a class
/// lacks in a part, or its number in the held-out part is 6 standard deviations from the mean of random splits. Then it
/// shuffles the samples by the seed, with each class's share in both parts. Prints warnings about that, and about
/// classes without training or validation samples. memory: of the samples.
void spread_classes(const Settings& settings, mote::Dataset& all, mote::Memory memory);

}  // namespace tools
