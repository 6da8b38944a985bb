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

const Topology& topology_of(const Topology& shared, const Member& member) {
  return member.topology == nullptr ? shared : *member.topology;
}

/// The most of bytes(topology) for the topology of the ensemble and those of its members.
template <typename F>
std::size_t most_bytes(const Topology& shared, Members members, F bytes) {
  std::size_t most = bytes(shared);
  for (const Member& member : members) {
    const std::size_t own = bytes(topology_of(shared, member));
    most = own > most ? own : most;
  }
  return most;
}

/// Whether a member answers like a network of `shared`.
Result check_member(const Topology& shared, const Topology& own) {
  if (const Result result = check(own); !result.ok()) return result;
  if (own.inputs != shared.inputs) return {Status::input_size_mismatch, own.inputs, shared.inputs};
  if (own.outputs() != shared.outputs()) return {Status::output_size_mismatch, own.outputs(), shared.outputs()};
  return own.output_activation() == shared.output_activation() ? Status::ok : Status::loss_activation_mismatch;
}

}  // namespace

Result Ensemble::bind(const Topology& topology, Members members, std::size_t rows, Memory scratch) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (members.empty()) return Status::no_members;
  for (const Member& member : members) {
    if (const Result result = check_member(topology, topology_of(topology, member)); !result.ok()) return result;
  }
  const std::size_t bytes =
      most_bytes(topology, members, [&](const Topology& each) { return ensemble_bytes(each, rows); });
  if (const Result result = check(scratch, bytes); !result.ok()) return result;
  const detail::EnsemblePlan plan = detail::ensemble_plan(topology, rows);
  const Memory inference = scratch.subspan(plan.inference.offset, bytes - plan.inference.offset);
  for (const Member& member : members) {
    Network network;
    const Result result = network.bind(topology_of(topology, member), member.parameters, rows, inference);
    if (!result.ok()) return result;
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
  for (const Member& member : members_) {
    Network network;
    const Result bound = network.bind(topology_of(topology_, member), member.parameters, max_rows_, inference_);
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
  const auto bytes = [&] {
    return most_bytes(topology, members, [&](const Topology& each) { return ensemble_bytes(each, rows); });
  };
  while (rows > 1 && detail::evaluation_plan(topology, rows, bytes()).bytes > scratch.size()) rows /= 2;
  const detail::EvaluationPlan plan = detail::evaluation_plan(topology, rows, bytes());
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
  for (const Member& member : members) {
    unsigned char bytes[4];
    detail::store32(fingerprint(topology_of(topology, member), member.parameters), bytes);
    crc = crc32(bytes, crc);
  }
  return crc;
}

}  // namespace mote
