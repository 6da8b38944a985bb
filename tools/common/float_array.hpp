// SPDX-License-Identifier: MIT
// Aligned memory on the heap, for the library's functions that take memory.
#pragma once

#include <cstddef>
#include <vector>

#include "mote/memory.hpp"

namespace tools {

/// `count` floats, aligned to a cache line, initially 0.
class FloatArray {
 public:
  FloatArray() = default;
  explicit FloatArray(std::size_t count) : lines_((count + kPerLine - 1) / kPerLine) {}

  float* data() { return reinterpret_cast<float*>(lines_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(lines_.data()); }
  std::size_t size() const { return lines_.size() * kPerLine; }
  mote::Memory memory() { return {reinterpret_cast<unsigned char*>(lines_.data()), lines_.size() * sizeof(Line)}; }

 private:
  static constexpr std::size_t kPerLine = mote::kAlignment / sizeof(float);
  struct alignas(mote::kAlignment) Line {
    float floats[kPerLine];
  };
  std::vector<Line> lines_;
};

}  // namespace tools
