// SPDX-License-Identifier: MIT
#pragma once

namespace mote::detail {

/// Whether x is neither infinite nor NaN. Always inlined: numeric files share no code. (std::isfinite is not constexpr.)
[[gnu::always_inline]] constexpr bool is_finite(float x) {
  return x - x == 0.0f;
}

}  // namespace mote::detail
