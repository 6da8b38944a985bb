// SPDX-License-Identifier: MIT
// Numbers as bytes, the least significant first, whatever the machine's own order.
#pragma once

#include <cstdint>

namespace mote::detail {

inline std::uint32_t load32(const unsigned char* bytes) {
  return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[1]} << 8 | bytes[0];
}

inline std::uint64_t load64(const unsigned char* bytes) {
  return std::uint64_t{load32(bytes + 4)} << 32 | load32(bytes);
}

inline float load_float(const unsigned char* bytes) {
  const std::uint32_t bits = load32(bytes);
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

inline void store32(std::uint32_t value, unsigned char* bytes) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(value >> 8 * i);
}

inline void store64(std::uint64_t value, unsigned char* bytes) {
  store32(static_cast<std::uint32_t>(value), bytes);
  store32(static_cast<std::uint32_t>(value >> 32), bytes + 4);
}

inline void store_float(float x, unsigned char* bytes) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  store32(bits, bytes);
}

}  // namespace mote::detail
