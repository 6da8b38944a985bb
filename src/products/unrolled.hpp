// SPDX-License-Identifier: MIT
// Loops over constant indices for processors without vectors. At -Os, GCC keeps an array in registers only if its
// indices are constant before loops are unrolled.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

// Without a floating-point unit, every operation on floats is a call.
#if (defined(__ARM_ARCH) && !defined(__ARM_FP)) || (defined(__riscv) && !defined(__riscv_flen))
#define MOTE_SOFT_FLOATS
#endif

namespace mote::detail {

template <std::size_t N>
using Constant = std::integral_constant<std::size_t, N>;

template <typename F, std::size_t... J>
[[gnu::always_inline]] inline void for_indices(std::index_sequence<J...>, [[maybe_unused]] F f) {
  (f(Constant<J>()), ...);
}

/// Calls f(j) for j in [0, N), each a Constant.
template <std::size_t N, typename F>
[[gnu::always_inline]] inline void for_constants(F f) {
  for_indices(std::make_index_sequence<N>(), f);
}

}  // namespace mote::detail

/// Begins a lambda for for_constants().
#define MOTE_EACH(j) [&](auto j) __attribute__((always_inline))
