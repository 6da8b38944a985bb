// SPDX-License-Identifier: MIT
// Forward and backward pass of training, which keep the activations and deltas of every layer.
#ifndef MOTE_DETAIL_BACKPROPAGATION_HPP
#define MOTE_DETAIL_BACKPROPAGATION_HPP

#include <cstddef>
#include <cstdint>

#include "mote/activation.hpp"
#include "mote/batch_norm.hpp"
#include "mote/detail/dropout.hpp"
#include "mote/detail/methods.hpp"
#include "mote/detail/weight_update.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"
#include "mote/optimizer.hpp"
#include "mote/parallel.hpp"

namespace mote {

struct BatchNorm;

/// An optimizer step for any contiguous part of the parameters.
struct ParameterStep {
  OptimizerStep step{{}, 0.0f, 0, 0};  ///< its l1, l2 and weight_decay apply to weights only
  std::size_t weight_floats = 0;       ///< parameters before the first bias
  float* parameters = nullptr;
  float* state = nullptr;  ///< state_arrays(method) arrays laid out as the parameters, one after another
  detail::StepFunction function = nullptr;  ///< optimizer_step(), perhaps for this method only

  /// Where the gradients are taken: the parameters that forward() and backward() get.
  const float* gradient_point() const { return mote::gradient_point(step, parameters, state); }

