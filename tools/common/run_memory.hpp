// SPDX-License-Identifier: MIT
// The memory of a tool, reserved once: MOTE_MEMORY_MB for networks, MOTE_DATA_MB for data.
#pragma once

#include "mote/memory.hpp"

namespace tools {

// Each function reserves its memory at the first call and returns that memory at every call. Pages cost nothing until
// they are used. Throws an Error if the system refuses, as under ulimit -v.

mote::Memory network_memory();
mote::Memory data_memory();

}  // namespace tools
