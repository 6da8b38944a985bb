// SPDX-License-Identifier: MIT
// Evaluation of a network or of an ensemble.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/loss.hpp"
#include "mote/evaluation.hpp"

namespace mote::detail {

/// Checks all arguments of evaluate() except parameters and memory.
inline Result check_evaluation(const Topology& topology, const LossOptions& loss, const Dataset& dataset,
                               Span<const std::uint32_t> confusion) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check(loss, topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(topology, dataset); !result.ok()) return result;
  return dataset.labels == nullptr && !confusion.empty() ? Status::no_labels : Status::ok;
}

/// Sums up losses, correct answers and confusion over a data set, losses.size() samples at a time. inputs: scratch for
/// these samples. pre_activations(n): z of the first n rows of inputs, before `activation`. Errors: input_not_finite;
/// target_out_of_range if a loss is not finite because of its targets.
template <typename PreActivations>
Result score(const Dataset& dataset, const LossOptions& loss, LossFunction function, Activation activation,
             float* inputs, Span<float> losses, LossTotals& totals, Span<std::uint32_t> confusion,
             PreActivations pre_activations) {
  const std::size_t rows = losses.size();
  totals = {};
  for (std::uint32_t& count : confusion) count = 0;
  for (std::size_t first = 0; first < dataset.count; first += rows) {
    const std::size_t count = rows < dataset.count - first ? rows : dataset.count - first;
    if (const Result result = gather(dataset, nullptr, first, count, inputs); !result.ok()) return result;
    const MatrixView z = pre_activations(count);
    const Targets targets = targets_of(dataset, nullptr, first, inputs, nullptr);
    const std::uint32_t correct =
        function(loss, activation, count, z.columns, z.stride, z.data, targets, 1.0f, nullptr, losses.data());
    totals.add(losses.subspan(0, count), correct);
    if (confusion.empty()) continue;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t predicted = argmax(z.row(i));
      if (predicted < dataset.classes) ++confusion[dataset.labels[first + i] * dataset.classes + predicted];
    }
  }
  return is_finite(totals.sum) ? Status::ok : check_targets(loss.kind, dataset);
}

}  // namespace mote::detail
