// SPDX-License-Identifier: MIT
// A block of memory between two guard zones, which detect writes outside of the block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "mote/memory.hpp"

/// `size` aligned bytes between zones of a known pattern. All begin as 0xff, so that floats never written are NaN.
class GuardedMemory {
 public:
  explicit GuardedMemory(std::size_t size) : size_(size), bytes_(size + 2 * kGuard + mote::kAlignment) {
    const std::size_t past = reinterpret_cast<std::uintptr_t>(bytes_.data()) % mote::kAlignment;
    begin_ = kGuard + (mote::kAlignment - past) % mote::kAlignment;
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = pattern(i);
    if (size_ > 0) std::memset(bytes_.data() + begin_, 0xff, size_);
  }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  mote::Memory memory() { return {bytes_.data() + begin_, size_}; }
  operator mote::Memory() { return memory(); }

  /// The block as an array of floats.
  mote::Span<float> floats() { return mote::Part<float>{0, size_ / sizeof(float)}.in(memory()); }

  /// Whether both guard zones are unchanged.
  bool intact() const {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      const bool inside = i >= begin_ && i < begin_ + size_;
      if (!inside && bytes_[i] != pattern(i)) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t kGuard = 4096;
  static unsigned char pattern(std::size_t i) { return static_cast<unsigned char>(i * 37 + 11); }

  std::size_t size_;
  std::size_t begin_ = 0;
  std::vector<unsigned char> bytes_;
};
