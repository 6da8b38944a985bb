// SPDX-License-Identifier: MIT
// Inverted dropout (Srivastava et al. 2014; Goodfellow et al. 2016, 7.12): training drops each unit of each sample with
// a given probability and divides the kept ones by the probability of being kept. Expected activations equal those of
// the whole network, so that inference needs no change.
//
// Masks are not stored but computed in the forward pass and again in the backward pass: whether a unit is kept is a
// function of the seed, the number of the sample since training began, the layer and the unit. The mask costs no
// memory, does not depend on the division into batches and workers, and is integer arithmetic, equal on every machine.
// The key of a row is an output of SplitMix64 (Steele, Lea & Flood 2014), chosen by number; the bits of a unit mix this
// key with the number of the unit (finalizer of MurmurHash3, Appleby 2011). Unlike a generator, this vectorizes.
#ifndef MOTE_DETAIL_DROPOUT_HPP
#define MOTE_DETAIL_DROPOUT_HPP

#include <cstddef>
#include <cstdint>

#include "mote/activation.hpp"
#include "mote/random.hpp"

namespace mote {

/// Input of the masks. Only `sample` changes during training: resuming restores it.
struct Dropout {
  float rate = 0.0f;             ///< probability of dropping a unit, [0, 1), rounded to a multiple of 2^-24; 0: none
  std::uint64_t key = 0;         ///< dropout_key(seed)
  std::uint64_t sample = 0;      ///< number of the sample in the first row; later rows count up
  std::uint32_t layer = 0;       ///< 0: the inputs; l + 1: activations of layer l
  const float* rates = nullptr;  ///< of the hidden layers in turn, for at(); null: rate

  /// The masks of another layer, for rows from `row` on.
  constexpr Dropout at(std::size_t other_layer, std::size_t row) const {
    const float other_rate = rates == nullptr || other_layer == 0 ? rate : rates[other_layer - 1];
    return {other_rate, key, sample + row, static_cast<std::uint32_t>(other_layer), rates};
  }
};

/// Key from the random stream for dropout.
inline std::uint64_t dropout_key(std::uint64_t seed) {
  Random random(seed, Stream::dropout);
  const std::uint64_t high = random.next();
  return high << 32 | random.next();
}

/// Sets values of dropped units to 0 and divides the others by 1 - rate. values: [rows][columns], row stride `stride`.
/// The function is linear, so it also maps dC/da of its outputs to dC/da of its inputs.
void drop_units(const Dropout& dropout, std::size_t rows, std::size_t columns, std::size_t stride, float* values);

/// drop_units() followed by multiply_by_derivative() (detail/activation.hpp) on deltas. kept: pre-activations
/// where needs_pre_activations(activation), else activations after drop_units().
void drop_and_multiply_by_derivative(const Dropout& dropout, Activation activation, std::size_t rows,
                                     std::size_t columns, std::size_t stride, const float* kept, float* deltas);

}  // namespace mote

#endif  // MOTE_DETAIL_DROPOUT_HPP
