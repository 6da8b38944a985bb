// SPDX-License-Identifier: MIT
// Bagging: networks trained on bootstrap samples of one data set decide by the mean of their outputs (Breiman 1996;
// Goodfellow et al. 2016, 7.11).
//
//   options.bootstrap = true;
//   options.seed = mote::derived_seed(seed, member);   // own sample, order and initial parameters
//   ... train each member ...
//   const mote::Member members[] = {first.parameters(), second.parameters(), {third.parameters(), &other_topology}};
//   static mote::Storage<mote::ensemble_bytes(topology, 1)> scratch;
//   mote::Ensemble ensemble;
//   if (!ensemble.bind(topology, members, 1, scratch).ok()) halt();
//   ... mote::argmax(ensemble.forward(inputs, 1).row(0));
#ifndef MOTE_ENSEMBLE_HPP
#define MOTE_ENSEMBLE_HPP

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/evaluation.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"

namespace mote {

/// A network of an ensemble.
struct Member {
  Span<const float> parameters;
  /// null: the topology of the ensemble. Another must have equal inputs, outputs and output activation, and outlive
  /// this.
  const Topology* topology = nullptr;

  constexpr Member(Span<const float> learned, const Topology* shape = nullptr) : parameters(learned), topology(shape) {}
  constexpr Member(Span<float> learned, const Topology* shape = nullptr) : parameters(learned), topology(shape) {}
};
using Members = Span<const Member>;

namespace detail {
struct EnsemblePlan {
  Part<float> means;              // [rows][stride of the outputs]
  Part<unsigned char> inference;  // scratch of Network, for one member after another
  std::size_t bytes;
};

constexpr EnsemblePlan ensemble_plan(const Topology& topology, std::size_t rows) {
  MemoryPlan memory;
  EnsemblePlan plan{};
  plan.means = memory.take<float>(rows, row_stride(topology.outputs()));
  plan.inference = memory.take<unsigned char>(inference_bytes(topology, rows));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory of an Ensemble for up to `rows` samples at a time; the number of members does not matter.
/// Members of several topologies need the most of them.
constexpr std::size_t ensemble_bytes(const Topology& topology, std::size_t rows) {
  return detail::ensemble_plan(topology, rows).bytes;
}

/// Bytes of scratch memory to evaluate an ensemble `rows` samples at a time; of several topologies the most. The
/// outcome does not depend on rows.
constexpr std::size_t ensemble_evaluation_bytes(const Topology& topology, std::size_t rows) {
  return detail::evaluation_plan(topology, rows, ensemble_bytes(topology, rows)).bytes;
}

/// View of the members' parameters, which may lie in flash, and of scratch memory, which a copy shares: bind one
/// Ensemble with its own scratch memory for each thread.
class Ensemble {
 public:
  Ensemble() = default;
  Ensemble(const Ensemble&) = delete;
  Ensemble& operator=(const Ensemble&) = delete;

  /// Checks the topologies and the memory. scratch: at least ensemble_bytes(topology, rows) for each topology.
  /// `members` and the arrays that it refers to must outlive this. Errors: all of check(topology) and check(scratch);
  /// no_members; memory_too_small for a member with fewer than topology.parameter_count() floats; for a topology of its
  /// own input_size_mismatch, output_size_mismatch, loss_activation_mismatch.
  Result bind(const Topology& topology, Members members, std::size_t rows, Memory scratch);

  /// Means over the members of the result of Network::forward(), added in the order of the members: [rows][outputs].
  /// inputs: [rows][inputs] without padding, rows <= max_rows(). The result is a view of the scratch memory, valid
  /// until the next call.
  MatrixView forward(const float* inputs, std::size_t rows) const;

  const Topology& topology() const { return topology_; }
  std::size_t max_rows() const { return max_rows_; }

 private:
  Topology topology_;
  Members members_;
  float* means_ = nullptr;
  Memory inference_;
  std::size_t max_rows_ = 0;
};

/// evaluate() (evaluation.hpp) with the means as outputs. scratch: at least ensemble_evaluation_bytes(topology, 1).
/// Cross-entropies move means of 0 to 2^-149 and means of 1 to 1 - 2^-25, beyond the precision of a float, so that no
/// loss is infinite.
Result evaluate(const Topology& topology, Members members, const LossOptions& loss, const Dataset& dataset,
                Memory scratch, LossTotals& totals, Span<std::uint32_t> confusion = {});

/// CRC-32 over the fingerprints of the members' parameters, in their order, as little-endian numbers.
std::uint32_t fingerprint(const Topology& topology, Members members);

}  // namespace mote

#endif  // MOTE_ENSEMBLE_HPP
