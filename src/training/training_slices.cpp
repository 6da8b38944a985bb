// SPDX-License-Identifier: MIT
// Trainer::step() with places to stop at.
#include "mote/training_slices.hpp"

namespace mote {

Result TrainingSlices::begin(const Dataset& batch) {
  if (const Result result = trainer_.begin_batch(batch); !result.ok()) return result;
  is_stored_ = false;
  batch_ = batch.count;
  begin_step();
  return result_;
}

void TrainingSlices::begin() {
  is_stored_ = true;
  batch_ = trainer_.next_batch();
  begin_step();
}

void TrainingSlices::begin_step() {
  result_ = trainer_.begin_step() ? Status::ok : Status::not_initialized;
  done_ = 0;
  enter(result_.ok() ? Phase::gather : Phase::done);
}

void TrainingSlices::enter(Phase phase) {
  phase_ = phase;
  row_ = 0;
  layer_ = phase == Phase::backward ? trainer_.topology().layer_count - 1 : 0;
}

bool TrainingSlices::advance(std::size_t multiply_adds) {
  while (phase_ != Phase::done) {
    const std::size_t made = unit(multiply_adds);
    if (made >= multiply_adds) break;
    multiply_adds -= made;
  }
  return phase_ == Phase::done;
}

/// Makes one unit, or several that fit. Returns the number of its multiply-adds.
std::size_t TrainingSlices::unit(std::size_t multiply_adds) {
  const bool is_normalized = trainer_.topology().all_scale_floats() != 0;
  Backpropagation& backpropagation = trainer_.backpropagation_;
  const float* point = trainer_.step_.gradient_point();
  switch (phase_) {
    case Phase::gather: return gather();
    case Phase::forward:
      if (!is_normalized) return forward(multiply_adds);
      backpropagation.forward(point, trainer_.inputs_.data(), rows_);
      enter(Phase::loss);
      return multiply_adds;
    case Phase::loss:
      if (const Result result = trainer_.compute_loss(done_, rows_, batch_); !result.ok()) return refuse(result);
      enter(Phase::backward);
      return rows_ * trainer_.topology().outputs();
    case Phase::backward:
      if (!is_normalized) return backward(multiply_adds);
      backpropagation.compute_deltas(point);
      enter(Phase::gradients);
      return multiply_adds;
    case Phase::gradients: return gradients(multiply_adds);
    case Phase::done: break;
  }
  return 0;
}

std::size_t TrainingSlices::refuse(const Result& result) {
  result_ = trainer_.refused(result);
  phase_ = Phase::done;
  return 0;
}

std::size_t TrainingSlices::gather() {
  const std::size_t left = batch_ - done_;
  rows_ = trainer_.rows_ < left ? trainer_.rows_ : left;
  ActiveInputs active;  // not used: the search for zeros changes no bit
  if (const Result result = trainer_.gather_rows(done_, rows_, active); !result.ok()) return refuse(result);
  trainer_.backpropagation_.rows_ = rows_;
  enter(Phase::forward);
  return rows_ * trainer_.topology().inputs;
}

/// The next samples through one layer.
std::size_t TrainingSlices::forward(std::size_t multiply_adds) {
  Backpropagation& backpropagation = trainer_.backpropagation_;
  const float* point = trainer_.step_.gradient_point();
  const Share rows = next(trainer_.topology().weight_floats(layer_), rows_, multiply_adds);
  backpropagation.product(layer_, point, trainer_.inputs_.data(), {}, rows);
  backpropagation.activate(layer_, point, rows);
  const std::size_t made = rows.size() * trainer_.topology().weight_floats(layer_);
  if (row_ != rows_) return made;
  row_ = 0;
  if (++layer_ == trainer_.topology().layer_count) enter(Phase::loss);
  return made;
}

/// The deltas of the next samples through one layer.
std::size_t TrainingSlices::backward(std::size_t multiply_adds) {
  if (layer_ == 0) {
    enter(Phase::gradients);
    return 0;
  }
  const Share rows = next(trainer_.topology().weight_floats(layer_), rows_, multiply_adds);
  const std::size_t made = rows.size() * trainer_.topology().weight_floats(layer_);
  trainer_.backpropagation_.delta_below(layer_, trainer_.step_.gradient_point(), rows, 0);
  if (row_ != rows_) return made;
  row_ = 0;
  --layer_;
  return made;
}

/// The gradients of the next rows of weights, and after the last those of the biases.
std::size_t TrainingSlices::gradients(std::size_t multiply_adds) {
  const Topology& topology = trainer_.topology();
  const Backpropagation& backpropagation = trainer_.backpropagation_;
  const GradientSink sink = trainer_.sink(done_, batch_);
  const std::size_t inputs = topology.inputs_of(layer_), cost = topology.stride_of(layer_) * rows_;
  const Share rows = next(cost, inputs, multiply_adds);
  backpropagation.weight_gradients({layer_, rows, {}}, trainer_.inputs_.data(), sink, backpropagation.strip(0));
  if (row_ != inputs) return rows.size() * cost;
  backpropagation.bias_gradients(layer_, sink, backpropagation.strip(0));
  row_ = 0;
  if (++layer_ == topology.layer_count) end_chunk();
  return rows.size() * cost;
}

void TrainingSlices::end_chunk() {
  done_ += rows_;
  if (done_ != batch_) return enter(Phase::gather);
  result_ = trainer_.end_step(batch_);
  if (result_.ok() && is_stored_) result_ = trainer_.end_batch(batch_);
  phase_ = Phase::done;
}

/// The next things of `count`, whose multiply-adds fit, but at least one.
Share TrainingSlices::next(std::size_t cost, std::size_t count, std::size_t multiply_adds) {
  const std::size_t left = count - row_, fit = multiply_adds / cost;
  const Share share{row_, row_ + (fit == 0 ? 1 : fit < left ? fit : left)};
  row_ = share.end;
  return share;
}

}  // namespace mote
