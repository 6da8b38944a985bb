// SPDX-License-Identifier: MIT
#include "mote/backpropagation.hpp"

namespace mote {

Result Backpropagation::bind(const Topology& topology, std::size_t rows, Memory scratch, std::size_t workers) {
  if (const Result result = check(topology); !result.ok()) return result;
  const detail::BackpropagationPlan plan = detail::backpropagation_plan(topology, rows, workers);
  if (const Result result = check(scratch, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  max_rows_ = rows;
  activations_ = part_of<float>(scratch, plan.activations, plan.layers_count).data();
  deltas_ = part_of<float>(scratch, plan.deltas, plan.layers_count).data();
  pre_activations_ = part_of<float>(scratch, plan.pre_activations, plan.pre_activation_count).data();
  losses_ = part_of<float>(scratch, plan.losses, rows).data();
  slices_ = part_of<float>(scratch, plan.slices, workers * plan.slice_count).data();
  packs_ = part_of<float>(scratch, plan.packs, workers * plan.pack_count).data();
  slice_floats_ = plan.slice_count;
  pack_floats_ = plan.pack_count;
  return Status::ok;
}

std::size_t Backpropagation::layer_offset(std::size_t layer) const {
  std::size_t offset = 0;
  for (std::size_t l = 0; l < layer; ++l) offset += max_rows_ * topology_.stride_of(l);
  return offset;
}

MatrixView Backpropagation::activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  return {activations_ + layer_offset(layer), rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

float* Backpropagation::kept_pre_activations(std::size_t layer) const {
  if (!detail::keeps_pre_activations(topology_, layer)) return nullptr;
  std::size_t offset = 0;
  for (std::size_t l = 0; l < layer; ++l) {
    if (detail::keeps_pre_activations(topology_, l)) offset += max_rows_ * topology_.stride_of(l);
  }
  return pre_activations_ + offset;
}

MatrixView Backpropagation::pre_activations(std::size_t layer) const {
  MOTE_ASSERT(layer < topology_.layer_count);
  if (layer + 1 == topology_.layer_count) return activations(layer);
  const float* kept = kept_pre_activations(layer);
  return {kept, kept == nullptr ? 0 : rows_, topology_.outputs_of(layer), topology_.stride_of(layer)};
}

void Backpropagation::forward(const float* parameters, const float* inputs, std::size_t rows) {
  rows_ = rows;
  forward_rows(parameters, inputs, {0, rows}, 0);
}

void Backpropagation::compute_loss(Loss loss, const std::uint8_t* labels, float scale, LossTotals& totals) {
  const std::uint32_t correct = loss_rows(loss, labels, scale, {0, rows_});
  totals.add(losses(rows_), correct);
}

void Backpropagation::backward(const float* parameters, const float* inputs, const GradientSink& sink) {
  delta_rows(parameters, {0, rows_}, 0);
  gradient_slices(inputs, rows_, sink, {0, slice_count()}, 0);
}

void Backpropagation::forward_rows(const float* parameters, const float* inputs, Share share, std::size_t worker,
                                   ActiveInputs active) {
  MOTE_ASSERT(activations_ != nullptr && share.end <= max_rows_);
  if (share.size() == 0) return;
  const float* from = inputs + share.begin * topology_.inputs;
  std::size_t from_stride = topology_.inputs;
  float* layer = activations_;
  const float* weights = parameters;
  const float* biases = parameters + topology_.all_weight_floats();
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
    const bool is_last = l + 1 == topology_.layer_count;
    float* to = layer + share.begin * stride;
    float* kept = kept_pre_activations(l);
    forward_product(share.size(), topology_.inputs_of(l), outputs, from, from_stride, weights, stride, to, stride,
                    packs_ + worker * pack_floats_, l == 0 ? active.list : nullptr, active.count);
    add_biases_and_activate(is_last ? Activation::identity : topology_.layers[l].activation, share.size(), outputs,
                            stride, biases, to, kept == nullptr ? nullptr : kept + share.begin * stride);
    weights += topology_.weight_floats(l);
    biases += stride;
    layer += max_rows_ * stride;
    from = to;
    from_stride = stride;
  }
}

std::uint32_t Backpropagation::loss_rows(Loss loss, const std::uint8_t* labels, float scale, Share share) {
  const std::size_t last = topology_.layer_count - 1, stride = topology_.stride_of(last);
  const std::size_t offset = layer_offset(last) + share.begin * stride;
  return loss_and_deltas(loss, topology_.output_activation(), share.size(), topology_.outputs(), stride,
                         activations_ + offset, labels + share.begin, scale, deltas_ + offset, losses_ + share.begin);
}

void Backpropagation::delta_rows(const float* parameters, Share share, std::size_t worker) {
  if (share.size() == 0) return;
  std::size_t weights_offset = topology_.all_weight_floats();
  std::size_t offset = layer_offset(topology_.layer_count);
  for (std::size_t l = topology_.layer_count; l-- > 1;) {
    const std::size_t stride = topology_.stride_of(l), stride_below = topology_.stride_of(l - 1);
    const std::size_t fan_in = topology_.inputs_of(l);
    weights_offset -= topology_.weight_floats(l);
    offset -= max_rows_ * stride;
    const std::size_t below = offset - max_rows_ * stride_below + share.begin * stride_below;
    backward_product(share.size(), fan_in, topology_.outputs_of(l), deltas_ + offset + share.begin * stride, stride,
                     parameters + weights_offset, stride, deltas_ + below, stride_below,
                     packs_ + worker * pack_floats_);
    const float* pre_activations = kept_pre_activations(l - 1);
    const float* kept =
        pre_activations == nullptr ? activations_ + below : pre_activations + share.begin * stride_below;
    multiply_by_derivative(topology_.layers[l - 1].activation, share.size(), fan_in, stride_below, kept,
                           deltas_ + below);
  }
}

std::size_t Backpropagation::slice_count() const {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology_.layer_count; ++l) {
    const std::size_t rows = detail::slice_rows(topology_, l);
    count += (topology_.inputs_of(l) + rows - 1) / rows;
  }
  return count;
}

void Backpropagation::gradient_slices(const float* inputs, std::size_t rows, const GradientSink& sink, Share share,
                                      std::size_t worker, ActiveInputs active) {
  std::size_t index = 0;
  for (std::size_t l = 0; l < topology_.layer_count && index < share.end; ++l) {
    const std::size_t fan_in = topology_.inputs_of(l), most = detail::slice_rows(topology_, l);
    for (std::size_t first = 0; first < fan_in; first += most, ++index) {
      if (index < share.begin || index >= share.end) continue;
      const std::size_t count = most < fan_in - first ? most : fan_in - first;
      const Slice slice{l, first, count, slices_ + worker * slice_floats_};
      weight_slice(slice, inputs, rows, sink, l == 0 ? active : ActiveInputs{});
      if (first == 0) bias_slice(slice, rows, sink);
    }
  }
}

namespace {

/// Those of the active inputs that are in [first, end).
ActiveInputs part_of(ActiveInputs active, std::size_t first, std::size_t end) {
  const auto before = [&](std::size_t input) {
    std::size_t low = 0, high = active.count;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (active.list[middle] < input) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  const std::size_t skipped = before(first);
  return {active.list + skipped, before(end) - skipped};
}

/// Takes the first run of neighbours off the list. Short gaps are taken along: they cost less than another call.
Share take_run(ActiveInputs& active) {
  constexpr std::size_t kGap = 6;
  const std::size_t begin = active.list[0];
  std::size_t end = begin;
  do {
    end = *active.list++ + std::size_t{1};
  } while (--active.count != 0 && *active.list < end + kGap);
  return {begin, end};
}

}  // namespace

void Backpropagation::weight_slice(const Slice& slice, const float* inputs, std::size_t rows, const GradientSink& sink,
                                   ActiveInputs active) const {
  const std::size_t l = slice.layer, outputs = topology_.outputs_of(l), stride = topology_.stride_of(l);
  const float* below = l == 0 ? inputs : activations_ + layer_offset(l - 1);
  const std::size_t stride_below = l == 0 ? topology_.inputs : topology_.stride_of(l - 1);
  const float* deltas = deltas_ + layer_offset(l);
  const std::size_t offset = topology_.weights_offset(l), end = slice.first + slice.count;
  const bool keep = sink.gradients != nullptr, accumulate = keep && sink.accumulate;
  float* target = keep ? sink.gradients + offset + slice.first * stride : slice.memory;
  const auto compute = [&](Share run) {
    weight_gradient(rows, run.size(), outputs, below + run.begin, stride_below, deltas, stride,
                    target + (run.begin - slice.first) * stride, stride, accumulate);
  };
  const auto clear = [&](Share run) {
    __builtin_memset(target + (run.begin - slice.first) * stride, 0, run.size() * stride * sizeof(float));
  };
  const bool by_runs = active.list != nullptr && !keep && skips_zero_gradients(sink.step->step);
  if (active.list == nullptr) {
    compute({slice.first, end});
  } else {
    std::size_t done = slice.first;
    for (ActiveInputs left = part_of(active, slice.first, end); left.count != 0;) {
      const Share run = take_run(left);
      if (!by_runs && !accumulate) clear({done, run.begin});
      compute(run);
      if (by_runs) {
        sink.step->apply(offset + run.begin * stride, run.size() * stride, target + (run.begin - slice.first) * stride);
      }
      done = run.end;
    }
    if (!by_runs && !accumulate) clear({done, end});
  }
  if (!keep && !by_runs) sink.step->apply(offset + slice.first * stride, slice.count * stride, slice.memory);
}

void Backpropagation::bias_slice(const Slice& slice, std::size_t rows, const GradientSink& sink) const {
  const std::size_t l = slice.layer, stride = topology_.stride_of(l), offset = topology_.biases_offset(l);
  const bool keep = sink.gradients != nullptr;
  bias_gradient(rows, topology_.outputs_of(l), deltas_ + layer_offset(l), stride,
                keep ? sink.gradients + offset : slice.memory, keep && sink.accumulate);
  if (!keep) sink.step->apply(offset, stride, slice.memory);
}

}  // namespace mote
