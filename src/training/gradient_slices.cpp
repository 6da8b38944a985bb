// SPDX-License-Identifier: MIT
// The second half of backpropagation: from deltas to gradients, or to the step that uses them at once, in slices that
// several workers may share.
#include "../textbook/batch_norm.hpp"
#include "mote/detail/backpropagation.hpp"

namespace mote {
std::size_t Backpropagation::slice_count() const {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology_.layer_count; ++l) count += detail::slices_of(topology_, l);
  return count;
}

void Backpropagation::gradient_slices(const float* inputs, std::size_t rows, const GradientSink& sink, Share share,
                                      std::size_t worker, ActiveInputs active) {
  if (active.count >= topology_.inputs - topology_.inputs / 16) active = {};  // too few to leave out
  std::size_t index = 0;                                                      // of the layer's first slice
  for (std::size_t l = 0; l < topology_.layer_count && index < share.end; ++l) {
    const std::size_t slices = detail::slices_of(topology_, l);
    const std::size_t begin = share.begin > index ? share.begin - index : 0;
    for (std::size_t i = begin; i < slices && index + i < share.end; ++i) {
      const Slice slice = slice_of(l, i, slices, strips_ + worker * strip_floats_, l == 0 ? active : ActiveInputs{});
      weight_slice(slice, inputs, rows, sink);
      if (i == 0) bias_slice(slice, rows, sink);
    }
    index += slices;
  }
}

/// The i-th of a layer's slices: equal shares of its rows, or of its active inputs with the rows up to the next.
Backpropagation::Slice Backpropagation::slice_of(std::size_t layer, std::size_t i, std::size_t slices, float* strip,
                                                 ActiveInputs active) const {
  const std::size_t fan_in = topology_.inputs_of(layer);
  if (active.list == nullptr) {
    const std::size_t most = detail::slice_rows(topology_, layer), first = i * most;
    return {layer, {first, first + most < fan_in ? first + most : fan_in}, active, strip};
  }
  // In whole tiles, but for the last.
  const Share tiles = share_of((active.count + detail::kUpdateRows - 1) / detail::kUpdateRows, slices, i);
  const auto inputs_before = [&](std::size_t tile) {
    return tile * detail::kUpdateRows < active.count ? tile * detail::kUpdateRows : active.count;
  };
  const Share part{inputs_before(tiles.begin), inputs_before(tiles.end)};
  const auto row_of = [&](std::size_t index) { return index < active.count ? active.list[index] : fan_in; };
  const std::size_t first = i == 0 ? 0 : row_of(part.begin);
  return {layer, {first, row_of(part.end)}, {active.list + part.begin, part.size()}, strip};
}

void Backpropagation::weight_slice(const Slice& slice, const float* inputs, std::size_t rows,
                                   const GradientSink& sink) const {
  const std::size_t l = slice.layer, outputs = topology_.outputs_of(l);
  const float* below = l == 0 ? inputs : activations_ + layer_offset(l - 1);
  const std::size_t stride_below = l == 0 ? topology_.inputs : topology_.stride_of(l - 1);
  const float* deltas = deltas_ + layer_offset(l);
  const std::size_t offset = topology_.weights_offset(l);
  const Share range = slice.rows;
  if (sink.gradients == nullptr) {
    const ParameterStep& step = *sink.step;
    return update_weights(rows, range, outputs, below, stride_below, deltas, slice.active, step.step,
                          step.parameters + offset, step.state == nullptr ? nullptr : step.state + offset, slice.strip);
  }
  weight_gradient(rows, range, outputs, below, stride_below, deltas, slice.active, sink.accumulate,
                  sink.gradients + offset);
}

void Backpropagation::bias_slice(const Slice& slice, std::size_t rows, const GradientSink& sink) const {
  const std::size_t l = slice.layer, stride = topology_.stride_of(l), offset = topology_.biases_offset(l);
  const bool keep = sink.gradients != nullptr;
  if (topology_.layers[l].batch_norm) {  // their sums are known already
    hand_over(l, offset, batch_norm(l).bias_gradients, sink);
    return hand_over(l, topology_.scales_offset(l), batch_norm(l).scale_gradients, sink);
  }
  bias_gradient(rows, topology_.outputs_of(l), deltas_ + layer_offset(l), stride,
                keep ? sink.gradients + offset : slice.strip, keep && sink.accumulate);
  if (!keep) sink.step->apply(offset, stride, slice.strip);
}

void Backpropagation::hand_over(std::size_t layer, std::size_t offset, const float* gradients,
                                const GradientSink& sink) const {
  const std::size_t stride = topology_.stride_of(layer);
  if (sink.gradients == nullptr) return sink.step->apply(offset, stride, gradients);
  float* kept = sink.gradients + offset;
  for (std::size_t j = 0; j < stride; ++j) kept[j] = sink.accumulate ? kept[j] + gradients[j] : gradients[j];
}

}  // namespace mote
