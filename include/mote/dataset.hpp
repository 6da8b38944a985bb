// SPDX-License-Identifier: MIT
// Samples with their labels or targets, as a view of bytes, and the order in which training sees them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/parallel.hpp"
#include "mote/random.hpp"

namespace mote {

/// `count` samples of `features` bytes, each with a label, with a vector of targets, or with its inputs as targets. A
/// view: 8-bit data stays 8-bit until a batch is gathered, and targets are not copied.
struct Dataset {
  const std::uint8_t* features_data = nullptr;  // [count][features]
  const std::uint8_t* labels = nullptr;         // [count], each less than classes; null: none
  std::size_t count = 0;
  std::size_t features = 0;
  std::size_t classes = 0;          ///< 1 to 256
  float scale = 1.0f / 255.0f;      ///< input = byte * scale
  MatrixView targets = {};          ///< [count][outputs]; no data: the labels are the targets
  bool inputs_are_targets = false;  ///< the inputs, as floats, are the targets (autoencoder)

  /// The samples [first, first + size).
  Dataset subset(std::size_t first, std::size_t size) const;
  /// These samples without labels, for an autoencoder: each input vector is its own target.
  Dataset autoencoding() const;
  /// Number of outputs of a network for these samples.
  constexpr std::size_t outputs() const {
    return inputs_are_targets ? features : targets.data != nullptr ? targets.columns : classes;
  }
};

/// The largest label; 0 for no labels.
std::uint8_t largest_label(Span<const std::uint8_t> labels);

/// ok; no_labels without labels and targets; count_mismatch unless there are targets for every sample;
/// output_size_mismatch when targets and labels are for different numbers of outputs; label_out_of_range. Training and
/// evaluation call it first.
Result check(const Dataset& dataset);

/// ok, or target_out_of_range (found: the first sample with one). Targets must be finite; for the cross-entropies, in
/// [0, 1]; for cross_entropy, of sum 1 within 1/1000 in each sample. For inputs as targets it checks the range of
/// byte * scale (found: 0); cross_entropy rejects them. Training and evaluation do not call it.
Result check_targets(Loss loss, const Dataset& dataset);

/// Prefetches part `part` of `parts` of the samples that gather() with these arguments will read.
void prefetch(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
              std::size_t part = 0, std::size_t parts = 1);

/// inputs[i] = sample order[first + i], scaled to floats; order null means sample first + i. inputs [rows][features].
/// labels[i] = its label, unless labels is null or there are none.
void gather(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows, float* inputs,
            std::uint8_t* labels = nullptr);

/// Targets of samples order[first], order[first + 1], ...; order null means first, first + 1, ... inputs, labels: as
/// gather() wrote them with this order and first. labels null: the labels of the dataset from `first` on, for order
/// null.
Targets targets_of(const Dataset& dataset, const std::uint32_t* order, std::size_t first, const float* inputs,
                   const std::uint8_t* labels);

/// Fills `order` with a random permutation of 0 .. order.size() - 1, all equally likely (Fisher & Yates).
void shuffle(Span<std::uint32_t> order, Random& random);

/// Permutes `order` at random, all permutations equally likely (Fisher & Yates).
void permute(Span<std::uint32_t> order, Random& random);

/// Fills `order` with a bootstrap sample: order.size() numbers below order.size(), drawn with replacement (Efron 1979).
/// A large sample contains a fraction of about 1 - 1/e, 63 %, of the numbers.
void draw_bootstrap(Span<std::uint32_t> order, Random& random);

}  // namespace mote
