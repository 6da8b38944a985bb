// SPDX-License-Identifier: MIT
// What evaluating a network and evaluating an ensemble have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/evaluation.hpp"

namespace mote::detail {

/// What evaluate() refuses, but for parameters and memory.
inline Result check_evaluation(const Topology& topology, const LossOptions& loss, const Dataset& dataset,
                               Span<const std::uint32_t> confusion) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check(loss, topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(topology, dataset); !result.ok()) return result;
  return dataset.labels == nullptr && !confusion.empty() ? Status::no_labels : Status::ok;
}

/// Adds up losses, hits and confusion over a data set, losses.size() samples at a time. inputs: as many rows;
/// pre_activations(n): z of the first n of them, before `activation`.
template <typename PreActivations>
void score(const Dataset& dataset, const LossOptions& loss, Activation activation, float* inputs, Span<float> losses,
           LossTotals& totals, Span<std::uint32_t> confusion, PreActivations pre_activations) {
  const std::size_t rows = losses.size();
  for (std::size_t first = 0; first < dataset.count; first += rows) {
    const std::size_t count = rows < dataset.count - first ? rows : dataset.count - first;
    gather(dataset, nullptr, first, count, inputs);
    const MatrixView z = pre_activations(count);
    const Targets targets = targets_of(dataset, nullptr, first, inputs, nullptr);
    const std::uint32_t correct =
        loss_and_deltas(loss, activation, count, z.columns, z.stride, z.data, targets, 1.0f, nullptr, losses.data());
    totals.add(losses.subspan(0, count), correct);
    if (confusion.empty()) continue;
    for (std::size_t i = 0; i < count; ++i) {
      ++confusion[dataset.labels[first + i] * dataset.classes + argmax(z.row(i))];
    }
  }
}

}  // namespace mote::detail
