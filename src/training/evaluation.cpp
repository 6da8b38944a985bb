// SPDX-License-Identifier: MIT
#include "mote/evaluation.hpp"

#include "scoring.hpp"

namespace mote {

Result check(const Topology& topology, const Dataset& dataset) {
  if (dataset.count == 0) return Status::no_samples;
  if (dataset.features != topology.inputs) return {Status::input_size_mismatch, dataset.features, topology.inputs};
  if (dataset.outputs() != topology.outputs()) {
    return {Status::output_size_mismatch, dataset.outputs(), topology.outputs()};
  }
  return check(dataset);
}

Result evaluate(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion) {
  return detail::evaluate(topology, parameters, loss, dataset, scratch, totals, confusion, loss_and_deltas,
                          detail::kAllActivations.functions);
}

Result detail::evaluate(const Topology& topology, Span<const float> parameters, const LossOptions& loss,
                        const Dataset& dataset, Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion,
                        LossFunction function, const ActivateFunction* activations) {
  const Result checked = detail::check_evaluation(topology, loss, dataset, confusion);
  if (!checked.ok()) return checked;
  std::size_t rows = kEvaluationRows;
  while (rows > 1 && evaluation_bytes(topology, rows) > scratch.size()) rows /= 2;
  const detail::EvaluationPlan plan = detail::evaluation_plan(topology, rows, inference_bytes(topology, rows));
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  float* inputs = plan.inputs.in(scratch).data();
  Network network;
  const Result bound = network.bind(topology, parameters, rows, plan.scratch.in(scratch), activations);
  if (!bound.ok()) return bound;
  return detail::score(dataset, loss, function, topology.output_activation(), inputs, plan.losses.in(scratch), totals,
                       confusion, [&](std::size_t count) { return network.forward_pre_activations(inputs, count); });
}

}  // namespace mote
