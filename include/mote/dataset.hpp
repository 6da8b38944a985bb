// SPDX-License-Identifier: MIT
// Samples with their labels or targets, and the order in which training sees them.
#ifndef MOTE_DATASET_HPP
#define MOTE_DATASET_HPP

#include <cstddef>
#include <cstdint>

#include "mote/inputs.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/random.hpp"

namespace mote {

/// Samples and their answers: labels, vectors of targets, or the inputs themselves. A view: inputs stay as they are
/// until a batch is gathered, and targets are not copied.
struct Dataset : Inputs {
  const std::uint8_t* labels = nullptr;  ///< [count], each less than classes; null: none
  std::size_t classes = 0;               ///< 1 to 256
  MatrixView targets = {};               ///< [count][outputs]; no data: the labels are the targets
  bool inputs_are_targets = false;       ///< the inputs, as floats, are the targets (autoencoder)
  /// Factors of the losses, and so of the gradients: of each sample and of each class, finite, >= 0; null: 1. The mean
  /// of a mini-batch still divides by its number of samples.
  const float* sample_weights = nullptr;  ///< [count]
  const float* class_weights = nullptr;   ///< [classes]; needs labels

  constexpr Dataset() = default;
  constexpr Dataset(const Inputs& inputs, const std::uint8_t* labels_of_all, std::size_t class_count)
      : Inputs(inputs), labels(labels_of_all), classes(class_count) {}
  constexpr Dataset(const Inputs& inputs, const MatrixView& targets_of_all) : Inputs(inputs), targets(targets_of_all) {}
  /// Images of bytes.
  constexpr Dataset(const std::uint8_t* bytes, const std::uint8_t* labels_of_all, std::size_t samples,
                    std::size_t features_of_one, std::size_t class_count, float scale_of_all = 1.0f / 255.0f)
      : Dataset(Inputs(bytes, samples, features_of_one, scale_of_all), labels_of_all, class_count) {}

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

/// ok; an error of check(inputs); no_labels without labels and targets, or with class weights; count_mismatch unless
/// there are targets for every sample; output_size_mismatch when targets and labels are for different numbers of
/// outputs; label_out_of_range; bad_weight (found: sample or class). Training and evaluation call it first.
Result check(const Dataset& dataset);

/// ok, or target_out_of_range (found: the first sample with one; expected: its output, or their number for a sum).
/// Targets must be finite; for the cross-entropies, in [0, 1]; for cross_entropy, of sum 1 within 1/1000 in each
/// sample. For inputs as targets it checks the range of bytes, and the values of other types; cross_entropy rejects
/// them. Training and evaluation call it only when a loss is not finite.
Result check_targets(Loss loss, const Dataset& dataset);

/// labels[i] = label of sample order[first + i], for i < count; order null means sample first + i. Nothing without
/// labels.
void gather_labels(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t count,
                   std::uint8_t* labels);

/// Targets of samples order[first], order[first + 1], ...; order null means first, first + 1, ... inputs, labels: as
/// gather() and gather_labels() wrote them with this order and first. labels null: the labels of the dataset from
/// `first` on, for order null.
Targets targets_of(const Dataset& dataset, const std::uint32_t* order, std::size_t first, const float* inputs,
                   const std::uint8_t* labels);

/// Standardization: fills offsets with the mean of each feature and scales with 1 / deviation, for
/// set_transformation(). Computed in double in two passes over the elements of `samples`, which should be the training
/// samples only; the deviation is that of the samples (divided by their number). A feature that is constant gets
/// scale 1. offsets, scales: [features]. Errors, when both may be partly filled: no_samples; input_not_finite
/// (found: sample; expected: feature).
Result standardize(const Inputs& samples, Span<float> offsets, Span<float> scales);

/// Fills `order` with a random permutation of 0 .. order.size() - 1, all equally likely (Fisher & Yates).
void shuffle(Span<std::uint32_t> order, Random& random);

/// Permutes `order` at random, all permutations equally likely (Fisher & Yates).
void permute(Span<std::uint32_t> order, Random& random);

/// Fills `order` with a bootstrap sample: order.size() numbers below order.size(), drawn with replacement (Efron 1979).
/// A large sample contains a fraction of about 1 - 1/e, 63 %, of the numbers.
void draw_bootstrap(Span<std::uint32_t> order, Random& random);

}  // namespace mote

#endif  // MOTE_DATASET_HPP
