// SPDX-License-Identifier: MIT
// Fixed-size static memory: the caller owns it, constexpr functions say how much, and mote divides it up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/span.hpp"
#include "mote/target.hpp"

namespace mote {

using Memory = Span<unsigned char>;

/// Alignment that every block of memory handed to mote must have.
#ifdef MOTE_MICROCONTROLLER
inline constexpr std::size_t kAlignment = 8;
#else
inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector register
#endif

/// A block of exactly `N` bytes, aligned for mote. Make it static and its size is known at link time.
template <std::size_t N>
class Storage {
 public:
  operator Memory() { return {bytes_, N}; }
  static constexpr std::size_t size() { return N; }

 private:
  alignas(kAlignment) unsigned char bytes_[N];
};

/// Plans a block of memory: the same sequence of take() calls counts its bytes and finds its parts.
class MemoryPlan {
 public:
  /// Offset in bytes of room for rows x columns elements of T, aligned to kAlignment.
  template <typename T>
  constexpr std::size_t take(std::size_t rows, std::size_t columns = 1) {
    return take_bytes(product(product(rows, columns), sizeof(T)));
  }
  /// Offset of room for `size` bytes.
  constexpr std::size_t take_bytes(std::size_t size) {
    constexpr std::size_t kLargest = static_cast<std::size_t>(-1);
    const std::size_t room = kLargest - kAlignment;
    const std::size_t offset = bytes_ > room ? bytes_ : (bytes_ + kAlignment - 1) / kAlignment * kAlignment;
    bytes_ = size > kLargest - offset ? kLargest : offset + size;
    return offset;
  }
  /// Bytes up to the end of what was taken last; the largest size_t, which no memory has, when they cannot be counted.
  constexpr std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t product(std::size_t a, std::size_t b) {
    constexpr std::size_t kLargest = static_cast<std::size_t>(-1);
    return b != 0 && a > kLargest / b ? kLargest : a * b;
  }

  std::size_t bytes_ = 0;
};

/// ok, memory_misaligned or memory_too_small.
inline Result check(Memory memory, std::size_t bytes_needed) {
  const std::size_t past = reinterpret_cast<std::uintptr_t>(memory.data()) % kAlignment;
  if (past != 0) return {Status::memory_misaligned, past, kAlignment};
  if (memory.size() < bytes_needed) return {Status::memory_too_small, memory.size(), bytes_needed};
  return Status::ok;
}

/// `count` elements of T at `offset`, as MemoryPlan::take gave it. Their values are whatever the bytes held.
template <typename T>
Span<T> part_of(Memory memory, std::size_t offset, std::size_t count) {
  return {reinterpret_cast<T*>(memory.subspan(offset, count * sizeof(T)).data()), count};
}

}  // namespace mote
