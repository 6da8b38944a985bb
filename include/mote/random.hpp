// SPDX-License-Identifier: MIT
// Random numbers: seeded, portable, passed explicitly.
#ifndef MOTE_RANDOM_HPP
#define MOTE_RANDOM_HPP

#include <cstdint>

#include "mote/status.hpp"

namespace mote {

/// Purpose of a stream of random numbers. The streams of a seed are independent: another initialization, for instance,
/// keeps the order of the samples.
enum class Stream : std::uint32_t { initialization, shuffle, dropout, bootstrap };

/// xoshiro128++ 1.0 (Blackman & Vigna 2021), seeded through SplitMix64. Period 2^128 - 1. Every machine draws equal
/// numbers, floats included.
class Random {
 public:
  /// State of a generator: never all zero.
  struct State {
    std::uint32_t words[4] = {};
  };

  Random(std::uint64_t seed, Stream stream);
  /// Continues from the state of another generator.
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

/// Seed number `number` of several runs that share a seed, such as the members of an ensemble: each has streams of its
/// own, and practically none is `seed` itself.
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t number);

}  // namespace mote

#endif  // MOTE_RANDOM_HPP
