// SPDX-License-Identifier: MIT
// SplitMix64 (Steele, Lea & Flood 2014), for numeric files too: internal linkage.
#pragma once

#include "arithmetic.hpp"

namespace mote::detail {

inline constexpr std::uint64_t kSplitMixStep = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio, made odd

/// The random bits of one state; the states of a sequence are kSplitMixStep apart.
MOTE_INLINE std::uint64_t split_mix(std::uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
  state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
  return state ^ (state >> 31);
}

}  // namespace mote::detail
