// SPDX-License-Identifier: MIT
// Converts a trained network to a network of integers (integer_network.hpp), with the ranges of calibrate()
// (calibration.hpp):
//
//   mote::IntegerModel model;
//   if (!mote::make_integer_model(topology, parameters, ranges, mote::ScalePer::output, arrays, model).ok()) halt();
//
// Weights are symmetric, with the largest magnitude at 127. Activations use the whole of int8 for their range, 0
// included; those of an IntegerModel16 are symmetric. ReLU becomes a clamp, softmax is left out,
// and other activations become tables.
#ifndef MOTE_INTEGER_CONVERSION_HPP
#define MOTE_INTEGER_CONVERSION_HPP

#include <cstddef>
#include <cstdint>

#include "mote/calibration.hpp"
#include "mote/integer_network.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

/// One scale for all weights of a layer, or one for the weights of each output, which costs no time and loses less.
enum class ScalePer : std::uint8_t { layer, output };

/// Arrays of an integer model, all layers one after another. They must outlive it. T: int8 or int16.
template <typename T>
struct BasicIntegerArrays {
  Span<BasicIntegerLayer<T>> layers;  ///< [layer_count]
  Span<std::int8_t> weights;          ///< [flash_weight_count(topology)]
  Span<std::int32_t> biases;          ///< [integer_output_count(topology)]
  Span<std::int32_t> multipliers;     ///< as biases
  Span<std::int8_t> shifts;           ///< as biases
  Span<T> tables;                     ///< [kTable layer_count]: 256 entries a layer for int8, 257 for int16
};
using IntegerArrays = BasicIntegerArrays<std::int8_t>;
using IntegerArrays16 = BasicIntegerArrays<std::int16_t>;

/// Number of outputs of all layers.
constexpr std::size_t integer_output_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += topology.outputs_of(l);
  return count;
}

/// Largest magnitude of an int16 input of a layer with so many inputs: sums of weights of 127 stay below 2^30.
constexpr std::int16_t largest_int16(std::size_t inputs) {
  constexpr std::size_t kMost = (std::size_t{1} << 30) / 127;
  return static_cast<std::int16_t>(kMost / inputs > 32767 ? 32767 : kMost < inputs ? 1 : kMost / inputs);
}

/// Fills the arrays, and lets `model` view them. No sum of an IntegerModel16 can overflow. Errors: of check(topology);
/// batch_norm_not_folded; model_size_mismatch for parameters, ranges or an array; bad_enumerator; weight_out_of_range
/// (found: layer) for weights or a range that are not finite.
template <typename T>
Result make_integer_model(const Topology& topology, Span<const float> parameters, Span<const Range> ranges,
                          ScalePer per, const BasicIntegerArrays<T>& arrays, BasicIntegerModel<T>& model);
extern template Result make_integer_model(const Topology&, Span<const float>, Span<const Range>, ScalePer,
                                          const IntegerArrays&, IntegerModel&);
extern template Result make_integer_model(const Topology&, Span<const float>, Span<const Range>, ScalePer,
                                          const IntegerArrays16&, IntegerModel16&);

/// Fills the table of softmax(), [256], for outputs with this scale.
void make_exponentials(float scale, Span<std::uint16_t> exponentials);

}  // namespace mote

#endif  // MOTE_INTEGER_CONVERSION_HPP
