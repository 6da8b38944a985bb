// SPDX-License-Identifier: MIT
#include "mote/detail/backpropagation.hpp"

#include "mote/instruction_set.hpp"

namespace mote {

using detail::kUpdateRows;
using detail::padded_columns;

Result Backpropagation::bind(const Topology& topology, const BackpropagationOptions& options, std::size_t rows,
                             Memory scratch) {
  if (const Result result = check_arithmetic(); !result.ok()) return result;
  if (const Result result = check(topology); !result.ok()) return result;
  const detail::BackpropagationPlan plan = detail::backpropagation_plan(topology, options, rows);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  bind(topology, options, rows, scratch, plan, detail::kAllMethods);
  return Status::ok;
}

void Backpropagation::bind(const Topology& topology, const BackpropagationOptions& options, std::size_t rows,
                           Memory scratch, const detail::BackpropagationPlan& plan, const detail::Methods& methods) {
  methods_ = &methods;
  topology_ = topology;
  options_ = options;
  parallel_ = {};
  dropout_ = {};
  max_rows_ = rows;
  activations_ = plan.activations.in(scratch).data();
  deltas_ = plan.deltas.in(scratch).data();
  pre_activations_ = plan.pre_activations.in(scratch).data();
  normalized_ = plan.normalized.in(scratch).data();
  const Span<float> statistics = plan.statistics.in(scratch);
  for (float& x : statistics) x = 0.0f;  // the padding stays 0
  statistics_ = statistics.data();
  losses_ = plan.losses.in(scratch).data();
  correct_ = plan.correct.in(scratch);
  strips_ = plan.strips.in(scratch);
  packs_ = plan.packs.in(scratch);
}

// Forward.

void Backpropagation::forward(const float* parameters, const float* inputs, std::size_t rows,
                              const ActiveInputs& active) {
  MOTE_ASSERT(activations_ != nullptr && rows <= max_rows_);
  rows_ = rows;
  // Workers keep their rows from layer to layer, and wait for each other where batch normalization needs all rows.
  for (std::size_t from = 0;;) {
    std::size_t norm = from;
    while (norm < topology_.layer_count && !topology_.layers[norm].batch_norm) ++norm;
    parallel_.for_shares(rows, detail::kRowsPerWorker, [&](Share share, std::size_t) {
      if (from != 0) activate(from - 1, parameters, share);  // the normalized layer
      for (std::size_t l = from; l < topology_.layer_count; ++l) {
        product(l, parameters, inputs, active, share);
        if (l == norm) return;
        activate(l, parameters, share);
      }
    });
    if (norm == topology_.layer_count) return;
    for_columns(norm, [&](Share columns, const BatchNorm& statistics) {
      methods_->batch_norm->statistics(rows, columns.size(), topology_.stride_of(norm),
                                       normalized(norm) + columns.begin, statistics);
    });
    from = norm + 1;
  }
}

/// Computes the pre-activations of layer l without biases.
void Backpropagation::product(std::size_t l, const float* parameters, const float* inputs, const ActiveInputs& active,
                              Share rows) {
  if (rows.size() == 0) return;
  const std::size_t fan_in = topology_.inputs_of(l), stride = topology_.stride_of(l);
  const std::size_t stride_below = l == 0 ? fan_in : topology_.stride_of(l - 1);
  const float* below = l == 0 ? inputs : activations_ + layer_offset(l - 1);
  float* z = topology_.layers[l].batch_norm ? normalized(l) : activations_ + layer_offset(l);
  forward_product(rows.size(), fan_in, topology_.outputs_of(l), below + rows.begin * stride_below, stride_below,
                  parameters + topology_.weights_offset(l), stride, z + rows.begin * stride, stride,
                  l == 0 ? active : ActiveInputs{});
}

/// Applies batch normalization, biases, activation and dropout of layer l.
void Backpropagation::activate(std::size_t l, const float* parameters, Share rows) {
  const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l), first = rows.begin * stride;
  const bool is_last = l + 1 == topology_.layer_count;
  float* z = activations_ + layer_offset(l) + first;
  float* kept = kept_pre_activations(l);
  if (topology_.layers[l].batch_norm) {
    methods_->batch_norm->normalize(rows.size(), padded_columns(outputs), stride, batch_norm(l),
                                    parameters + topology_.scales_offset(l), normalized(l) + first, z);
  }
  const Activation activation = is_last ? Activation::identity : topology_.layers[l].activation;
  methods_->activate.functions[static_cast<std::size_t>(activation)](activation, rows.size(), outputs, stride,
                                                                     parameters + topology_.biases_offset(l), z,
                                                                     kept == nullptr ? nullptr : kept + first);
  if (is_last) return;
  const Dropout dropout = dropout_.at(l + 1, rows.begin);
  if (dropout.rate != 0.0f) methods_->drop_units(dropout, rows.size(), outputs, stride, z);
}

// Loss and deltas.

