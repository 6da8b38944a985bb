// SPDX-License-Identifier: MIT
#include "mote/evaluation.hpp"

namespace mote {

Result check(const Topology& topology, const Dataset& dataset) {
  if (dataset.count == 0) return Status::no_samples;
  if (dataset.features != topology.inputs) {
    return {Status::input_size_mismatch, dataset.features, topology.inputs};
  }
  if (dataset.outputs() != topology.outputs()) {
    return {Status::output_size_mismatch, dataset.outputs(), topology.outputs()};
  }
  return check(dataset);
}

Result evaluate(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check(loss, topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(topology, dataset); !result.ok()) return result;
  if (dataset.labels == nullptr && !confusion.empty()) return Status::no_labels;
  std::size_t rows = kEvaluationRows;
  while (rows > 1 && evaluation_bytes(topology, rows) > scratch.size()) rows /= 2;
  const detail::EvaluationPlan plan = detail::evaluation_plan(topology, rows);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  float* inputs = part_of<float>(scratch, plan.inputs, rows * topology.inputs).data();
  const Span<float> losses = part_of<float>(scratch, plan.losses, rows);
  const Memory inference = scratch.subspan(plan.inference, plan.bytes - plan.inference);
  Network network;
  if (const Result result = network.bind(topology, parameters, rows, inference); !result.ok()) return result;
  for (std::size_t first = 0; first < dataset.count; first += rows) {
    const std::size_t count = rows < dataset.count - first ? rows : dataset.count - first;
    gather(dataset, nullptr, first, count, inputs);
    const MatrixView z = network.forward_pre_activations(inputs, count);
    const Targets targets = targets_of(dataset, nullptr, first, inputs, nullptr);
    const std::uint32_t correct = loss_and_deltas(loss, topology.output_activation(), count, z.columns, z.stride,
                                                  z.data, targets, 1.0f, nullptr, losses.data());
    totals.add(losses.subspan(0, count), correct);
    if (confusion.empty()) continue;
    for (std::size_t i = 0; i < count; ++i) {
      ++confusion[dataset.labels[first + i] * dataset.classes + argmax(z.row(i))];
    }
  }
  return Status::ok;
}

}  // namespace mote
