// SPDX-License-Identifier: MIT
// Sources and sinks of bytes: a file, a flash or a connection behind functions of the caller. The functions must not
// throw: the library that calls them is compiled without exceptions.
#ifndef MOTE_BYTES_HPP
#define MOTE_BYTES_HPP

#include <cstdint>

#include "mote/memory.hpp"

namespace mote {

/// Bytes that can be read in any order.
struct ByteSource {
  std::uint64_t size = 0;
  /// Fills `to` with the bytes from `offset` on; they end at or before `size`. Returns false on failure.
  bool (*read)(void* context, std::uint64_t offset, Memory to) = nullptr;
  void* context = nullptr;
};

/// A receiver of bytes, each written once, in order.
struct ByteSink {
  /// Takes all of `bytes`; returns false on failure.
  bool (*write)(void* context, Bytes bytes) = nullptr;
  void* context = nullptr;
};

/// A source that reads memory. The memory must outlive it.
ByteSource source_of(Bytes bytes);

}  // namespace mote

#endif  // MOTE_BYTES_HPP
