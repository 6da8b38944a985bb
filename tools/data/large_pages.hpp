// SPDX-License-Identifier: MIT
#pragma once

#include "mote/memory.hpp"

namespace tools {

/// Asks the system to back memory by large pages: rows read in random order then seldom wait for address translation.
/// Call before the memory is first touched. Has no other effect, and none where the system lacks large pages.
void prefer_large_pages(mote::Memory memory);

}  // namespace tools
