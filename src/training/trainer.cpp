// SPDX-License-Identifier: MIT
#include "mote/trainer.hpp"

#include "active_inputs.hpp"
#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/instruction_set.hpp"

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

/// First layer with a number that is not finite, in an array with the layout of the parameters; layer_count: none.
std::size_t first_not_finite(const Topology& topology, Span<const float> parameters) {
  const auto is_good = [&](std::size_t offset, std::size_t count) {
    return detail::all_finite(parameters.subspan(offset, count));
  };
  std::size_t l = 0;
  for (; l < topology.layer_count; ++l) {
    if (!is_good(topology.weights_offset(l), topology.weight_floats(l))) break;
    if (!is_good(topology.biases_offset(l), topology.stride_of(l))) break;
    if (topology.layers[l].batch_norm && !is_good(topology.scales_offset(l), topology.stride_of(l))) break;
  }
  return l;
}

/// First layer whose kept activations are not all finite; the last layer if all are.
std::size_t first_overflow(std::size_t layers, const Backpropagation& backpropagation) {
  for (std::size_t l = 0; l + 1 < layers; ++l) {
    const MatrixView activations = backpropagation.activations(l);
    for (std::size_t i = 0; i < activations.rows; ++i) {
      if (!detail::all_finite(activations.row(i))) return l;
    }
  }
  return layers - 1;
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
           topology.all_weight_floats(),
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
  for (std::size_t i = 0; i < bytes; i += sizeof(float)) {
    float x;
    __builtin_memcpy(&x, learned.data() + i, sizeof x);
    if (!detail::is_finite(x)) return Status::not_finite;
  }
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

Result Trainer::check_data(const Dataset& dataset) const {
  if (const Result result = check_arithmetic(); !result.ok()) return result;
  if (const Result result = check(topology(), dataset); !result.ok()) return result;
  if (dataset.count != samples_) return {Status::count_mismatch, dataset.count, samples_};
  return Status::ok;
}

Result Trainer::train_epoch(const Dataset& dataset) {
  if (const Result result = begin_epoch(dataset); !result.ok()) return result;
  while (samples_left() > 0) {
    if (const Result result = train_batch(); !result.ok()) return result;
  }
  return Status::ok;
}

Result Trainer::begin_epoch(const Dataset& dataset) {
  if (const Result result = check_data(dataset); !result.ok()) return result;
  dataset_ = dataset;
  position_ = 0;
  totals_ = {};
  ++epoch_;
  transformation_ = transformation_hash(dataset);
  epoch_order_ = order_random_.state();
  draw_order();
  move_gradient_point(parameters_.size());
  return Status::ok;
}

/// Writes the order of an epoch. Draws the bootstrap sample again from its seed: the last order has overwritten it.
void Trainer::draw_order() {
  if (!options_.bootstrap) return shuffle(order_, order_random_);
  Random random(options_.seed, Stream::bootstrap);
  draw_bootstrap(order_, random);
  if (options_.shuffle) permute(order_, order_random_);
}

// One mini-batch. A batch that does not fit into memory comes in chunks of rows_ samples, whose gradients are added.

Result Trainer::train_batch() {
  const std::size_t batch = next_batch();
  if (const Result result = step(batch); !result.ok()) return result;
  return end_batch(batch);
}

Result Trainer::train_batch(const Dataset& batch) {
  if (const Result result = begin_batch(batch); !result.ok()) return result;
  return step(batch.count);
}

/// Number of samples of the next mini-batch of the epoch.
std::size_t Trainer::next_batch() const {
  const std::size_t left = samples_left();
  MOTE_ASSERT(left > 0);
  return left < options_.batch_size ? left : options_.batch_size;
}

/// Moves on in the epoch, after the step.
Result Trainer::end_batch(std::size_t batch) {
  // The loss of the next batch reveals a parameter that is not finite; after the last batch, a check does.
  Result result;
  if (batch == samples_left() && !detail::all_finite(parameters_)) {
    result = diverged(Divergence::What::parameter, first_not_finite(topology(), parameters_));
  }
  position_ += batch;
  return result;
}

/// Takes a batch that the caller hands over.
Result Trainer::begin_batch(const Dataset& batch) {
  MOTE_ASSERT(samples_ == kUnstored);
  if (const Result result = check_arithmetic(); !result.ok()) return result;
  if (const Result result = check(topology(), batch); !result.ok()) return result;
  if (batch.count > options_.batch_size) return {Status::bad_batch_size, batch.count, options_.batch_size};
  if (!running_.empty() && batch.count < 2) return {Status::batch_norm_of_one_sample, batch.count, 2};
  dataset_ = batch;
  position_ = 0;
  totals_ = {};
  move_gradient_point(parameters_.size());
  return Status::ok;
}

/// False if hidden layers cannot learn: the gradients of weights that are all 0 are 0, or equal for all units.
bool Trainer::is_initialized() const {
  const float* const end = parameters_.data() + step_.weight_floats;
  for (const float* weight = parameters_.data(); weight != end; ++weight) {
    if (*weight != 0.0f) return true;
  }
  return topology().layer_count == 1;
}

/// Makes a parameter step on the next `batch` samples.
Result Trainer::step(std::size_t batch) {
  if (!begin_step()) return Status::not_initialized;
  for (std::size_t done = 0; done < batch; done += rows_) {
    const std::size_t rows = rows_ < batch - done ? rows_ : batch - done;
    ActiveInputs active;
    if (const Result result = gather_rows(done, rows, active); !result.ok()) return refused(result);
    backpropagation_.forward(step_.gradient_point(), inputs_.data(), rows, active);
    if (const Result result = compute_loss(done, rows, batch); !result.ok()) return refused(result);
    backpropagation_.compute_deltas(step_.gradient_point());
    use_gradients(done, rows, active, sink(done, batch));
  }
  return end_step(batch);
}

/// False if the weights are not initialized.
bool Trainer::begin_step() {
  steps_ = step_.step.number;
  if (steps_ == 0 && !is_initialized()) return false;
  step_.step.options.learning_rate = learning_rate();
  if (steps_ != 0xffffffffu) step_.step.number = steps_ + 1;  // saturates: beta^t is negligible by then
  return true;
}

/// A step that is not made is not counted.
Result Trainer::refused(const Result& result) {
  step_.step.number = steps_;
  return result;
}

/// Adds the losses of `rows` samples of the batch after the first `done`, and computes the deltas of the last layer.
Result Trainer::compute_loss(std::size_t done, std::size_t rows, std::size_t batch) {
  const float* whole = options_.input_dropout != 0.0f ? whole_.data() : inputs_.data();
  const Targets targets = targets_of(dataset_, order(), position_ + done, whole, labels_.data());
  backpropagation_.compute_loss(options_.loss, targets, 1.0f / static_cast<float>(batch), totals_);
  if (!detail::is_finite(totals_.sum)) return diverged_in_loss();
  if (!running_.empty()) update_running(rows);
  return Status::ok;
}

/// Gradients of a batch in several chunks, or to be clipped, are kept; others are used at once.
GradientSink Trainer::sink(std::size_t done, std::size_t batch) const {
  const bool keep = batch > rows_ || options_.clips();
  return keep ? GradientSink{gradients_.data(), done != 0, nullptr} : GradientSink{nullptr, false, &step_};
}

/// Uses gradients that were kept, and limits weights.
Result Trainer::end_step(std::size_t batch) {
  if (sink(0, batch).gradients != nullptr) {
    if (options_.clips() && !clip_gradients()) {
      return diverged(Divergence::What::gradient, first_not_finite(topology(), gradients_));
    }
    step_with_gradients();
  }
  if (options_.max_norm != 0.0f) limit_norms();
  dropout_.sample += batch;
  return Status::ok;
}

/// Gathers `rows` samples of the batch after the first `done`, and drops inputs. active: the inputs that are active
/// before dropout.
Result Trainer::gather_rows(std::size_t done, std::size_t rows, ActiveInputs& active) {
  backpropagation_.set_dropout(dropout_.at(0, done));
  const std::size_t inputs = topology().inputs;
  const bool lists = detail::kRearranges && !masks_.empty() && has_zero_bytes(dataset_);
  clear(failed_);
  parallel_.for_shares(rows, detail::kRowsPerWorker, [&](Share share, std::size_t worker) {
    const std::size_t first = position_ + done + share.begin, floats = share.size() * inputs;
    float* to = inputs_.data() + share.begin * inputs;
    failed_[worker] = gather(dataset_, order(), first, share.size(), to).ok() ? 0 : 1;
    gather_labels(dataset_, order(), first, share.size(), labels_.data() + share.begin);
    if (lists) mark_active(dataset_, order(), first, share.size(), masks_.data() + worker * inputs);
    if (options_.input_dropout == 0.0f) return;
    if (dataset_.inputs_are_targets) __builtin_memcpy(whole_.data() + share.begin * inputs, to, floats * sizeof(float));
    Dropout dropout = dropout_.at(0, done + share.begin);
    dropout.rate = options_.input_dropout;
    backpropagation_.methods().drop_units(dropout, share.size(), inputs, inputs, to);
  });
  for (const std::uint8_t failed : failed_) {
    if (failed != 0) return gather(dataset_, order(), position_ + done, rows, inputs_.data());  // for the place
  }
  if (!lists) return Status::ok;
  const Span<std::uint8_t> mask = masks_.subspan(0, inputs);
  const std::size_t workers = parallel_.shares_of(rows, detail::kRowsPerWorker);
  for (std::size_t i = 1; i < workers; ++i) or_bytes(masks_.data() + i * inputs, mask.data(), inputs);
  active = list_active(mask, list_.data());
  return Status::ok;
}

/// Computes the gradients and passes them to `sink`, slice by slice.
void Trainer::use_gradients(std::size_t done, std::size_t rows, const ActiveInputs& active, const GradientSink& sink) {
  const std::size_t slices = backpropagation_.slice_count();
  parallel_.for_shares(slices, 1, [&](Share share, std::size_t worker) {
    for (std::size_t slice = share.begin; slice < share.end; ++slice) {
      // Prefetches a few of the next samples per slice: more at once would stall instead of overlapping the sums.
      if (detail::kRearranges) prefetch(dataset_, order(), position_ + done + rows, rows, slice, slices);
      backpropagation_.gradient_slice(slice, inputs_.data(), active, sink, worker);
    }
  });
}

void Trainer::update_running(std::size_t batch) {
  const std::size_t count = topology().all_scale_floats();
  const float* statistics = backpropagation_.batch_statistics().data();
  backpropagation_.methods().batch_norm->update_running(batch, count, statistics, statistics + count, running_.data(),
                                                        running_.data() + count);
}

bool Trainer::clip_gradients() {
  const detail::Methods& methods = backpropagation_.methods();
  if (options_.clip_norm != 0.0f) return methods.clip_norm(topology(), options_.clip_norm, gradients_.data());
  return methods.clip_value(options_.clip_value, gradients_.data(), gradients_.size());
}

void Trainer::step_with_gradients() {
  const std::size_t weights = topology().all_weight_floats(), biases = parameters_.size() - weights;
  parallel_.for_each(parallel_.workers, [&](std::size_t worker) {
    const Share weight_share = share_of(weights, parallel_.workers, worker);
    step_.apply(weight_share.begin, weight_share.size(), gradients_.data() + weight_share.begin);
    const Share bias_share = share_of(biases, parallel_.workers, worker);
    const std::size_t offset = weights + bias_share.begin;
    step_.apply(offset, bias_share.size(), gradients_.data() + offset);
  });
}

/// Limits the norms of the weights into each hidden unit.
void Trainer::limit_norms() {
  for (std::size_t l = 0; l + 1 < topology().layer_count; ++l) {
    parallel_.for_shares(topology().outputs_of(l), 1, [&](Share share, std::size_t) {
      backpropagation_.methods().limit_column_norms(options_.max_norm, topology().inputs_of(l), share.size(),
                                                    topology().stride_of(l),
                                                    parameters_.data() + topology().weights_offset(l) + share.begin);
    });
  }
  move_gradient_point(topology().all_weight_floats());
}

Result Trainer::diverged(Divergence::What what, std::size_t layer) {
  const bool is_stored = samples_ != kUnstored;
  divergence_ = {what, layer, is_stored ? epoch_ - 1 : 0,
                 // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): check() has rejected a batch size of 0.
                 is_stored ? position_ / options_.batch_size : step_.step.number};
  return {Status::not_finite, divergence_.batch, layer};
}

/// Finds the cause of a loss that is not finite: targets, a parameter of the last step, or an overflow of the forward
/// pass.
Result Trainer::diverged_in_loss() {
  if (const Result result = check_targets(options_.loss.kind, dataset_); !result.ok()) return result;
  const std::size_t layers = topology().layer_count, of_parameter = first_not_finite(topology(), parameters_);
  if (of_parameter != layers) return diverged(Divergence::What::parameter, of_parameter);
  return diverged(Divergence::What::loss, first_overflow(layers, backpropagation_));
}

// After training.

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
