// SPDX-License-Identifier: MIT
// Samples with what is wanted of them, as bytes where they lie, and the order in which training sees them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/parallel.hpp"
#include "mote/random.hpp"

namespace mote {

/// `count` samples of `features` bytes, each with a label, with a vector of targets, or to be reproduced. A view: 8-bit
/// data stays 8-bit until a batch is gathered, and targets stay where they are.
struct Dataset {
  const std::uint8_t* features_data = nullptr;  // [count][features]
  const std::uint8_t* labels = nullptr;         // [count], each less than classes; null: none
  std::size_t count = 0;
  std::size_t features = 0;
  std::size_t classes = 0;          ///< 1 to 256
  float scale = 1.0f / 255.0f;      ///< what a byte is multiplied by to become an input
  MatrixView targets = {};          ///< [count][outputs], what the loss compares outputs with; no data: the labels
  bool inputs_are_targets = false;  ///< so are the inputs, as floats, instead

  /// Samples [first, first + size).
  Dataset subset(std::size_t first, std::size_t size) const;
  /// The same samples without labels, for an autoencoder: each input vector is its own target.
  Dataset autoencoding() const;
  /// Outputs that a network for these samples has.
  constexpr std::size_t outputs() const {
    return inputs_are_targets ? features : targets.data != nullptr ? targets.columns : classes;
  }
};

/// The largest of them; 0 for none.
std::uint8_t largest_label(Span<const std::uint8_t> labels);

/// ok; no_labels when nothing is wanted of the samples; count_mismatch when targets are more or fewer than samples;
/// output_size_mismatch when targets and labels are for different numbers of outputs; label_out_of_range. Whatever
/// trains on a dataset or evaluates it asks this first.
Result check(const Dataset& dataset);

/// ok, or target_out_of_range (found: the first sample with one). Targets must be finite, for the cross-entropies from
/// 0 to 1; for cross_entropy those of a sample must add up to 1 within a thousandth, which inputs as targets never
/// do: found is 0 for them. Training and evaluation trust them.
Result check_targets(Loss loss, const Dataset& dataset);

/// Asks for the samples that a later gather with the same arguments will read to be brought near the processor.
void prefetch(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
              std::size_t part = 0, std::size_t parts = 1);

/// inputs[i] = sample order[first + i], scaled to floats; order null means sample first + i. inputs [rows][features].
/// labels[i] = its label, unless labels is null or there are none.
void gather(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows, float* inputs,
            std::uint8_t* labels = nullptr);

/// What is wanted of samples order[first], order[first + 1], ...; order null means first, first + 1, ... inputs,
/// labels: what gather with the same order and first wrote; labels null: as they lie, without an order.
Targets targets_of(const Dataset& dataset, const std::uint32_t* order, std::size_t first, const float* inputs,
                   const std::uint8_t* labels);

/// A random permutation of 0 .. order.size() - 1, every one as likely (Fisher & Yates).
void shuffle(Span<std::uint32_t> order, Random& random);

/// Puts what is in `order` in a random order, every one as likely (Fisher & Yates).
void permute(Span<std::uint32_t> order, Random& random);

/// A bootstrap sample: order.size() numbers below order.size(), drawn with replacement (Efron 1979). Of many samples a
/// share of 1 - 1/e is in it, 63 %.
void draw_bootstrap(Span<std::uint32_t> order, Random& random);

}  // namespace mote
