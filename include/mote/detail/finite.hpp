// SPDX-License-Identifier: MIT
#ifndef MOTE_DETAIL_FINITE_HPP
#define MOTE_DETAIL_FINITE_HPP

#include <cstdint>

#include "mote/memory.hpp"

namespace mote::detail {

/// Whether x is neither infinite nor NaN. Always inlined: numeric files share no code. (std::isfinite is not
/// constexpr.)
[[gnu::always_inline]] constexpr bool is_finite(float x) {
  return x - x == 0.0f;
}

/// Whether x is valid as a penalty or a limit.
constexpr bool is_amount(float x) {
  return x >= 0.0f && is_finite(x);
}

/// Whether x is valid as a decay rate or a probability.
constexpr bool is_fraction(float x) {
  return x >= 0.0f && x < 1.0f;
}

/// Of floats at any address; floats.size(): a multiple of 4.
inline bool all_finite(Bytes floats) {
  for (std::size_t i = 0; i < floats.size(); i += sizeof(float)) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, floats.data() + i, sizeof bits);
    if (bits << 1 >= 0xff000000u) return false;  // the exponent is all ones; without a call on soft-float cores
  }
  return true;
}
inline bool all_finite(Span<const float> values) {
  return all_finite(as_bytes(values));
}

}  // namespace mote::detail

#endif  // MOTE_DETAIL_FINITE_HPP
