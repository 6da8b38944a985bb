// SPDX-License-Identifier: MIT
// Random numbers without zeros, equal on every machine.
#pragma once

#include <cstdint>

namespace dense {

/// Knuth's linear congruential generator with 64 bits.
class Numbers {
 public:
  std::uint32_t bits() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 32);
  }
  /// Uniform in (-1, 1), never 0.
  float next() { return (static_cast<float>(bits() >> 9) - 4194303.5f) * 0x1p-22f; }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace dense
