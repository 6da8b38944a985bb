// SPDX-License-Identifier: MIT
// The one source of randomness: seeded, portable, passed explicitly.
#pragma once

#include <cstdint>

#include "mote/status.hpp"

namespace mote {

/// What a stream of random numbers is for. Streams of one seed are independent of each other, so that, for instance,
/// another initialisation leaves the order of the samples as it was.
enum class Stream : std::uint32_t { initialization, shuffle, dropout, bootstrap };

/// xoshiro128++ 1.0 (Blackman & Vigna 2021), seeded through SplitMix64. Period 2^128 - 1; the same numbers on every
/// machine, the floating-point ones included.
class Random {
 public:
  /// Where a generator stands: never all zero.
  struct State {
    std::uint32_t words[4] = {};
  };

  Random(std::uint64_t seed, Stream stream);
  /// Goes on from where another one stood.
  explicit Random(const State& state) : state_(state) {}
  const State& state() const { return state_; }

  /// 32 uniform bits.
  std::uint32_t next();
  /// Uniform integer in [0, bound); bound >= 1. Unbiased (Lemire 2019).
  std::uint32_t below(std::uint32_t bound);
  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform();
  /// Uniform in [low, high].
  float uniform(float low, float high);
  /// Normal with mean 0 and standard deviation 1 (Marsaglia's polar method).
  float gaussian();

 private:
  State state_;
};

/// The seed of one of several runs that share a seed, such as a member of an ensemble: every number gives another, with
/// streams of its own, and `seed` itself is as good as never one of them.
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t number);

}  // namespace mote
