// SPDX-License-Identifier: MIT
// What a Trainer does with one mini-batch.
#include "../textbook/batch_norm.hpp"
#include "../textbook/regularization.hpp"
#include "divergence.hpp"
#include "mote/batch_norm.hpp"
#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/trainer.hpp"

namespace mote {
namespace {

// Fewer rows would not fill a worker's register tiles.
constexpr std::size_t kRowsPerWorker = 8;

}  // namespace

/// Gathers the samples of a share of the rows after the first `done` of the batch, without what dropout leaves out.
/// Returns the inputs that are not 0 in all of them, or would not be without dropout.
ActiveInputs Trainer::gather_rows(std::size_t done, Share share, std::size_t worker) {
  const std::uint32_t* order = order_.empty() ? nullptr : order_.data();
  const std::size_t inputs = topology_.inputs, start = position_ + done + share.begin;
  float* rows = inputs_.data() + share.begin * inputs;
  gather(dataset_, order, start, share.size(), rows, labels_.data() + share.begin);
  if (options_.input_dropout != 0.0f) {
    if (dataset_.inputs_are_targets) {
      __builtin_memcpy(whole_.data() + share.begin * inputs, rows, share.size() * inputs * sizeof(float));
    }
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
  const float* whole = options_.input_dropout != 0.0f ? whole_.data() : inputs_.data();
  ActiveInputs active{lists_.data(), topology_.inputs};  // all of them
  backpropagation_.set_dropout(dropout_.at(0, done));
  for (std::size_t stage = 0; stage <= last; ++stage) {
    parallel_.for_each(shares, [&](std::size_t worker) {
      const Share share = share_of(rows, shares, worker);
      const ActiveInputs own = stage == 0 ? gather_rows(done, share, worker) : ActiveInputs{};
      if (stage == 0 && shares == 1) active = own;
      backpropagation_.forward_rows(step_.gradient_point(), inputs_.data(), share, worker, own, stage);
      if (stage < last) return;
      const Targets targets = targets_of(dataset_, order, position_ + done, whole, labels_.data());
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

void Trainer::update_running(std::size_t batch) {
  if (running_.empty()) return;
  const std::size_t count = topology_.all_scale_floats();
  const float* statistics = backpropagation_.batch_statistics().data();
  update_running_statistics(batch, count, statistics, statistics + count, running_.data(), running_.data() + count);
}

}  // namespace mote
