// SPDX-License-Identifier: MIT
// Numbers as bytes, least significant byte first on every machine.
#pragma once

#include <cstdint>

namespace mote::detail {

inline std::uint32_t load32(const unsigned char* bytes) {
  return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[1]} << 8 | bytes[0];
}

inline std::uint64_t load64(const unsigned char* bytes) {
  return std::uint64_t{load32(bytes + 4)} << 32 | load32(bytes);
}

inline void store32(std::uint32_t value, unsigned char* bytes) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(value >> 8 * i);
}

}  // namespace mote::detail
