// SPDX-License-Identifier: MIT
// Names of file formats, for errors about files of an unexpected format.
#pragma once

#include <string>

#include "mote/memory.hpp"

namespace tools {

/// Name of the format of a file that begins with `start`, as in "a PNG image"; 8 bytes are enough. Empty if unknown.
std::string format_by_start(mote::Bytes start);

}  // namespace tools