  /// Steps parameters [offset, offset + count), all weights or all biases and scales.
  void apply(std::size_t offset, std::size_t count, const float* gradients) const {
    OptimizerStep part = step;
    if (offset >= weight_floats) part.l1 = part.l2 = part.options.weight_decay = 0.0f;
    function(part, gradients, parameters + offset, state == nullptr ? nullptr : state + offset, count);
  }
};

/// Where gradients go: into an array, or straight into an optimizer step. A step takes them in slices that fit into
/// the nearest cache, so that no memory holds all of them. Both ways give equal bits.
struct GradientSink {
  float* gradients = nullptr;           ///< array laid out as the parameters; null: straight into `step`
  bool accumulate = false;              ///< add to the array instead of overwriting it
  const ParameterStep* step = nullptr;  ///< the step, where there is no array
};

struct BackpropagationOptions {
  std::size_t workers = 1;  ///< largest number of threads (parallel.hpp), >= 1; each has its own scratch memory
  bool all_pre_activations = false;  ///< keep those of every layer, for diagnostics; training needs only some
};

namespace detail {
/// Weight gradients are computed in slices of about this many floats, which workers divide among themselves.
inline constexpr std::size_t kSliceFloats = 4096;

/// Fewer samples do not fill the register tiles of a worker.
inline constexpr std::size_t kRowsPerWorker = 8;

/// Whether the pre-activations of layer l are kept beside its activations: where training needs them, or `all`.
constexpr bool keeps_pre_activations(const Topology& topology, std::size_t layer, bool all) {
  return layer + 1 < topology.layer_count && (all || needs_pre_activations(topology.layers[layer].activation));
}

/// Sum of the strides of all layers before `layer`.
constexpr std::size_t strides_before(const Topology& topology, std::size_t layer) {
  std::size_t sum = 0;
  for (std::size_t l = 0; l < layer; ++l) sum += topology.stride_of(l);
  return sum;
}
/// Of those that keep their pre-activations.
constexpr std::size_t kept_strides_before(const Topology& topology, std::size_t layer, bool all) {
  std::size_t sum = 0;
  for (std::size_t l = 0; l < layer; ++l) sum += keeps_pre_activations(topology, l, all) ? topology.stride_of(l) : 0;
  return sum;
}

/// Rows of layer l's weights in a slice.
constexpr std::size_t slice_rows(const Topology& topology, std::size_t layer) {
  if (!kRearranges) return topology.inputs_of(layer);  // a microcontroller has one worker and no cache
  const std::size_t rows = kSliceFloats / topology.stride_of(layer) / kUpdateRows * kUpdateRows;
  const std::size_t wanted = rows < kUpdateRows ? kUpdateRows : rows;
  return wanted < topology.inputs_of(layer) ? wanted : topology.inputs_of(layer);
}

constexpr std::size_t slices_of(const Topology& topology, std::size_t layer) {
  const std::size_t rows = slice_rows(topology, layer);
  return (topology.inputs_of(layer) + rows - 1) / rows;
}

/// Arrays of BatchNorm.
inline constexpr std::size_t kBatchNormArrays = 7;

struct BackpropagationPlan {
  Part<float> activations;      // [rows][stride_of(l)] for every layer l, one after another
  Part<float> deltas;           // laid out as activations
  Part<float> pre_activations;  // laid out as activations, only the layers that keep them
  Part<float> normalized;       // laid out as activations, only the layers with batch normalization
  Part<float> statistics;       // [kBatchNormArrays][all_scale_floats]: the arrays of BatchNorm
  Part<float> losses;           // [rows]
  Part<std::uint32_t> correct;  // [workers] if workers > 1
  Part<float> strips;           // [workers][kUpdateRows][max_stride]: gradients on their way to the optimizer
  Part<float> packs;            // [workers][pack_floats]: scratch of the products
  std::size_t bytes;
};

constexpr BackpropagationPlan backpropagation_plan(const Topology& topology, const BackpropagationOptions& options,
                                                   std::size_t rows) {
  MemoryPlan memory;
  BackpropagationPlan plan{};
  const std::size_t strides = strides_before(topology, topology.layer_count);
  const std::size_t kept_strides = kept_strides_before(topology, topology.layer_count, options.all_pre_activations);
  plan.activations = memory.take<float>(rows, strides);
  plan.deltas = memory.take<float>(rows, strides);
  plan.pre_activations = memory.take<float>(rows, kept_strides);
  plan.normalized = memory.take<float>(rows, topology.all_scale_floats());
  plan.statistics = memory.take<float>(kBatchNormArrays, topology.all_scale_floats());
  plan.losses = memory.take<float>(rows);
  plan.correct = memory.take<std::uint32_t>(options.workers > 1 ? options.workers : 0);
  plan.strips = memory.take<float>(options.workers, kUpdateRows * topology.max_stride());
  const auto pack = [&](std::size_t l) { return pack_floats(topology.inputs_of(l), topology.outputs_of(l)); };
  plan.packs = memory.take<float>(options.workers, topology.most(pack));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for backpropagation of up to `rows` samples at a time.
constexpr std::size_t backpropagation_bytes(const Topology& topology, const BackpropagationOptions& options,
                                            std::size_t rows) {
  return detail::backpropagation_plan(topology, options, rows).bytes;
}
constexpr std::size_t backpropagation_bytes(const Topology& topology, std::size_t rows) {
  return backpropagation_bytes(topology, {}, rows);
}

/// Backpropagation (Rumelhart, Hinton & Williams 1986) for the rows of a mini-batch that are in memory together, in the
/// caller's memory. Call forward(), compute_loss(), then backward(), or compute_deltas() and every gradient_slice().
class Backpropagation {
 public:
  Backpropagation() = default;
  Backpropagation(const Backpropagation&) = delete;
  Backpropagation& operator=(const Backpropagation&) = delete;

  /// Checks the topology and the memory (at least backpropagation_bytes() with these arguments), which must outlive
  /// this object. Starts with one thread and without dropout.
  Result bind(const Topology& topology, const BackpropagationOptions& options, std::size_t rows, Memory scratch);
  /// With the memory's plan, and with these methods only. Does not check the arguments.
  void bind(const Topology& topology, const BackpropagationOptions& options, std::size_t rows, Memory scratch,
            const detail::BackpropagationPlan& plan, const detail::Methods& methods);
  Result bind(const Topology& topology, std::size_t rows, Memory scratch) { return bind(topology, {}, rows, scratch); }

  /// Lends threads: parallel.workers at most options.workers.
  void set_parallel(const Parallel& parallel) { parallel_ = parallel; }
  /// Dropout of the hidden layers from the next forward() on, whose first row is sample dropout.sample.
  void set_dropout(const Dropout& dropout) { dropout_ = dropout; }

  /// Computes and keeps the activations of hidden layers, and the pre-activations of the output layer, whose activation
  /// belongs to the loss. parameters: laid out as in topology.hpp; inputs: [rows][inputs] without padding; active: the
  /// inputs to use.
  void forward(const float* parameters, const float* inputs, std::size_t rows, const ActiveInputs& active = {});
  /// Adds the losses of the rows last given to forward() to `totals`, and keeps the deltas of the output layer times
  /// `scale`. targets: of all these rows.
  void compute_loss(const LossOptions& loss, const Targets& targets, float scale, LossTotals& totals);
  /// Computes and keeps the deltas of the hidden layers, after compute_loss(). parameters: as given to forward().
  void compute_deltas(const float* parameters);
  /// Hands slice `index` of the gradients to `sink`, after compute_deltas(): weights, and with the first slice of a
  /// layer its biases and scales. Workers may compute different slices at once, each with its own scratch memory.
  /// inputs, active: as given to forward(). sink.step may change the parameters: all deltas are computed before.
  void gradient_slice(std::size_t index, const float* inputs, const ActiveInputs& active, const GradientSink& sink,
                      std::size_t worker = 0);
  /// Number of slices of the gradients of the whole network.
  std::size_t slice_count() const;
  /// Calls compute_deltas() and every gradient_slice(), on one thread.
  void backward(const float* parameters, const float* inputs, const GradientSink& sink);

  const Topology& topology() const { return topology_; }
  const detail::Methods& methods() const { return *methods_; }
  /// Statistics of the last mini-batch, [2][all_scale_floats]: means, then variances.
  Span<const float> batch_statistics() const { return {statistics_, 2 * topology_.all_scale_floats()}; }
  /// Kept activations of layer l, [rows][outputs_of(l)] of the last forward(), after dropout; pre-activations for the
  /// last layer.
  MatrixView activations(std::size_t layer) const;
  /// Kept pre-activations of layer l, [rows][outputs_of(l)]: of the last layer, and of hidden layers whose activation
  /// needs_pre_activations(), or of all with all_pre_activations; no rows for other layers. A pre-activation is the
  /// argument of the activation, with batch normalization the result of the latter.
  MatrixView pre_activations(std::size_t layer) const;
  /// Kept deltas of layer l, [rows][outputs_of(l)], after compute_deltas(): dC/dz for each row, times the scale given
  /// to compute_loss(). With batch normalization, z is the argument of the normalization.
  MatrixView deltas(std::size_t layer) const;

 private:
  friend class TrainingSlices;
  /// Some rows of a layer's weights, and the active inputs among them.
  struct Slice {
    std::size_t layer;
    Share rows;
    ActiveInputs active;
  };
  void product(std::size_t layer, const float* parameters, const float* inputs, const ActiveInputs& active, Share rows);
  void activate(std::size_t layer, const float* parameters, Share rows);
  void delta_below(std::size_t layer, const float* parameters, Share rows, std::size_t worker);
  Slice slice_at(std::size_t layer, std::size_t i, std::size_t slices, const ActiveInputs& active) const;
  void weight_gradients(const Slice& slice, const float* inputs, const GradientSink& sink, float* strip) const;
  void bias_gradients(std::size_t layer, const GradientSink& sink, float* strip) const;
  void hand_over(std::size_t layer, std::size_t offset, const float* gradients, const GradientSink& sink) const;
  template <typename Work>
  void for_columns(std::size_t layer, Work work) const;
  BatchNorm batch_norm(std::size_t layer, std::size_t column = 0) const;
  /// Floats before layer l in activations_ and deltas_.
  std::size_t layer_offset(std::size_t layer) const { return max_rows_ * detail::strides_before(topology_, layer); }
  /// Pre-activations of layer l that are kept beside its activations; null if they are not.
  float* kept_pre_activations(std::size_t layer) const;
  /// [rows][stride_of(layer)]: z, then n of batch_norm.hpp.
  float* normalized(std::size_t layer) const { return normalized_ + max_rows_ * topology_.scale_floats_before(layer); }
  float* strip(std::size_t worker) const { return strips_.data() + worker * (strips_.size() / options_.workers); }
  float* pack(std::size_t worker) const { return packs_.data() + worker * (packs_.size() / options_.workers); }

  const detail::Methods* methods_ = nullptr;
  Topology topology_;
  BackpropagationOptions options_;
  Parallel parallel_;
  Dropout dropout_;
  float* activations_ = nullptr;
  float* deltas_ = nullptr;
  float* pre_activations_ = nullptr;
  float* normalized_ = nullptr;
  float* statistics_ = nullptr;
  float* losses_ = nullptr;
  Span<float> strips_;
  Span<float> packs_;
  Span<std::uint32_t> correct_;  // correct rows of each worker, if workers > 1
  std::size_t max_rows_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace mote

#endif  // MOTE_DETAIL_BACKPROPAGATION_HPP
