// SPDX-License-Identifier: MIT
// State of a Trainer between two batches: memory, parameters and progress; and its inference.
#include "mote/trainer.hpp"

#include "mote/detail/finite.hpp"

namespace mote {
namespace {

template <typename T>
void clear(Span<T> span) {
  for (T& element : span) element = T{};
}

void copy(Span<const float> from, Span<float> to) {
  MOTE_ASSERT(from.size() == to.size());
  __builtin_memcpy(to.data(), from.data(), from.size() * sizeof(float));
}

/// Sets means to 0 and variances to 1.
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
  bind(topology, options, samples, memory, plan, detail::kAllMethods);
  return Status::ok;
}

void Trainer::bind(const Topology& topology, const TrainingOptions& options, std::size_t samples, Memory memory,
                   const detail::TrainingPlan& plan, const detail::Methods& methods) {
  backpropagation_.bind(topology, {options.workers}, plan.rows, plan.scratch.in(memory), plan.backpropagation, methods);
  options_ = options;
  order_random_ = Random(options.seed, Stream::shuffle);
  rows_ = plan.rows;
  samples_ = samples;
  learned_ = plan.learned.in(memory);
  parameters_ = learned_.subspan(0, topology.parameter_count());
  running_ = learned_.subspan(parameters_.size(), learned_.size() - parameters_.size());
  state_ = plan.state.in(memory);
  gradients_ = plan.gradients.in(memory);
  kept_ = plan.kept.in(memory);
  folded_ = plan.folded.in(memory);
  order_ = plan.order.in(memory);
  labels_ = plan.labels.in(memory);
  whole_ = plan.whole.in(memory);
  inputs_ = plan.inputs.in(memory);
  masks_ = plan.masks.in(memory);
  list_ = plan.list.in(memory);
  failed_ = plan.failed.in(memory);
  evaluation_memory_ = memory.subspan(plan.inputs.offset, plan.bytes - plan.inputs.offset);
  step_ = {{options.optimizer, options.l2, 0, topology.parameter_count(), options.l1},
           topology.biases_offset(0),
           parameters_.data(),
           state_.empty() ? nullptr : state_.data(),
           methods.optimizer_step};
  clear(parameters_);
  clear(kept_);
  forget();
  parallel_ = {};
  dataset_ = {};
  position_ = 0;
  totals_ = {};
  dropout_ = {options.hidden_dropout, dropout_key(options.seed)};
  dropout_.rates = options.layer_dropout.data();
}

void Trainer::set_parallel(const Parallel& parallel) {
  MOTE_ASSERT(parallel.workers >= 1 && parallel.workers <= options_.workers);
  parallel_ = parallel;
  backpropagation_.set_parallel(parallel);
}

/// After new parameters were drawn.
void Trainer::begin_again() {
  forget();
  if (!kept_.empty()) keep_parameters();
}

void Trainer::move_gradient_point(std::size_t count) {
  const auto move = backpropagation_.methods().move_gradient_point;
  if (move != nullptr) move(step_.step, step_.parameters, step_.state, count);
}

/// Resets all state but parameters, data and streams of random numbers.
void Trainer::forget() {
  clear(state_);
  reset_running_statistics(topology(), running_);
  step_.step.number = 0;
  epoch_ = 0;
  divergence_ = {};
}

void Trainer::keep_parameters() {
  copy(learned_, kept_);
}

void Trainer::restore_parameters() {
  const std::size_t epochs = epoch_;
  forget();
  epoch_ = epochs;
  copy(kept_, learned_);
}

Result Trainer::restore(Bytes learned) {
  const std::size_t bytes = learned_.size() * sizeof(float);
  if (const Result result = check_exactly(learned, bytes); !result.ok()) return result;
  if (!detail::all_finite(learned)) return Status::not_finite;
  forget();
  __builtin_memcpy(learned_.data(), learned.data(), bytes);
  if (!kept_.empty()) keep_parameters();
  return Status::ok;
}

Result Trainer::set_learning_rate(float learning_rate) {
  const OptimizerOptions changed = OptimizerOptions(options_.optimizer).set_learning_rate(learning_rate);
  if (const Result result = check(changed); !result.ok()) return result;
  options_.optimizer = changed;
  return Status::ok;
}

float Trainer::learning_rate() const {
  const auto rate_factor = backpropagation_.methods().rate_factor;
  const float factor = rate_factor == nullptr ? 1.0f : rate_factor(options_.schedule, step_.step.number);
  return options_.optimizer.learning_rate * factor;
}

TrainingProgress Trainer::progress() const {
  return {epoch_,
          epoch_ == 0 ? 0 : position_,
          dropout_.sample,
          step_.step.number,
          options_.optimizer.learning_rate,
          totals_,
          epoch_ == 0 ? order_random_.state() : epoch_order_,
          epoch_ == 0 ? 0 : transformation_};
}

Result Trainer::resume(const TrainingProgress& progress, const Dataset& dataset) {
  if (samples_ != kUnstored) {
    if (const Result result = check_data(dataset); !result.ok()) return result;
  }
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
  transformation_ = progress.transformation;
  if (has_begun) draw_order();
  return Status::ok;
}

Span<const float> Trainer::forward_pre_activations(const Inputs& inputs) {
  MOTE_ASSERT(running_.empty() && inputs.count != 0 && inputs.features == topology().inputs);
  static_cast<void>(gather(inputs, nullptr, 0, 1, inputs_.data()));  // an input that is not finite shows in the outputs
  backpropagation_.set_dropout({});
  backpropagation_.forward(parameters_.data(), inputs_.data(), 1, {});
  return backpropagation_.activations(topology().layer_count - 1).row(0);
}

Result Trainer::evaluate(const Dataset& dataset, LossTotals& totals, Span<std::uint32_t> confusion) {
  const detail::Methods& methods = backpropagation_.methods();
  return detail::evaluate(inference_topology(), inference_parameters(), options_.loss, dataset, evaluation_memory_,
                          totals, confusion, methods.loss_and_deltas, methods.activate.functions);
}

Span<const float> Trainer::inference_parameters() {
  if (running_.empty()) return parameters_;
  const auto fold = backpropagation_.methods().batch_norm->fold;
  static_cast<void>(fold(topology(), parameters_, running_, folded_));  // bind has checked the sizes
  return folded_;
}

}  // namespace mote
