// SPDX-License-Identifier: MIT
#pragma once

#include "mote/memory.hpp"

namespace tools {

/// Asks the system to back memory by large pages, so that rows read in random order seldom wait for address
/// translation. Call before the memory is first touched. No effect where the system lacks large pages.
void prefer_large_pages(mote::Memory memory);

}  // namespace tools
