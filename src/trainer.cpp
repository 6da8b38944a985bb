// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

#include <initializer_list>

#include "mote/batch_norm.hpp"
#include "mote/vector_math.hpp"

namespace mote {
namespace {

// Fewer rows would not fill a worker's register tiles.
constexpr std::size_t kRowsPerWorker = 8;

bool is_finite(float x) {
  return x - x == 0.0f;
}

bool all_finite(Span<const float> values) {
  for (const float value : values) {
    if (!is_finite(value)) return false;
  }
  return true;
}

template <typename T>
void clear(Span<T> span) {
  for (T& element : span) element = T{};
}

Result check_batch_norm(const TrainingOptions& options, std::size_t samples) {
  const std::size_t left = samples % options.batch_size, fewest = left == 0 ? options.batch_size : left;
  if (options.memory_rows < options.batch_size) {
    return {Status::batch_norm_in_chunks, options.memory_rows, options.batch_size};
  }
  if (fewest < 2) return {Status::batch_norm_of_one_sample, fewest, 2};
  return Status::ok;
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

Result check(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check(options.loss, topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(options.optimizer); !result.ok()) return result;
  for (const float penalty : {options.l1, options.l2}) {
    if (!(penalty >= 0.0f && is_finite(penalty))) return Status::bad_penalty;
  }
  if (const Result result = check(options.schedule); !result.ok()) return result;
  if (samples == 0) return Status::no_samples;
  constexpr std::uint64_t kMostSamples = 0xffffffffu;  // they are counted, and ordered, in 32 bits
  if (samples > kMostSamples) return {Status::too_many_samples, samples, kMostSamples};
  if (options.batch_size == 0 || options.batch_size > samples) {
    return {Status::bad_batch_size, options.batch_size, samples};
  }
  if (options.workers == 0) return Status::bad_worker_count;
  if (options.memory_rows == 0) return {Status::bad_batch_size, 0, samples};
  return topology.all_scale_floats() == 0 ? Result(Status::ok) : check_batch_norm(options, samples);
}

Result Trainer::bind(const Topology& topology, const TrainingOptions& options, std::size_t samples, Memory memory) {
  if (const Result result = check(topology, options, samples); !result.ok()) return result;
  const detail::TrainingPlan plan = detail::training_plan(topology, options, samples);
  if (const Result result = check(memory, plan.bytes); !result.ok()) return result;
  topology_ = topology;
  options_ = options;
  order_random_ = Random(options.seed, Stream::shuffle);
  rows_ = plan.rows;
  samples_ = samples;
  parameters_ = part_of<float>(memory, plan.parameters, topology.parameter_count());
  state_ = part_of<float>(memory, plan.state, plan.state_count);
  gradients_ = part_of<float>(memory, plan.gradients, plan.gradients_count);
  running_ = part_of<float>(memory, plan.running, plan.running_count);
  folded_ = part_of<float>(memory, plan.folded, plan.folded_count);
  order_ = part_of<std::uint32_t>(memory, plan.order, plan.order_count);
  labels_ = part_of<std::uint8_t>(memory, plan.labels, plan.rows);
  correct_ = part_of<std::uint32_t>(memory, plan.correct, options.workers);
  inputs_ = part_of<float>(memory, plan.inputs, plan.rows * topology.inputs);
  masks_ = part_of<std::uint8_t>(memory, plan.masks, plan.masks_count);
  lists_ = part_of<std::uint32_t>(memory, plan.lists, plan.lists_count);
  evaluation_memory_ = memory.subspan(plan.inputs, plan.bytes - plan.inputs);
  step_ = {{options.optimizer, options.l2, 0, topology.parameter_count(), options.l1},
           topology.all_weight_floats(),
           parameters_.data(),
           state_.empty() ? nullptr : state_.data()};
  clear(parameters_);
  clear(state_);
  reset_running_statistics(topology, running_);
  parallel_ = {};
  dataset_ = {};
  position_ = 0;
  totals_ = {};
  return backpropagation_.bind(topology, rows_, memory.subspan(plan.scratch, plan.bytes - plan.scratch),
                               options.workers);
}

void Trainer::initialize(InitialWeights weights, InitialBiases biases) {
  Random random(options_.seed, Stream::initialization);
  mote::initialize(topology_, weights, biases, random, parameters_);
  clear(state_);
  reset_running_statistics(topology_, running_);
  step_.step.number = 0;
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

Result Trainer::begin_epoch(const Dataset& dataset) {
  if (const Result result = check(topology_, dataset); !result.ok()) return result;
  if (dataset.count != samples_) return {Status::count_mismatch, dataset.count, samples_};
  dataset_ = dataset;
  position_ = 0;
  totals_ = {};
  shuffle(order_, order_random_);
  move_gradient_point(step_.step, step_.parameters, step_.state, parameters_.size());
  return Status::ok;
}

void Trainer::set_parallel(const Parallel& parallel) {
  MOTE_ASSERT(parallel.workers >= 1 && parallel.workers <= options_.workers);
  parallel_ = parallel;
}

/// Gathers the samples of a share of the rows from `first` on. Returns the inputs that are not 0 in all of them.
ActiveInputs Trainer::gather_rows(std::size_t first, Share share, std::size_t worker) {
  const std::uint32_t* order = order_.empty() ? nullptr : order_.data();
  const std::size_t inputs = topology_.inputs, start = first + share.begin;
  gather(dataset_, order, start, share.size(), inputs_.data() + share.begin * inputs, labels_.data() + share.begin);
  if (!options_.skip_zero_inputs) return {lists_.data(), inputs};  // all of them
  std::uint32_t* list = lists_.data() + worker * inputs;
  return {list, list_nonzero_features(dataset_, order, start, share.size(), masks_.data() + worker * inputs, list)};
}

/// Gathers `rows` samples from `first` on and brings them as far as their deltas; their losses join the totals. Returns
/// the inputs that are not 0 in all of them.
ActiveInputs Trainer::compute_deltas(std::size_t first, std::size_t rows, float scale) {
  const std::size_t shares = rows < 2 * kRowsPerWorker ? 1 : parallel_.workers;
  const bool skip = options_.skip_zero_inputs;
  const std::size_t last = backpropagation_.stage_count() - 1;
  ActiveInputs active{lists_.data(), topology_.inputs};  // all of them
  for (std::size_t stage = 0; stage <= last; ++stage) {
    parallel_.for_each(shares, [&](std::size_t worker) {
      const Share share = share_of(rows, shares, worker);
      const ActiveInputs own = stage == 0 ? gather_rows(first, share, worker) : ActiveInputs{};
      if (stage == 0 && shares == 1) active = own;
      backpropagation_.forward_rows(step_.gradient_point(), inputs_.data(), share, worker, own, stage);
      if (stage < last) return;
      correct_[worker] = backpropagation_.loss_rows(options_.loss, labels_.data(), scale, share);
      backpropagation_.delta_rows(step_.gradient_point(), share, worker, stage);
    });
    if (stage == last) break;
    parallel_.for_each(shares, [&](std::size_t part) { backpropagation_.forward_sums(stage, rows, part, shares); });
  }
  for (std::size_t stage = last; stage-- > 0;) {
    parallel_.for_each(shares, [&](std::size_t part) { backpropagation_.backward_sums(stage, rows, part, shares); });
    parallel_.for_each(shares, [&](std::size_t worker) {
      backpropagation_.delta_rows(step_.gradient_point(), share_of(rows, shares, worker), worker, stage);
    });
  }
  std::uint32_t correct = 0;
  for (const std::uint32_t count : correct_.subspan(0, shares)) correct += count;
  totals_.add(backpropagation_.losses(rows), correct);
  return shares == 1 || !skip ? active : merge_active(shares);
}

/// The inputs that any of the first `shares` workers found active.
ActiveInputs Trainer::merge_active(std::size_t shares) {
  const std::size_t inputs = topology_.inputs;
  for (std::size_t worker = 1; worker < shares; ++worker) {
    or_bytes(masks_.data() + worker * inputs, masks_.data(), inputs);
  }
  std::uint32_t* list = lists_.data() + options_.workers * inputs;
  return {list, list_set(masks_.subspan(0, inputs), list)};
}

Result Trainer::train_batch() {
  MOTE_ASSERT(samples_left() > 0);
  const std::size_t left = samples_left();
  const std::size_t batch = options_.batch_size < left ? options_.batch_size : left;
  const float scale = 1.0f / static_cast<float>(batch);
  const bool keep = batch > rows_;
  const std::uint32_t* order = order_.empty() ? nullptr : order_.data();
  const std::size_t slices = backpropagation_.slice_count();
  step_.step.options.learning_rate = learning_rate();
  if (step_.step.number != 0xffffffffu) ++step_.step.number;  // by then corrections by beta^t are long over
  for (std::size_t done = 0; done < batch; done += rows_) {
    const std::size_t rows = rows_ < batch - done ? rows_ : batch - done;
    const ActiveInputs active = compute_deltas(position_ + done, rows, scale);
    if (!is_finite(totals_.sum)) return {Status::not_finite, position_ / options_.batch_size, 0};
    update_running(rows);
    const GradientSink sink =
        keep ? GradientSink{gradients_.data(), done != 0, nullptr} : GradientSink{nullptr, false, &step_};
    parallel_.for_each(parallel_.workers, [&](std::size_t worker) {
      const Share share = share_of(slices, parallel_.workers, worker);
      for (std::size_t s = share.begin; s < share.end; ++s) {
        // The samples to come, a few at a time: more would wait for each other instead of passing behind the sums.
        prefetch(dataset_, order, position_ + done + rows, rows, s, slices);
        backpropagation_.gradient_slices(inputs_.data(), rows, sink, {s, s + 1}, worker, active);
      }
    });
  }
  if (keep) {
    const std::size_t weights = topology_.all_weight_floats();
    step_.apply(0, weights, gradients_.data());
    step_.apply(weights, topology_.parameter_count() - weights, gradients_.data() + weights);
  }
  position_ += batch;
  // The next batch's loss would show what went wrong in this one; after the last there is none.
  if (samples_left() == 0 && !all_finite(parameters_)) {
    return {Status::not_finite, (position_ - 1) / options_.batch_size, 0};
  }
  return Status::ok;
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

void Trainer::update_running(std::size_t batch) {
  if (running_.empty()) return;
  const std::size_t count = topology_.all_scale_floats();
  const float* statistics = backpropagation_.batch_statistics().data();
  update_running_statistics(batch, count, statistics, statistics + count, running_.data(), running_.data() + count);
}

}  // namespace mote
