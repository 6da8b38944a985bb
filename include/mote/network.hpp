// SPDX-License-Identifier: MIT
// A multilayer perceptron ready for inference.
#ifndef MOTE_NETWORK_HPP
#define MOTE_NETWORK_HPP

#include <cstddef>

#include "mote/detail/activation.hpp"
#include "mote/detail/products.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

namespace detail {
/// Scratch memory of inference on up to `rows` samples at a time.
struct InferencePlan {
  Part<float> activations[2];  // [rows][max_stride] each: a layer reads from one and writes to the other
  std::size_t bytes;
};

constexpr InferencePlan inference_plan(const Topology& topology, std::size_t rows) {
  MemoryPlan memory;
  InferencePlan plan{};
  plan.activations[0] = memory.take<float>(rows, topology.max_stride());
  plan.activations[1] = memory.take<float>(rows, topology.max_stride());
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for inference on up to `rows` samples at a time.
constexpr std::size_t inference_bytes(const Topology& topology, std::size_t rows) {
  return detail::inference_plan(topology, rows).bytes;
}

/// View of parameters, which may lie in flash, and of scratch memory. forward() writes the scratch memory, which a copy
/// shares: bind one Network with its own scratch memory for each thread. Threads may share the parameters.
class Network {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Checks the topology and the memory. parameters: topology.parameter_count() floats; scratch: at least
  /// inference_bytes(topology, rows). Both must outlive the network.
  Result bind(const Topology& topology, Span<const float> parameters, std::size_t rows, Memory scratch) {
    return bind(topology, parameters, rows, scratch, detail::kAllActivations.functions);
  }
  /// With these activations only, by Activation.
  Result bind(const Topology& topology, Span<const float> parameters, std::size_t rows, Memory scratch,
              const detail::ActivateFunction* activations);

  /// Activations of the output layer, [rows][outputs]. inputs: [rows][inputs] without padding, rows <= max_rows(). The
  /// result is a view of the scratch memory, valid until the next call.
  MatrixView forward(const float* inputs, std::size_t rows) const;

  /// Pre-activations of the output layer instead, [rows][outputs]: the argument of a loss.
  MatrixView forward_pre_activations(const float* inputs, std::size_t rows) const;

  const Topology& topology() const { return topology_; }
  std::size_t max_rows() const { return max_rows_; }

 private:
  MatrixView run(const float* inputs, std::size_t rows, Activation last) const;

  Topology topology_;
  const float* parameters_ = nullptr;
  float* activations_[2] = {};
  const detail::ActivateFunction* functions_ = nullptr;
  std::size_t max_rows_ = 0;
};

/// Index of the largest value, the first of equals: the predicted class. values.size() if a value is NaN: there is no
/// answer, because an input was not finite. values must not be empty.
std::size_t argmax(Span<const float> values);

}  // namespace mote

#endif  // MOTE_NETWORK_HPP
