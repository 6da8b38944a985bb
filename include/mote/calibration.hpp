// SPDX-License-Identifier: MIT
// Ranges of the activations of a trained network, from samples, for its conversion to integers
// (integer_conversion.hpp):
//
//   static mote::Storage<mote::calibration_bytes(topology)> scratch;
//   mote::Range ranges[topology.layer_count + 1];
//   if (!mote::calibrate(topology, parameters, samples, scratch, ranges).ok()) halt();
#ifndef MOTE_CALIBRATION_HPP
#define MOTE_CALIBRATION_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/backpropagation.hpp"
#include "mote/inputs.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

/// How calibrate() derives a range from the numbers that it sees. Numbers outside are clamped.
enum class Calibration : std::uint8_t {
  extremes,      ///< smallest and largest number
  percentile,    ///< leaves out the smallest and the largest 1/20000 of the numbers
  least_squares  ///< least sum of squared errors, of rounding to int8 inside and of clamping outside
};

/// Smallest and largest number, with 0 between them.
struct Range {
  float least = 0.0f, most = 0.0f;

  /// Includes the numbers.
  void widen(Span<const float> numbers) {
    for (const float x : numbers) {
      if (x < least) least = x;
      if (x > most) most = x;
    }
  }
};

namespace detail {
struct CalibrationPlan {
  Part<float> inputs;              // [kCalibrationRows][inputs]
  Part<std::uint32_t> histograms;  // [layer_count + 1][kCalibrationBins] unless the extremes are wanted
  Part<unsigned char> scratch;     // of Backpropagation
  std::size_t bytes;
};
inline constexpr std::size_t kCalibrationRows = 16, kCalibrationBins = 2048;

constexpr CalibrationPlan calibration_plan(const Topology& topology, Calibration method) {
  MemoryPlan memory;
  CalibrationPlan plan{};
  const std::size_t histograms = method == Calibration::extremes ? 0 : topology.layer_count + std::size_t{1};
  plan.histograms = memory.take<std::uint32_t>(histograms, kCalibrationBins);
  plan.inputs = memory.take<float>(kCalibrationRows, topology.inputs);
  plan.scratch = memory.take<unsigned char>(backpropagation_bytes(topology, {1, true}, kCalibrationRows));
  plan.bytes = memory.bytes();
  return plan;
}

/// ok; an error of check(topology); batch_norm_not_folded; model_size_mismatch for the number of parameters or ranges.
Result check_conversion(const Topology& topology, Span<const float> parameters, std::size_t ranges);
}  // namespace detail

/// Bytes of scratch memory of calibrate().
constexpr std::size_t calibration_bytes(const Topology& topology, Calibration method = Calibration::extremes) {
  return detail::calibration_plan(topology, method).bytes;
}

/// Fills `ranges`, [layer_count + 1]: of the inputs, then of each layer's pre-activations, from 0 on for ReLU, over all
/// samples. Errors: of check(topology); batch_norm_not_folded; bad_enumerator; no_samples; input_size_mismatch;
/// model_size_mismatch for parameters or ranges (found and expected: elements); input_not_finite; of check(scratch).
Result calibrate(const Topology& topology, Span<const float> parameters, const Inputs& samples, Calibration method,
                 Memory scratch, Span<Range> ranges);
inline Result calibrate(const Topology& topology, Span<const float> parameters, const Inputs& samples, Memory scratch,
                        Span<Range> ranges) {
  return calibrate(topology, parameters, samples, Calibration::extremes, scratch, ranges);
}

}  // namespace mote

#endif  // MOTE_CALIBRATION_HPP
