// SPDX-License-Identifier: MIT
#pragma once

#include "mote/memory.hpp"

namespace tools {

/// Asks the system, where it can, to back memory by large pages: rows that are read in random order then seldom wait
/// for their addresses to be translated. To be called before the memory is first touched; changes nothing else.
void prefer_large_pages(mote::Memory memory);

}  // namespace tools
