// SPDX-License-Identifier: MIT
// The names by which files and tools choose from the library's enumerations.
#pragma once

#include "mote/loss.hpp"
#include "mote/topology.hpp"

namespace mote {

/// "relu", "leaky-relu", ...; null for no Activation.
const char* name_of(Activation activation);
/// "cross-entropy", "mae", ...; null for no Loss.
const char* name_of(Loss loss);

}  // namespace mote
