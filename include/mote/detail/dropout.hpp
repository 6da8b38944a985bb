// SPDX-License-Identifier: MIT
// Dropout (Srivastava et al. 2014; Goodfellow et al. 2016, 7.12): in training, every unit is left out with a given
// probability, anew for each sample. Units that are kept are divided by the probability of being kept, so that
// expectations are those of the whole network, and inference knows nothing of it.
//
// Masks are not stored: whether a unit is kept is a function of the seed, the number of the sample since training
// began, the layer and the unit, computed where it is needed, in the forward pass and again in the backward pass. So it
// does not depend on how samples come in chunks and are shared by workers, costs no memory, and is all integers: the
// same on every machine. The key of a row is an output of SplitMix64 (Steele, Lea & Flood 2014) chosen by number, and
// the bits of a unit mix that key with the unit's number (the finalizer of MurmurHash3, Appleby 2011). That vectorises,
// which a generator that steps from unit to unit does not.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/activation.hpp"
#include "mote/random.hpp"

namespace mote {

/// What masks are made of. `sample` is all that changes during training: who wants to go on from where it stopped
/// restores that.
struct Dropout {
  float rate = 0.0f;         ///< probability of being left out, in steps of 2^-24, [0, 1); 0: no dropout
  std::uint64_t key = 0;     ///< dropout_key(seed)
  std::uint64_t sample = 0;  ///< number of the sample in the first row; the following rows have the following numbers
  std::uint32_t layer = 0;   ///< 0: the inputs; l + 1: activations of layer l

  /// The same for rows from `row` on, in another layer.
  constexpr Dropout at(std::size_t other_layer, std::size_t row) const {
    return {rate, key, sample + row, static_cast<std::uint32_t>(other_layer)};
  }
};

/// From the stream of random numbers that is for dropout.
inline std::uint64_t dropout_key(std::uint64_t seed) {
  Random random(seed, Stream::dropout);
  const std::uint64_t high = random.next();
  return high << 32 | random.next();
}

/// values = 0 where left out, else values / (1 - rate). values [rows][columns], row stride `stride`. Its own
/// derivative: what it makes of activations it makes of their dC/da.
void drop_units(const Dropout& dropout, std::size_t rows, std::size_t columns, std::size_t stride, float* values);

/// drop_units and then multiply_by_derivative (activation.hpp) for deltas. kept: pre-activations where
/// needs_pre_activations(activation), else activations after drop_units.
void drop_and_multiply_by_derivative(const Dropout& dropout, Activation activation, std::size_t rows,
                                     std::size_t columns, std::size_t stride, const float* kept, float* deltas);

}  // namespace mote
