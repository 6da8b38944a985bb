// SPDX-License-Identifier: MIT
// How a network is trained, and how much memory that takes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/backpropagation.hpp"
#include "mote/batch_norm_folding.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/optimizer.hpp"
#include "mote/schedule.hpp"
#include "mote/topology.hpp"

namespace mote {

struct TrainingOptions {
  LossOptions loss = Loss::cross_entropy;
  OptimizerOptions optimizer = {};
  float l2 = 0.0f;              ///< penalty l2/2 w.w on weights, finite, >= 0 (Nielsen's lambda / n)
  std::size_t batch_size = 32;  ///< samples a parameter step averages over, 1 to all
  /// Samples in memory at a time, >= 1; larger batches are accumulated to the same result.
  std::size_t memory_rows = 256;
  bool shuffle = true;      ///< a new order every epoch; false: as the data lie
  std::size_t workers = 1;  ///< threads that may be lent (parallel.hpp), >= 1; each needs memory of its own
  std::uint64_t seed = 1;   ///< of all that is random: initial parameters, order, dropout, bootstrap sample
  float l1 = 0.0f;          ///< penalty l1 sum of |w| on weights, finite, >= 0
  Schedule schedule = {};   ///< of the learning rate, in parameter steps since initialize() or restore_parameters()
  /// Leaves inputs that are 0 in a whole batch out of the first layer, which changes no bit as long as weights are
  /// finite (0 times infinity is NaN). false, for data without such inputs, saves looking for them and the memory of
  /// the list.
  bool skip_zero_inputs = true;
  /// Limit on the norm of a batch's mean gradient, that of the loss without penalties (regularization.hpp), finite; 0:
  /// none. Clipping takes memory for all gradients.
  float clip_norm = 0.0f;
  float clip_value = 0.0f;     ///< limit on every element of that gradient instead, finite; 0: none
  float max_norm = 0.0f;       ///< limit on the norm of the weights into a hidden unit after each step, finite; 0: none
  float input_dropout = 0.0f;  ///< probability that an input is left out in training, [0, 1) (dropout.hpp)
  float hidden_dropout = 0.0f;   ///< the same for a hidden unit
  bool keep_parameters = false;  ///< memory for a copy of the parameters: keep_parameters(), restore_parameters()
  /// Trains on a bootstrap sample of the data, drawn from the seed and the same in every epoch: for a member of an
  /// ensemble (ensemble.hpp).
  bool bootstrap = false;

  constexpr bool clips() const { return clip_norm != 0.0f || clip_value != 0.0f; }
};

namespace detail {
struct TrainingPlan {
  std::size_t rows;   // samples in memory at a time
  std::size_t model;  // [parameter_count], then the running_statistics_count of batch normalization
  std::size_t model_count;
  std::size_t state;  // [state_arrays][parameter_count]
  std::size_t state_count;
  std::size_t gradients;  // [parameter_count] when a batch comes in several chunks or is clipped, else nothing
  std::size_t gradients_count;
  std::size_t kept;  // [model_count] when asked for, else nothing
  std::size_t kept_count;
  std::size_t folded;  // [parameter_count of the folded network] with batch normalization, else nothing
  std::size_t folded_count;
  std::size_t order;  // [samples] unless samples come as they lie
  std::size_t order_count;
  std::size_t whole;  // [rows][inputs] without dropout, for a network that may be an autoencoder; else nothing
  std::size_t whole_count;
  std::size_t inputs;  // [rows][inputs]
  std::size_t masks;   // [workers][inputs] when zero inputs are skipped, else nothing
  std::size_t masks_count;
  // [workers][inputs], and [inputs] for all of several together, when zero inputs are skipped; else one that is not
  // used.
  std::size_t lists;
  std::size_t lists_count;
  std::size_t labels;   // [rows]
  std::size_t correct;  // [workers]
  std::size_t scratch;  // of Backpropagation
  std::size_t bytes;
};

constexpr TrainingPlan training_plan(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  MemoryPlan memory;
  TrainingPlan plan{};
  plan.rows = options.batch_size < options.memory_rows ? options.batch_size : options.memory_rows;
  const std::size_t arrays = state_arrays(options.optimizer.method);
  plan.state_count = arrays * topology.parameter_count();
  plan.gradients_count = options.batch_size > plan.rows || options.clips() ? topology.parameter_count() : 0;
  plan.model_count = topology.parameter_count() + running_statistics_count(topology);
  plan.kept_count = options.keep_parameters ? plan.model_count : 0;
  plan.folded_count = topology.all_scale_floats() == 0 ? 0 : topology.scales_offset(0);
  const bool drops_targets = options.input_dropout != 0.0f && topology.outputs() == topology.inputs;
  plan.whole_count = drops_targets ? plan.rows * topology.inputs : 0;
  plan.order_count = options.shuffle || options.bootstrap ? samples : 0;
  const std::size_t mask_workers = options.skip_zero_inputs ? options.workers : 0;
  plan.masks_count = mask_workers * topology.inputs;
  const std::size_t list_workers = mask_workers > 1 ? mask_workers + 1 : mask_workers;
  plan.lists_count = options.skip_zero_inputs ? list_workers * topology.inputs : 1;
  plan.model = memory.take<float>(plan.model_count);
  plan.state = memory.take<float>(arrays, topology.parameter_count());
  plan.gradients = memory.take<float>(plan.gradients_count);
  plan.kept = memory.take<float>(plan.kept_count);
  plan.folded = memory.take<float>(plan.folded_count);
  plan.order = memory.take<std::uint32_t>(plan.order_count);
  plan.labels = memory.take<std::uint8_t>(plan.rows);
  plan.correct = memory.take<std::uint32_t>(options.workers);
  plan.whole = memory.take<float>(plan.whole_count);
  plan.inputs = memory.take<float>(plan.rows, topology.inputs);
  plan.masks = memory.take<std::uint8_t>(mask_workers, topology.inputs);
  plan.lists = options.skip_zero_inputs ? memory.take<std::uint32_t>(list_workers, topology.inputs)
                                        : memory.take<std::uint32_t>(1);
  plan.scratch = memory.take_bytes(backpropagation_bytes(topology, plan.rows, options.workers));
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of memory that a Trainer needs for a training set of `samples` samples. Everything is in it: parameters,
/// optimizer state, order of the samples, activations, deltas; and it suffices for evaluation.
constexpr std::size_t training_bytes(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  return detail::training_plan(topology, options, samples).bytes;
}

/// ok, or what is wrong with the options for this topology and number of samples. Batch normalization needs memory_rows
/// >= batch_size (batch_norm_in_chunks) and at least two samples in every mini-batch, what is left for the last of an
/// epoch included (batch_norm_of_one_sample): one alone has no variance.
Result check(const Topology& topology, const TrainingOptions& options, std::size_t samples);

}  // namespace mote
