// SPDX-License-Identifier: MIT
// Files that may be compressed by gzip.
#pragma once

#include <cstdint>
#include <string>

#include "mote/memory.hpp"

namespace tools {

/// Reads a whole file to the beginning of `memory`; gzip data are decompressed by the system's gzip. kind: expected
/// file, for errors: "an IDX file". used: bytes of static memory before `memory`. Throws an Error that names the file,
/// or the command to rebuild with more memory.
mote::Bytes read_packed(const std::string& path, const char* kind, mote::Memory memory, std::size_t used = 0);

/// Throws an Error with the command to rebuild with memory for `bytes` bytes and about as many for the files after
/// them.
[[noreturn]] void refuse_size(const std::string& path, std::size_t built_in, std::uint64_t bytes);

}  // namespace tools
