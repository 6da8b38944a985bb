// SPDX-License-Identifier: MIT
// Epochs and mini-batches. trainer_state.cpp has the state between two batches.
#include "mote/trainer.hpp"

#include "active_inputs.hpp"
#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/instruction_set.hpp"

namespace mote {
namespace {

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
  for (std::uint8_t& failed : failed_) failed = 0;
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
  const std::size_t weights = step_.weight_floats, biases = parameters_.size() - weights;
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
  move_gradient_point(step_.weight_floats);
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

}  // namespace mote