void Backpropagation::compute_loss(const LossOptions& loss, const Targets& targets, float scale, LossTotals& totals) {
  const std::size_t last = topology_.layer_count - 1, stride = topology_.stride_of(last), offset = layer_offset(last);
  std::uint32_t alone = 0, correct = 0;
  const Span<std::uint32_t> counts = correct_.empty() ? Span<std::uint32_t>(&alone, 1) : correct_;
  for (std::uint32_t& count : counts) count = 0;
  constexpr std::size_t kLeast = 4 * detail::kRowsPerWorker;  // the loss of fewer rows costs less than waiting
  parallel_.for_shares(rows_, kLeast, [&](Share share, std::size_t worker) {
    const std::size_t first = offset + share.begin * stride;
    counts[worker] = methods_->loss_and_deltas(loss, topology_.output_activation(), share.size(), topology_.outputs(),
                                               stride, activations_ + first, targets.from(share.begin), scale,
                                               deltas_ + first, losses_ + share.begin);
  });
  for (const std::uint32_t count : counts) correct += count;
  totals.add({losses_, rows_}, correct);
}

void Backpropagation::compute_deltas(const float* parameters) {
  for (std::size_t l = topology_.layer_count; l-- > 0;) {
    if (topology_.layers[l].batch_norm) {
      for_columns(l, [&](Share columns, const BatchNorm& norm) {
        methods_->batch_norm->gradients(rows_, columns.size(), topology_.stride_of(l),
                                        deltas_ + layer_offset(l) + columns.begin, normalized(l) + columns.begin, norm);
      });
    } else if (l == 0) {
      return;
    }
    const std::size_t top = l;
    while (l > 1 && !topology_.layers[l - 1].batch_norm) --l;  // workers keep their rows down to a normalized layer
    parallel_.for_shares(rows_, detail::kRowsPerWorker, [&](Share share, std::size_t worker) {
      for (std::size_t k = top + 1; k-- > l;) delta_below(k, parameters, share, worker);
    });
  }
}

/// Takes the deltas of layer l back through its batch normalization, then to the layer below.
void Backpropagation::delta_below(std::size_t l, const float* parameters, Share rows, std::size_t worker) {
  if (rows.size() == 0) return;
  const std::size_t fan_in = topology_.inputs_of(l), outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
  float* deltas = deltas_ + layer_offset(l) + rows.begin * stride;
  if (topology_.layers[l].batch_norm) {
    methods_->batch_norm->deltas(rows.size(), padded_columns(outputs), stride, batch_norm(l),
                                 parameters + topology_.scales_offset(l), normalized(l) + rows.begin * stride, deltas);
  }
  if (l == 0) return;
  const std::size_t stride_below = topology_.stride_of(l - 1), first = rows.begin * stride_below;
  float* below = deltas_ + layer_offset(l - 1) + first;
  backward_product(rows.size(), fan_in, outputs, deltas, stride, parameters + topology_.weights_offset(l), stride,
                   below, stride_below, pack(worker));
  const Activation activation = topology_.layers[l - 1].activation;
  const float* kept = needs_pre_activations(activation) ? kept_pre_activations(l - 1) + first
                                                        : activations_ + layer_offset(l - 1) + first;
  const Dropout dropout = dropout_.at(l, rows.begin);
  if (dropout.rate == 0.0f) {
    methods_->multiply_by_derivative[static_cast<std::size_t>(activation)](activation, rows.size(), fan_in,
                                                                           stride_below, kept, below);
  } else {
    methods_->drop_and_multiply_by_derivative(dropout, activation, rows.size(), fan_in, stride_below, kept, below);
  }
}

// Gradients, and the optimizer steps that use them.

void Backpropagation::backward(const float* parameters, const float* inputs, const GradientSink& sink) {
  compute_deltas(parameters);
  for (std::size_t slice = 0; slice < slice_count(); ++slice) gradient_slice(slice, inputs, {}, sink);
}

std::size_t Backpropagation::slice_count() const {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology_.layer_count; ++l) count += detail::slices_of(topology_, l);
  return count;
}

void Backpropagation::gradient_slice(std::size_t index, const float* inputs, const ActiveInputs& active,
                                     const GradientSink& sink, std::size_t worker) {
  std::size_t l = 0, slices = detail::slices_of(topology_, l);
  while (index >= slices) {
    index -= slices;
    slices = detail::slices_of(topology_, ++l);
  }
  const bool are_few = detail::kRearranges && l == 0 &&
                       active.count < topology_.inputs - topology_.inputs / 16;  // else a list is slower
  weight_gradients(slice_at(l, index, slices, are_few ? active : ActiveInputs{}), inputs, sink, strip(worker));
  if (index == 0) bias_gradients(l, sink, strip(worker));
}

