// SPDX-License-Identifier: MIT
// What a file is that is not the expected one.
#pragma once

#include <string>

#include "mote/memory.hpp"

namespace tools {

/// "a PNG image" and the like by the first bytes of a file, of which 8 are enough; empty for an unknown format.
std::string format_by_start(mote::Bytes start);

}  // namespace tools
