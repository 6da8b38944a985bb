// SPDX-License-Identifier: MIT
// Forward and backward through a network in training: every layer's activations are kept, deltas go from last to first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"
#include "mote/optimizer.hpp"

namespace mote {

/// One optimizer step, applicable to any contiguous part of the parameters.
struct ParameterStep {
  OptimizerOptions optimizer;
  float l2 = 0.0f;                ///< penalty l2/2 w.w on weights; biases go free
  std::size_t weight_floats = 0;  ///< the parameters before the first bias
  float* parameters = nullptr;
  float* state = nullptr;  ///< state_arrays(optimizer.method) arrays like parameters, one after another

  /// Steps parameters [offset, offset + count), all weights or all biases.
  void apply(std::size_t offset, std::size_t count, const float* gradients) const {
    optimizer_step(optimizer, offset < weight_floats ? l2 : 0.0f, gradients, parameters + offset,
                   state == nullptr ? nullptr : state + offset, count);
  }
};

/// What becomes of gradients: kept in an array like the parameters, or used at once. Used at once they come in slices
/// small enough to stay in the nearest cache, and no memory holds them all; the result is the same to the bit.
struct GradientSink {
  float* gradients = nullptr;           ///< where to keep them; null: use at once
  bool accumulate = false;              ///< add to what is kept there
  const ParameterStep* step = nullptr;  ///< how to use them at once
};

namespace detail {
/// Weight gradients are computed in slices of about this many floats.
inline constexpr std::size_t kSliceFloats = kRowAlignment < 16 ? 256 : 4096;
inline constexpr std::size_t kSliceMinRows = kRowAlignment < 16 ? 1 : 12;

/// Rows of layer l's weights that make a slice.
constexpr std::size_t slice_rows(const Topology& topology, std::size_t layer) {
  const std::size_t rows = kSliceFloats / topology.stride_of(layer) / kSliceMinRows * kSliceMinRows;
  const std::size_t wanted = rows < kSliceMinRows ? kSliceMinRows : rows;
  return wanted < topology.inputs_of(layer) ? wanted : topology.inputs_of(layer);
}

struct BackpropagationPlan {
  std::size_t activations;  // [rows][stride_of(l)] for every layer l, one after another
  std::size_t activations_count;
  std::size_t deltas[2];  // [rows][max_stride] each
  std::size_t slice;      // [slice_rows][stride] of the layer that needs most, or a row of biases
  std::size_t slice_count;
  std::size_t pack;  // [pack_count]
  std::size_t pack_count;
  std::size_t bytes;
};

constexpr BackpropagationPlan backpropagation_plan(const Topology& topology, std::size_t rows) {
  MemoryPlan memory;
  BackpropagationPlan plan{};
  std::size_t strides = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    strides += topology.stride_of(l);
    const std::size_t slice = slice_rows(topology, l) * topology.stride_of(l);
    plan.slice_count = slice > plan.slice_count ? slice : plan.slice_count;
  }
  plan.activations_count = rows * strides;
  plan.activations = memory.take<float>(rows, strides);
  plan.deltas[0] = memory.take<float>(rows, topology.max_stride());
  plan.deltas[1] = memory.take<float>(rows, topology.max_stride());
  plan.slice = memory.take<float>(plan.slice_count);
  plan.pack_count = pack_floats(topology);
  plan.pack = memory.take<float>(plan.pack_count);
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for backpropagation of up to `rows` samples at a time.
constexpr std::size_t backpropagation_bytes(const Topology& topology, std::size_t rows) {
  return detail::backpropagation_plan(topology, rows).bytes;
}

/// The algorithm of Rumelhart, Hinton & Williams 1986 for one chunk of a mini-batch, in the caller's memory.
class Backpropagation {
 public:
  /// Checks the topology and the memory (at least backpropagation_bytes(topology, rows)), which must outlive this.
  Result bind(const Topology& topology, std::size_t rows, Memory scratch);

  /// Computes and keeps the activations of every layer; the output layer's before its activation, which belongs to the
  /// loss. inputs: [rows][inputs] without padding; parameters: laid out as topology.hpp says.
  void forward(const float* parameters, const float* inputs, std::size_t rows);

  /// Adds the losses of the rows last given to forward() to `totals` and keeps their deltas, scaled by `scale`.
  void compute_loss(Loss loss, const std::uint8_t* labels, float scale, LossTotals& totals);

  /// Gradients of the loss last computed, last layer first, into `sink`. parameters, inputs: as given to forward().
  /// parameters may be those that sink.step changes: each layer's are used before they are stepped.
  void backward(const float* parameters, const float* inputs, const GradientSink& sink);

  /// Kept activations of layer l, [rows][outputs_of(l)]; pre-activations for the last.
  MatrixView activations(std::size_t layer) const;

 private:
  void weight_gradients(std::size_t layer, const float* inputs, std::size_t input_stride, const float* deltas,
                        const GradientSink& sink);

  Topology topology_;
  float* activations_ = nullptr;
  float* deltas_[2] = {};
  float* slice_ = nullptr;
  float* pack_ = nullptr;
  std::size_t max_rows_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace mote
