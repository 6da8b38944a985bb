// SPDX-License-Identifier: MIT
#include "mote/ensemble.hpp"

#include "../core/little_endian.hpp"
#include "mote/checksum.hpp"
#include "mote/detail/vector_math.hpp"
#include "scoring.hpp"

namespace mote {
namespace {

/// Turns means into z with activation(z) = means, up to a constant for softmax: the argument of a loss. z: the memory
/// of the means.
void invert(Activation activation, const MatrixView& means, float* z) {
  constexpr float kLeast = 0x1p-149f, kLeastComplement = 0x1p-25f;
  if (activation == Activation::identity) return;
  for (std::size_t i = 0; i < means.rows; ++i, z += means.stride) {
    for (std::size_t j = 0; j < means.columns; ++j) {
      const float a = z[j];
      z[j] = a > kLeast || a != a ? a : kLeast;
      if (activation == Activation::sigmoid) z[j] /= a < 1.0f ? 1.0f - a : kLeastComplement;  // the odds
    }
    log(z, z, means.columns);
  }
}

}  // namespace

Result Ensemble::bind(const Topology& topology, Members members, std::size_t rows, Memory scratch) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (members.empty()) return Status::no_members;
  const detail::EnsemblePlan plan = detail::ensemble_plan(topology, rows);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  const Memory inference = plan.inference.in(scratch);
  for (const Span<const float> parameters : members) {
    Network network;
    if (const Result result = network.bind(topology, parameters, rows, inference); !result.ok()) return result;
  }
  topology_ = topology;
  members_ = members;
  means_ = plan.means.in(scratch).data();
  inference_ = inference;
  max_rows_ = rows;
  return Status::ok;
}

MatrixView Ensemble::forward(const float* inputs, std::size_t rows) const {
  MOTE_ASSERT(!members_.empty() && rows >= 1 && rows <= max_rows_);
  const std::size_t columns = topology_.outputs(), stride = row_stride(columns);
  for (std::size_t i = 0; i < rows * stride; ++i) means_[i] = 0.0f;
  for (const Span<const float> parameters : members_) {
    Network network;
    const Result bound = network.bind(topology_, parameters, max_rows_, inference_);
    MOTE_ASSERT(bound.ok());
    const MatrixView outputs = network.forward(inputs, rows);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) means_[i * stride + j] += outputs.row(i)[j];
    }
  }
  const float count = static_cast<float>(members_.size());
  for (std::size_t i = 0; i < rows * stride; ++i) means_[i] /= count;
  return {means_, rows, columns, stride};
}

Result evaluate(const Topology& topology, Members members, const LossOptions& loss, const Dataset& dataset,
                Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion) {
  const Result checked = detail::check_evaluation(topology, loss, dataset, confusion);
  if (!checked.ok()) return checked;
  std::size_t rows = kEvaluationRows;
  while (rows > 1 && ensemble_evaluation_bytes(topology, rows) > scratch.size()) rows /= 2;
  const detail::EvaluationPlan plan = detail::evaluation_plan(topology, rows, ensemble_bytes(topology, rows));
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  float* inputs = plan.inputs.in(scratch).data();
  const Memory memory = plan.scratch.in(scratch);
  float* means = detail::ensemble_plan(topology, rows).means.in(memory).data();
  Ensemble ensemble;
  if (const Result result = ensemble.bind(topology, members, rows, memory); !result.ok()) return result;
  const bool has_inverse =
      topology.output_activation() == Activation::softmax || topology.output_activation() == Activation::sigmoid;
  const Activation activation = has_inverse ? topology.output_activation() : Activation::identity;
  const auto pre_activations = [&](std::size_t count) {
    const MatrixView outputs = ensemble.forward(inputs, count);
    invert(activation, outputs, means);
    return outputs;
  };
  return detail::score(dataset, loss, loss_and_deltas, activation, inputs, plan.losses.in(scratch), totals, confusion,
                       pre_activations);
}

std::uint32_t fingerprint(const Topology& topology, Members members) {
  std::uint32_t crc = 0;
  for (const Span<const float> parameters : members) {
    unsigned char bytes[4];
    detail::store32(fingerprint(topology, parameters), bytes);
    crc = crc32(bytes, crc);
  }
  return crc;
}

}  // namespace mote
