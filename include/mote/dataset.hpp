// SPDX-License-Identifier: MIT
// Labelled samples, as bytes where they lie, and the order in which training sees them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/idx.hpp"
#include "mote/parallel.hpp"
#include "mote/random.hpp"
#include "mote/span.hpp"

namespace mote {

/// `count` samples of `features` bytes, each with a label. A view: 8-bit data stays 8-bit until a batch is gathered.
struct Dataset {
  const std::uint8_t* features_data = nullptr;  // [count][features]
  const std::uint8_t* labels = nullptr;         // [count], each less than classes
  std::size_t count = 0;
  std::size_t features = 0;
  std::size_t classes = 0;      ///< 1 to 256
  float scale = 1.0f / 255.0f;  ///< what a byte is multiplied by to become an input

  /// Samples [first, first + size).
  Dataset subset(std::size_t first, std::size_t size) const;
};

/// Pairs images [count][rows][columns] with labels [count]. classes: how many there are, or 0 for the largest label
/// + 1. count_mismatch; label_out_of_range when a label is not less than classes.
Result make_dataset(const Idx& images, const Idx& labels, std::size_t classes, Dataset& dataset);

/// Asks for the samples that a later gather with the same arguments will read to be brought near the processor.
void prefetch(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
              std::size_t part = 0, std::size_t parts = 1);

/// inputs[i] = sample order[first + i], scaled to floats; order null means sample first + i. inputs [rows][features].
/// labels[i] = its label, unless labels is null.
void gather(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows, float* inputs,
            std::uint8_t* labels = nullptr);

/// Writes to `list`, in increasing order, the features that are not 0 in all of the samples that gather with the same
/// arguments reads, and returns how many; leaves `list` alone when it is all of them. list, mask: room for
/// dataset.features each; mask is scratch, at the end not 0 for these features.
std::size_t list_nonzero_features(const Dataset& dataset, const std::uint32_t* order, std::size_t first,
                                  std::size_t rows, std::uint8_t* mask, std::uint32_t* list);

/// Writes to `list`, in increasing order, where mask is not 0, and returns how often. list: room for mask.size().
std::size_t list_set(Span<const std::uint8_t> mask, std::uint32_t* list);

/// A random permutation of 0 .. order.size() - 1, every one as likely (Fisher & Yates).
void shuffle(Span<std::uint32_t> order, Random& random);

/// Puts what is in `order` in a random order, every one as likely (Fisher & Yates).
void permute(Span<std::uint32_t> order, Random& random);

/// A bootstrap sample: order.size() numbers below order.size(), drawn with replacement (Efron 1979). Of many samples a
/// share of 1 - 1/e is in it, 63 %.
void draw_bootstrap(Span<std::uint32_t> order, Random& random);

}  // namespace mote
