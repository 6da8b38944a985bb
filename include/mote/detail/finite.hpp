// SPDX-License-Identifier: MIT
#pragma once

namespace mote::detail {

/// Neither infinite nor NaN. (std::isfinite is no constant expression. Always inline: numeric files share no code.)
[[gnu::always_inline]] constexpr bool is_finite(float x) {
  return x - x == 0.0f;
}

}  // namespace mote::detail