/// Slice i of the `slices` of layer l: some of its rows, or some of its active inputs, each with the rows up to the
/// next one.
Backpropagation::Slice Backpropagation::slice_at(std::size_t l, std::size_t i, std::size_t slices,
                                                 const ActiveInputs& active) const {
  const std::size_t fan_in = topology_.inputs_of(l);
  if (!detail::kRearranges) return {l, {0, fan_in}, {}};
  if (active.are_all()) {
    const std::size_t most = detail::slice_rows(topology_, l), first = i * most;
    return {l, {first, first + most < fan_in ? first + most : fan_in}, {}};
  }
  // Slices consist of whole tiles; only the last tile may be smaller.
  const Share tiles = share_of((active.count + kUpdateRows - 1) / kUpdateRows, slices, i);
  const auto inputs_before = [&](std::size_t tile) {
    return tile * kUpdateRows < active.count ? tile * kUpdateRows : active.count;
  };
  const Share part{inputs_before(tiles.begin), inputs_before(tiles.end)};
  const auto row_of = [&](std::size_t index) { return index < active.count ? active.list[index] : fan_in; };
  const std::size_t first = i == 0 ? 0 : row_of(part.begin);
  return {l, {first, row_of(part.end)}, {active.list + part.begin, part.size()}};
}

void Backpropagation::weight_gradients(const Slice& slice, const float* inputs, const GradientSink& sink,
                                       float* strip) const {
  const std::size_t l = slice.layer, outputs = topology_.outputs_of(l), offset = topology_.weights_offset(l);
  const std::size_t stride_below = l == 0 ? topology_.inputs : topology_.stride_of(l - 1);
  const float* below = l == 0 ? inputs : activations_ + layer_offset(l - 1);
  const float* deltas = deltas_ + layer_offset(l);
  if (sink.gradients == nullptr) {
    const ParameterStep& step = *sink.step;
    return methods_->update_weights(rows_, slice.rows, outputs, below, stride_below, deltas, slice.active, step.step,
                                    step.parameters + offset, step.state == nullptr ? nullptr : step.state + offset,
                                    strip);
  }
  methods_->weight_gradient(rows_, slice.rows, outputs, below, stride_below, deltas, slice.active, sink.accumulate,
                            sink.gradients + offset);
}

void Backpropagation::bias_gradients(std::size_t l, const GradientSink& sink, float* strip) const {
  const std::size_t stride = topology_.stride_of(l), offset = topology_.biases_offset(l);
  if (topology_.layers[l].batch_norm) {  // compute_deltas() has computed them
    hand_over(l, offset, batch_norm(l).bias_gradients, sink);
    return hand_over(l, topology_.scales_offset(l), batch_norm(l).scale_gradients, sink);
  }
  const bool keep = sink.gradients != nullptr;
  bias_gradient(rows_, topology_.outputs_of(l), deltas_ + layer_offset(l), stride,
                keep ? sink.gradients + offset : strip, keep && sink.accumulate);
  if (!keep) sink.step->apply(offset, stride, strip);
}

/// Passes gradients, [stride_of(layer)], of the parameters at `offset` to `sink`.
void Backpropagation::hand_over(std::size_t layer, std::size_t offset, const float* gradients,
                                const GradientSink& sink) const {
  const std::size_t stride = topology_.stride_of(layer);
  if (sink.gradients == nullptr) return sink.step->apply(offset, stride, gradients);
  float* kept = sink.gradients + offset;
  for (std::size_t j = 0; j < stride; ++j) kept[j] = sink.accumulate ? kept[j] + gradients[j] : gradients[j];
}

// Division of columns, and places in memory.

/// Calls work(columns, their BatchNorm) for each worker's columns of layer l, in whole vectors. Includes padding, whose
/// sums are 0 and are read later.
template <typename Work>
void Backpropagation::for_columns(std::size_t l, Work work) const {
  const std::size_t vectors = padded_columns(topology_.stride_of(l)) / kRowAlignment;
  constexpr std::size_t kLeast = 4;  // fewer vectors per worker cost more in waiting than they save
  parallel_.for_shares(vectors, kLeast, [&](Share share, std::size_t) {
    const Share columns{share.begin * kRowAlignment, share.end * kRowAlignment};
    work(columns, batch_norm(l, columns.begin));
  });
}

/// The statistics and gradients of a layer from `column` on.
BatchNorm Backpropagation::batch_norm(std::size_t layer, std::size_t column) const {
  float* first = statistics_ + topology_.scale_floats_before(layer) + column;
  const std::size_t next = topology_.all_scale_floats();
  static_assert(detail::kBatchNormArrays == 7);
  return {first,           first + next, first + 2 * next, first + 3 * next, first + 4 * next, first + 5 * next,
          first + 6 * next};
}

float* Backpropagation::kept_pre_activations(std::size_t layer) const {
  const bool all = options_.all_pre_activations;
  if (!detail::keeps_pre_activations(topology_, layer, all)) return nullptr;
  return pre_activations_ + max_rows_ * detail::kept_strides_before(topology_, layer, all);
}

MatrixView Backpropagation::activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  return {activations_ + layer_offset(layer), rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

MatrixView Backpropagation::pre_activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  if (layer + 1 == topology_.layer_count) return activations(layer);
  const float* kept = kept_pre_activations(layer);
  return {kept, kept == nullptr ? 0 : rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

MatrixView Backpropagation::deltas(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  return {deltas_ + layer_offset(layer), rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

}  // namespace mote
