// SPDX-License-Identifier: MIT
// Loss and accuracy of a network on any data.
#ifndef MOTE_EVALUATION_HPP
#define MOTE_EVALUATION_HPP

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/detail/loss.hpp"
#include "mote/loss.hpp"
#include "mote/network.hpp"

namespace mote {

/// Largest number of samples that evaluation takes at a time; more would not be faster.
inline constexpr std::size_t kEvaluationRows = 256;

namespace detail {
struct EvaluationPlan {
  Part<float> inputs;           // [rows][inputs]
  Part<float> losses;           // [rows]
  Part<unsigned char> scratch;  // of Network or Ensemble
  std::size_t bytes;
};

constexpr EvaluationPlan evaluation_plan(const Topology& topology, std::size_t rows, std::size_t scratch_bytes) {
  MemoryPlan memory;
  EvaluationPlan plan{};
  plan.inputs = memory.take<float>(rows, topology.inputs);
  plan.losses = memory.take<float>(rows);
  plan.scratch = memory.take<unsigned char>(scratch_bytes);
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory to evaluate `rows` samples at a time. The outcome does not depend on rows.
constexpr std::size_t evaluation_bytes(const Topology& topology, std::size_t rows) {
  return detail::evaluation_plan(topology, rows, inference_bytes(topology, rows)).bytes;
}

/// ok, input_size_mismatch, output_size_mismatch, no_samples, or an error of check(dataset).
Result check(const Topology& topology, const Dataset& dataset);

/// Fills `totals` with the losses (with label smoothing, without penalties) and, where there are labels, the hits of
/// all samples. scratch: at least evaluation_bytes(topology, 1). confusion: empty, or [classes][classes] counts to
/// fill, row = label, column = predicted class; no_labels when there are none.
Result evaluate(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion = {});

namespace detail {
/// With this loss and these activations only.
Result evaluate(const Topology& topology, Span<const float> parameters, const LossOptions& loss, const Dataset& dataset,
                Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion, LossFunction function,
                const ActivateFunction* activations);
}  // namespace detail

}  // namespace mote

#endif  // MOTE_EVALUATION_HPP
