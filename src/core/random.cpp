// SPDX-License-Identifier: MIT
#include "mote/random.hpp"

#include "arithmetic.hpp"
#include "split_mix.hpp"

namespace mote {
namespace {

std::uint64_t next_mixed(std::uint64_t& state) {
  return detail::split_mix(state += detail::kSplitMixStep);
}

std::uint32_t rotate_left(std::uint32_t x, int count) {
  return (x << count) | (x >> (32 - count));
}

}  // namespace

Random::Random(std::uint64_t seed, Stream stream) {
  std::uint64_t mixer = seed;
  mixer = next_mixed(mixer) + static_cast<std::uint64_t>(stream);  // neighboring seeds must not share streams
  for (int i = 0; i < 4; i += 2) {
    const std::uint64_t bits = next_mixed(mixer);
    state_.words[i] = static_cast<std::uint32_t>(bits);
    state_.words[i + 1] = static_cast<std::uint32_t>(bits >> 32);
  }
}

std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t mixer = seed;
  mixer = ~next_mixed(mixer) + number;  // the complement differs from the mixers of Random
  return next_mixed(mixer);
}

std::uint32_t Random::next() {
  const std::uint32_t result = rotate_left(state_.words[0] + state_.words[3], 7) + state_.words[0];
  const std::uint32_t shifted = state_.words[1] << 9;
  state_.words[2] ^= state_.words[0];
  state_.words[3] ^= state_.words[1];
  state_.words[1] ^= state_.words[2];
  state_.words[0] ^= state_.words[3];
  state_.words[2] ^= shifted;
  state_.words[3] = rotate_left(state_.words[3], 11);
  return result;
}

std::uint32_t Random::below(std::uint32_t bound) {
  MOTE_ASSERT(bound > 0);
  std::uint64_t product = std::uint64_t{next()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0u - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

float Random::uniform() {
  return static_cast<float>(next() >> 8) * 0x1p-24f;
}

float Random::uniform(float low, float high) {
  return low + (high - low) * uniform();
}

float Random::gaussian() {
  float u, square;
  do {
    u = 2.0f * uniform() - 1.0f;
    const float v = 2.0f * uniform() - 1.0f;
    square = u * u + v * v;
  } while (square >= 1.0f || square == 0.0f);
  // Separate arithmetic everywhere, so that both classes draw equal initial parameters.
  return u * detail::square_root(-2.0f * detail::log_of<false>(square) / square);
}

}  // namespace mote
