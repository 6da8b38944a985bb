// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

namespace mote {
namespace {

template <typename T>
void clear(Span<T> span) {
  for (T& element : span) element = T{};
}

/// Means 0 and variances 1.
void reset_running_statistics(const Topology& topology, Span<float> running) {
  clear(running);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (!topology.layers[l].batch_norm) continue;
    float* variances = running.data() + topology.all_scale_floats() + topology.scale_floats_before(l);
    for (std::size_t j = 0; j < topology.outputs_of(l); ++j) variances[j] = 1.0f;
  }
}

}  // namespace

Result Trainer::bind(const Topology& topology, const TrainingOptions& options, std::size_t samples, Memory memory) {
  if (const Result result = check(topology, options, samples); !result.ok()) return result;
  const detail::TrainingPlan plan = detail::training_plan(topology, options, samples);
  if (const Result result = check(memory, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  options_ = options;
  order_random_ = Random(options.seed, Stream::shuffle);
  rows_ = plan.rows;
  samples_ = samples;
  model_ = part_of<float>(memory, plan.model, plan.model_count);
  parameters_ = model_.subspan(0, topology.parameter_count());
  running_ = model_.subspan(topology.parameter_count(), plan.model_count - topology.parameter_count());
  state_ = part_of<float>(memory, plan.state, plan.state_count);
  gradients_ = part_of<float>(memory, plan.gradients, plan.gradients_count);
  kept_ = part_of<float>(memory, plan.kept, plan.kept_count);
  folded_ = part_of<float>(memory, plan.folded, plan.folded_count);
  order_ = part_of<std::uint32_t>(memory, plan.order, plan.order_count);
  labels_ = part_of<std::uint8_t>(memory, plan.labels, plan.rows);
  correct_ = part_of<std::uint32_t>(memory, plan.correct, options.workers);
  whole_ = part_of<float>(memory, plan.whole, plan.whole_count);
  inputs_ = part_of<float>(memory, plan.inputs, plan.rows * topology.inputs);
  masks_ = part_of<std::uint8_t>(memory, plan.masks, plan.masks_count);
  lists_ = part_of<std::uint32_t>(memory, plan.lists, plan.lists_count);
  evaluation_memory_ = memory.subspan(plan.inputs, plan.bytes - plan.inputs);
  step_ = {{options.optimizer, options.l2, 0, topology.parameter_count(), options.l1},
           topology.all_weight_floats(),
           parameters_.data(),
           state_.empty() ? nullptr : state_.data()};
  clear(parameters_);
  clear(kept_);
  forget();
  parallel_ = {};
  dataset_ = {};
  position_ = 0;
  totals_ = {};
  dropout_ = {options.hidden_dropout, dropout_key(options.seed)};
  return backpropagation_.bind(topology, rows_, memory.subspan(plan.scratch, plan.bytes - plan.scratch),
                               options.workers);
}

void Trainer::initialize(InitialWeights weights, InitialBiases biases) {
  Random random(options_.seed, Stream::initialization);
  mote::initialize(topology_, weights, biases, random, parameters_);
  forget();
  if (!kept_.empty()) keep_parameters();
}

/// All but parameters, data and the streams of random numbers.
void Trainer::forget() {
  clear(state_);
  reset_running_statistics(topology_, running_);
  step_.step.number = 0;
  epoch_ = 0;
  divergence_ = {};
}

void Trainer::keep_parameters() {
  MOTE_ASSERT(kept_.size() == model_.size());
  __builtin_memcpy(kept_.data(), model_.data(), model_.size() * sizeof(float));
}

void Trainer::restore_parameters() {
  MOTE_ASSERT(kept_.size() == model_.size());
  const std::size_t epochs = epoch_;
  forget();
  epoch_ = epochs;
  __builtin_memcpy(model_.data(), kept_.data(), model_.size() * sizeof(float));
}

Result Trainer::set_learning_rate(float learning_rate) {
  OptimizerOptions changed = options_.optimizer;
  changed.learning_rate = learning_rate;
  if (const Result result = check(changed); !result.ok()) return result;
  options_.optimizer = changed;
  return Status::ok;
}

float Trainer::learning_rate() const {
  return options_.optimizer.learning_rate * rate_factor(options_.schedule, step_.step.number);
}

TrainingProgress Trainer::progress() const {
  return {epoch_,
          epoch_ == 0 ? 0 : position_,
          dropout_.sample,
          step_.step.number,
          options_.optimizer.learning_rate,
          totals_,
          epoch_ == 0 ? order_random_.state() : epoch_order_};
}

Result Trainer::resume(const TrainingProgress& progress, const Dataset& dataset) {
  if (const Result result = check_data(dataset); !result.ok()) return result;
  if (const Result result = set_learning_rate(progress.learning_rate); !result.ok()) return result;
  MOTE_ASSERT(progress.position <= samples_);
  dataset_ = dataset;
  const bool has_begun = progress.epochs != 0;
  position_ = has_begun ? static_cast<std::size_t>(progress.position) : samples_;
  totals_ = progress.totals;
  epoch_ = static_cast<std::size_t>(progress.epochs);
  dropout_.sample = progress.samples_seen;
  step_.step.number = progress.steps;
  divergence_ = {};
  order_random_ = Random(progress.order_state);
  epoch_order_ = progress.order_state;
  if (has_begun) draw_order();
  return Status::ok;
}

Result Trainer::check_data(const Dataset& dataset) const {
  if (const Result result = check(topology_, dataset); !result.ok()) return result;
  if (dataset.count != samples_) return {Status::count_mismatch, dataset.count, samples_};
  return Status::ok;
}

Result Trainer::begin_epoch(const Dataset& dataset) {
  if (const Result result = check_data(dataset); !result.ok()) return result;
  dataset_ = dataset;
  position_ = 0;
  totals_ = {};
  ++epoch_;
  epoch_order_ = order_random_.state();
  draw_order();
  move_gradient_point(step_.step, step_.parameters, step_.state, parameters_.size());
  return Status::ok;
}

/// The bootstrap sample is drawn anew every epoch instead of being kept beside its order.
void Trainer::draw_order() {
  if (!options_.bootstrap) return shuffle(order_, order_random_);
  Random random(options_.seed, Stream::bootstrap);
  draw_bootstrap(order_, random);
  if (options_.shuffle) permute(order_, order_random_);
}

void Trainer::set_parallel(const Parallel& parallel) {
  MOTE_ASSERT(parallel.workers >= 1 && parallel.workers <= options_.workers);
  parallel_ = parallel;
}

Result Trainer::train_epoch(const Dataset& dataset) {
  if (const Result result = begin_epoch(dataset); !result.ok()) return result;
  while (samples_left() > 0) {
    if (const Result result = train_batch(); !result.ok()) return result;
  }
  return Status::ok;
}

Result Trainer::evaluate(const Dataset& dataset, LossTotals& totals, Span<std::uint32_t> confusion) {
  return mote::evaluate(inference_topology(), inference_parameters(), options_.loss, dataset, evaluation_memory_,
                        totals, confusion);
}

Span<const float> Trainer::inference_parameters() {
  if (running_.empty()) return parameters_;
  static_cast<void>(fold_batch_norm(topology_, parameters_, running_, folded_));  // bind has checked the sizes
  return folded_;
}

}  // namespace mote
