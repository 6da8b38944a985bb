// SPDX-License-Identifier: MIT
// Where bytes come from and go to: a file, a flash, a connection, through functions of the caller's. They must throw no
// exception: the library, which they are called by, is built without.
#pragma once

#include <cstdint>

#include "mote/memory.hpp"

namespace mote {

/// Bytes that can be read in any order.
struct ByteSource {
  std::uint64_t size = 0;
  /// Fills `to` with the bytes from `offset` on, all of them before `size`; false when that fails.
  bool (*read)(void* context, std::uint64_t offset, Memory to) = nullptr;
  void* context = nullptr;
};

/// Bytes are handed over once each, in order.
struct ByteSink {
  /// Takes all of `bytes`, or returns false.
  bool (*write)(void* context, Bytes bytes) = nullptr;
  void* context = nullptr;
};

/// A source that reads memory. The memory must outlive it.
ByteSource source_of(Bytes bytes);

}  // namespace mote
