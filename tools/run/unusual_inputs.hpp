// SPDX-License-Identifier: MIT
// Inputs that a network has hardly learned from.
#pragma once

#include <string>
#include <vector>

#include "mote/inputs.hpp"

namespace tools {

/// A line about inputs far from those of the training: more than 20 standard deviations from the mean in a standardized
/// table; beyond -20 to 20, or all nearly equal, in images that the network scales. It names the first one. Empty if
/// there are none. names: of the columns of a table; empty for images.
std::string unusual_inputs_text(const mote::Inputs& samples, const std::vector<std::string>& names);

}  // namespace tools
