// SPDX-License-Identifier: MIT
// Forward and backward through a network in training: activations and deltas of every layer are kept.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/activation.hpp"
#include "mote/batch_norm.hpp"
#include "mote/detail/dropout.hpp"
#include "mote/detail/weight_update.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"
#include "mote/optimizer.hpp"
#include "mote/parallel.hpp"

namespace mote {

struct BatchNorm;

/// One optimizer step, applicable to any contiguous part of the parameters.
struct ParameterStep {
  OptimizerStep step;             ///< its l1, l2 and weight_decay are for weights; biases go free
  std::size_t weight_floats = 0;  ///< the parameters before the first bias
  float* parameters = nullptr;
  float* state = nullptr;  ///< state_arrays(method) arrays like parameters, one after another

  /// Where the gradients are to be taken: what forward() and delta_rows() get as parameters.
  const float* gradient_point() const { return mote::gradient_point(step, parameters, state); }

  /// Steps parameters [offset, offset + count), all weights or all biases.
  void apply(std::size_t offset, std::size_t count, const float* gradients) const {
    OptimizerStep part = step;
    if (offset >= weight_floats) part.l1 = part.l2 = part.options.weight_decay = 0.0f;
    optimizer_step(part, gradients, parameters + offset, state == nullptr ? nullptr : state + offset, count);
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
/// Weight gradients are computed in slices of about this many floats: what workers share out.
inline constexpr std::size_t kSliceFloats = kRowAlignment < 16 ? 256 : 4096;

/// Whether the pre-activations of layer l are kept apart from its activations: where training needs them, or `all`.
constexpr bool keeps_pre_activations(const Topology& topology, std::size_t layer, bool all) {
  return layer + 1 < topology.layer_count && (all || needs_pre_activations(topology.layers[layer].activation));
}

/// Rows of layer l's weights that make a slice.
constexpr std::size_t slice_rows(const Topology& topology, std::size_t layer) {
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
  std::size_t activations;           // [rows][stride_of(l)] for every layer l, one after another
  std::size_t deltas;                // likewise
  std::size_t layers_count;          // floats of each of the two
  std::size_t pre_activations;       // likewise, of the layers that keep them
  std::size_t pre_activation_count;  // floats of these
  std::size_t normalized;        // [rows][stride_of(l)] for every layer l with batch normalization, one after another
  std::size_t normalized_count;  // floats of these
  std::size_t statistics;        // [kBatchNormArrays][all_scale_floats]: the arrays of BatchNorm
  std::size_t statistics_count;
  std::size_t losses;       // [rows]
  std::size_t strips;       // [workers][strip_count]
  std::size_t strip_count;  // gradients of kUpdateRows rows of the layer with the longest
  std::size_t packs;        // [workers][pack_count]
  std::size_t pack_count;
  std::size_t bytes;
};

constexpr BackpropagationPlan backpropagation_plan(const Topology& topology, std::size_t rows, std::size_t workers,
                                                   bool all_pre_activations = false) {
  MemoryPlan memory;
  BackpropagationPlan plan{};
  std::size_t strides = 0, kept_strides = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    strides += topology.stride_of(l);
    if (keeps_pre_activations(topology, l, all_pre_activations)) kept_strides += topology.stride_of(l);
  }
  plan.strip_count = kUpdateRows * topology.max_stride();
  plan.layers_count = rows * strides;
  plan.pre_activation_count = rows * kept_strides;
  plan.pack_count = pack_floats(topology);
  plan.activations = memory.take<float>(rows, strides);
  plan.deltas = memory.take<float>(rows, strides);
  plan.pre_activations = memory.take<float>(rows, kept_strides);
  plan.normalized_count = rows * topology.all_scale_floats();
  plan.normalized = memory.take<float>(rows, topology.all_scale_floats());
  plan.statistics_count = kBatchNormArrays * topology.all_scale_floats();
  plan.statistics = memory.take<float>(plan.statistics_count);
  plan.losses = memory.take<float>(rows);
  plan.strips = memory.take<float>(workers, plan.strip_count);
  plan.packs = memory.take<float>(workers, plan.pack_count);
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of scratch memory for backpropagation of up to `rows` samples at a time by up to `workers` at once.
/// all_pre_activations: as for Backpropagation::bind().
constexpr std::size_t backpropagation_bytes(const Topology& topology, std::size_t rows, std::size_t workers = 1,
                                            bool all_pre_activations = false) {
  return detail::backpropagation_plan(topology, rows, workers, all_pre_activations).bytes;
}

/// The algorithm of Rumelhart, Hinton & Williams 1986 for one chunk of a mini-batch, in the caller's memory.
///
/// The chunk goes through forward, compute_loss and backward. Each is made of parts that several workers may do at
/// once, for a caller with threads: rows of the chunk as far as the deltas, then slices of the gradients. Worker w of
/// `workers` has its own scratch memory; two parts at once need different w.
class Backpropagation {
 public:
  /// Checks the topology and the memory (at least backpropagation_bytes with the same arguments), which must outlive
  /// this. all_pre_activations: keeps those of every layer, for whoever looks at them; training does without.
  Result bind(const Topology& topology, std::size_t rows, Memory scratch, std::size_t workers = 1,
              bool all_pre_activations = false);

  /// Dropout of the hidden layers in chunks to come, whose first row is sample dropout.sample. None after bind().
  void set_dropout(const Dropout& dropout) { dropout_ = dropout; }

  /// Computes and keeps the activations of every layer; the output layer's before its activation, which belongs to the
  /// loss. inputs: [rows][inputs] without padding; parameters: laid out as topology.hpp says.
  void forward(const float* parameters, const float* inputs, std::size_t rows);
  /// Adds the losses of the rows last given to forward() to `totals` and keeps their deltas, scaled by `scale`.
  void compute_loss(const LossOptions& loss, const Targets& targets, float scale, LossTotals& totals);
  /// Gradients of the loss last computed into `sink`. parameters, inputs: as given to forward(). parameters may be
  /// those that sink.step changes, or its gradient_point(): all deltas are computed first.
  void backward(const float* parameters, const float* inputs, const GradientSink& sink);

  /// forward() for rows [share.begin, share.end) of the chunk. active: of these rows.
  void forward_rows(const float* parameters, const float* inputs, Share share, std::size_t worker,
                    ActiveInputs active = {}, std::size_t stage = 0);
  /// Losses and output deltas of those rows; returns how many are correct. targets: of all rows of the chunk.
  std::uint32_t loss_rows(const LossOptions& loss, const Targets& targets, float scale, Share share);
  /// Deltas of the hidden layers for those rows.
  void delta_rows(const float* parameters, Share share, std::size_t worker, std::size_t stage = 0);

  /// Batch normalization needs all rows of a layer before any can go on, so each such layer divides the way forward,
  /// and back, into one stage more: forward_rows() from stage 0 up, then delta_rows() from stage_count() - 1 down.
  std::size_t stage_count() const;
  /// Between stages `stage` and stage + 1 of forward_rows() of all `rows` rows: one of `parts` parts of the statistics.
  void forward_sums(std::size_t stage, std::size_t rows, std::size_t part = 0, std::size_t parts = 1);
  /// Between stages stage + 1 and `stage` of delta_rows(), likewise.
  void backward_sums(std::size_t stage, std::size_t rows, std::size_t part = 0, std::size_t parts = 1);
  /// Statistics of the last mini-batch, [2][all_scale_floats]: means, then variances.
  Span<const float> batch_statistics() const { return {statistics_, 2 * topology_.all_scale_floats()}; }

  /// Gradients for one of `workers` shares of all slices, after the deltas of `rows` rows. active: of all rows.
  void gradient_slices(const float* inputs, std::size_t rows, const GradientSink& sink, Share share, std::size_t worker,
                       ActiveInputs active = {});
  /// Slices that the gradients of the whole network come in.
  std::size_t slice_count() const;

  /// Kept losses of the first `rows` rows.
  Span<const float> losses(std::size_t rows) const { return {losses_, rows}; }
  /// Kept activations of layer l, [rows][outputs_of(l)] of the last forward(), after dropout; pre-activations for the
  /// last layer.
  MatrixView activations(std::size_t layer) const;
  /// Kept pre-activations of layer l, likewise: of the last layer, and of hidden ones whose activation
  /// needs_pre_activations(), or of all if bind() was told so; no rows for others. They are what the activation got:
  /// with batch normalization, what came out of it.
  MatrixView pre_activations(std::size_t layer) const;
  /// Kept deltas of layer l, likewise, after backward(): dC/dz for each row, times the scale given to compute_loss().
  /// With batch normalization z is what went into that.
  MatrixView deltas(std::size_t layer) const;

 private:
  /// Some rows of the weights of a layer.
  struct Slice {
    std::size_t layer;
    Share rows;
    ActiveInputs active;  // those in `rows`
    float* strip;         // for gradients that are used at once
  };
  Slice slice_of(std::size_t layer, std::size_t i, std::size_t slices, float* strip, ActiveInputs active) const;
  void weight_slice(const Slice& slice, const float* inputs, std::size_t rows, const GradientSink& sink) const;
  void bias_slice(const Slice& slice, std::size_t rows, const GradientSink& sink) const;
  /// Uses or keeps gradients, [stride_of(layer)], of the parameters from `offset` on.
  void hand_over(std::size_t layer, std::size_t offset, const float* gradients, const GradientSink& sink) const;
  /// The layer whose batch normalization comes after `stage`.
  std::size_t normalized_layer(std::size_t stage) const;
  /// [rows][stride_of(layer)]: z, then n of batch_norm.hpp.
  float* normalized(std::size_t layer) const { return normalized_ + max_rows_ * topology_.scale_floats_before(layer); }
  BatchNorm batch_norm(std::size_t layer) const;
  /// Floats before layer l in activations_ and deltas_.
  std::size_t layer_offset(std::size_t layer) const;
  /// Where layer l keeps its pre-activations apart; null if it does not.
  float* kept_pre_activations(std::size_t layer) const;

  Topology topology_;
  Dropout dropout_;
  float* activations_ = nullptr;
  float* deltas_ = nullptr;
  float* pre_activations_ = nullptr;
  float* normalized_ = nullptr;
  float* statistics_ = nullptr;
  float* losses_ = nullptr;
  float* strips_ = nullptr;
  float* packs_ = nullptr;
  bool all_pre_activations_ = false;
  std::size_t strip_floats_ = 0;
  std::size_t pack_floats_ = 0;
  std::size_t max_rows_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace mote
