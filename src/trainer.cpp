// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

#include "mote/batch_norm.hpp"
#include "mote/finite.hpp"
#include "mote/regularization.hpp"
#include "mote/vector_math.hpp"

namespace mote {
namespace {

// Fewer rows would not fill a worker's register tiles.
constexpr std::size_t kRowsPerWorker = 8;

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
  position_ = progress.epochs == 0 ? samples_ : static_cast<std::size_t>(progress.position);
  totals_ = progress.totals;
  epoch_ = static_cast<std::size_t>(progress.epochs);
  dropout_.sample = progress.samples_seen;
  step_.step.number = progress.steps;
  divergence_ = {};
  order_random_ = Random(progress.order_state);
  epoch_order_ = progress.order_state;
  if (epoch_ != 0) draw_order();
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

/// Gathers the samples of a share of the rows after the first `done` of the batch, without what dropout leaves out.
/// Returns the inputs that are not 0 in all of them, or would not be without dropout.
ActiveInputs Trainer::gather_rows(std::size_t done, Share share, std::size_t worker) {
  const std::uint32_t* order = order_.empty() ? nullptr : order_.data();
  const std::size_t inputs = topology_.inputs, start = position_ + done + share.begin;
  float* rows = inputs_.data() + share.begin * inputs;
  gather(dataset_, order, start, share.size(), rows, labels_.data() + share.begin);
  if (options_.input_dropout != 0.0f) {
    Dropout dropout = dropout_.at(0, done + share.begin);
    dropout.rate = options_.input_dropout;
    drop_units(dropout, share.size(), inputs, inputs, rows);
  }
  if (!options_.skip_zero_inputs) return {lists_.data(), inputs};  // all of them
  std::uint32_t* list = lists_.data() + worker * inputs;
  return {list, list_nonzero_features(dataset_, order, start, share.size(), masks_.data() + worker * inputs, list)};
}

/// Gathers `rows` samples of the batch after the first `done` and brings them as far as their deltas; their losses join
/// the totals. Returns what gather_rows returns, for all rows.
ActiveInputs Trainer::compute_deltas(std::size_t done, std::size_t rows, float scale) {
  const std::size_t shares = rows < 2 * kRowsPerWorker ? 1 : parallel_.workers;
  const std::size_t last = backpropagation_.stage_count() - 1;
  const std::uint32_t* order = order_.empty() ? nullptr : order_.data();
  ActiveInputs active{lists_.data(), topology_.inputs};  // all of them
  backpropagation_.set_dropout(dropout_.at(0, done));
  for (std::size_t stage = 0; stage <= last; ++stage) {
    parallel_.for_each(shares, [&](std::size_t worker) {
      const Share share = share_of(rows, shares, worker);
      const ActiveInputs own = stage == 0 ? gather_rows(done, share, worker) : ActiveInputs{};
      if (stage == 0 && shares == 1) active = own;
      backpropagation_.forward_rows(step_.gradient_point(), inputs_.data(), share, worker, own, stage);
      if (stage < last) return;
      const Targets targets = targets_of(dataset_, order, position_ + done, inputs_.data(), labels_.data());
      correct_[worker] = backpropagation_.loss_rows(options_.loss, targets, scale, share);
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
  return shares == 1 || !options_.skip_zero_inputs ? active : merge_active(shares);
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
  const bool keep = batch > rows_ || options_.clips();
  const std::uint32_t* order = order_.empty() ? nullptr : order_.data();
  const std::size_t slices = backpropagation_.slice_count();
  step_.step.options.learning_rate = learning_rate();
  if (step_.step.number != 0xffffffffu) ++step_.step.number;  // by then corrections by beta^t are long over
  for (std::size_t done = 0; done < batch; done += rows_) {
    const std::size_t rows = rows_ < batch - done ? rows_ : batch - done;
    const ActiveInputs active = compute_deltas(done, rows, scale);
    if (!detail::is_finite(totals_.sum)) return diverged_in_loss(rows);
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
    if (options_.clips() && !clip_gradients()) {
      return diverged(Divergence::What::gradient, first_not_finite(topology_, gradients_));
    }
    step_with_gradients();
  }
  if (options_.max_norm != 0.0f) limit_norms();
  Result result;
  // The next batch's loss would show what went wrong in this one; after the last there is none.
  if (batch == left && !detail::all_finite(parameters_)) {
    result = diverged(Divergence::What::parameter, first_not_finite(topology_, parameters_));
  }
  position_ += batch;
  dropout_.sample += batch;
  return result;
}

bool Trainer::clip_gradients() {
  if (options_.clip_norm != 0.0f) return clip_norm(topology_, options_.clip_norm, gradients_.data());
  return clip_value(options_.clip_value, gradients_.data(), gradients_.size());
}

void Trainer::step_with_gradients() {
  const std::size_t weights = topology_.all_weight_floats(), biases = topology_.parameter_count() - weights;
  parallel_.for_each(parallel_.workers, [&](std::size_t worker) {
    const Share weight_share = share_of(weights, parallel_.workers, worker);
    step_.apply(weight_share.begin, weight_share.size(), gradients_.data() + weight_share.begin);
    const Share bias_share = share_of(biases, parallel_.workers, worker);
    const std::size_t offset = weights + bias_share.begin;
    step_.apply(offset, bias_share.size(), gradients_.data() + offset);
  });
}

/// Max-norm of the weights into hidden units.
void Trainer::limit_norms() {
  for (std::size_t l = 0; l + 1 < topology_.layer_count; ++l) {
    const std::size_t stride = topology_.stride_of(l), offset = topology_.weights_offset(l);
    parallel_.for_each(parallel_.workers, [&](std::size_t worker) {
      const Share share = share_of(topology_.outputs_of(l), parallel_.workers, worker);
      limit_column_norms(options_.max_norm, topology_.inputs_of(l), share.size(), stride,
                         parameters_.data() + offset + share.begin);
    });
  }
  move_gradient_point(step_.step, step_.parameters, step_.state, topology_.all_weight_floats());
}

Result Trainer::diverged(Divergence::What what, std::size_t layer) {
  divergence_ = {what, layer, epoch_ - 1, position_ / options_.batch_size};
  return {Status::not_finite, divergence_.batch, layer};
}

/// Names what made the loss of the first `rows` rows not finite: a parameter after the last step, or nothing but size.
Result Trainer::diverged_in_loss(std::size_t rows) {
  const std::size_t layers = topology_.layer_count, of_parameter = first_not_finite(topology_, parameters_);
  if (of_parameter != layers) return diverged(Divergence::What::parameter, of_parameter);
  const std::size_t of_activation = first_not_finite(topology_, backpropagation_, rows);
  return diverged(Divergence::What::loss, of_activation < layers ? of_activation : layers - 1);
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
