// SPDX-License-Identifier: MIT
// Gradient descent on a data set: online (batch size 1), in mini-batches, or full batch.
//
//   static mote::Storage<mote::training_bytes(topology, options, kSamples)> memory;
//   mote::Trainer trainer;
//   trainer.bind(topology, options, kSamples, memory);
//   trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
//   for (int epoch = 0; epoch < 5; ++epoch) trainer.train_epoch(dataset);
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/batch_norm.hpp"
#include "mote/dataset.hpp"
#include "mote/detail/backpropagation.hpp"
#include "mote/detail/dropout.hpp"
#include "mote/evaluation.hpp"
#include "mote/initializer.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/optimizer.hpp"
#include "mote/parallel.hpp"
#include "mote/random.hpp"
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

/// What is not finite, and when that was seen.
struct Divergence {
  enum class What : std::uint8_t { nothing, loss, gradient, parameter };
  What what = What::nothing;
  /// 0: the first after the inputs. Of a loss: the first layer whose activations are not finite, or the last if all
  /// are.
  std::size_t layer = 0;
  std::size_t epoch = 0;  ///< 0: the first since bind() or initialize()
  std::size_t batch = 0;  ///< of the epoch, 0: the first; that in which it was seen
};

/// Where training stands, besides its arrays: what a checkpoint has to keep (checkpoint.hpp).
struct TrainingProgress {
  std::uint64_t epochs = 0;        ///< begun
  std::uint64_t position = 0;      ///< samples of the last of them that were trained on
  std::uint64_t samples_seen = 0;  ///< since training began: what masks of dropout are drawn from
  std::uint32_t steps = 0;         ///< what the schedule and the optimizer count
  float learning_rate = 0.0f;      ///< set_learning_rate()
  LossTotals totals;               ///< epoch_totals()
  Random::State order_state;       ///< of the generator of orders, before it drew that of the epoch
};

class Trainer {
 public:
  /// Checks topology, options and memory (at least training_bytes(topology, options, samples)), which must outlive
  /// this, and starts with all parameters zero.
  Result bind(const Topology& topology, const TrainingOptions& options, std::size_t samples, Memory memory);

  /// Lends threads: parallel.workers at most options.workers. Results stay the same to the bit.
  void set_parallel(const Parallel& parallel);

  /// Draws new parameters from the seed and forgets what the optimizer remembers. Running statistics of batch
  /// normalization start as mean 0 and variance 1.
  void initialize(InitialWeights weights, InitialBiases biases);

  /// Changes the learning rate from the next batch on: options().optimizer.learning_rate, which the schedule goes on to
  /// multiply. bad_learning_rate unless finite and > 0.
  Result set_learning_rate(float learning_rate);
  /// Learning rate of the next batch, the schedule included.
  float learning_rate() const;

  /// Starts an epoch: checks that the data fit (as many samples as given to bind) and draws a new order. Parameters
  /// that the caller changed since the last one are taken up here.
  Result begin_epoch(const Dataset& dataset);
  /// Samples of the epoch that have not been trained on yet.
  std::size_t samples_left() const { return dataset_.count - position_; }
  /// One parameter step on the next batch_size samples, or on what is left of the epoch. not_finite when the loss is,
  /// or a gradient that is to be clipped, both before the step; and after the last batch when a parameter is. Training
  /// has diverged then, and starts again from initialize() or restore_parameters().
  Result train_batch();
  /// begin_epoch and every train_batch.
  Result train_epoch(const Dataset& dataset);
  /// What the last not_finite was about.
  const Divergence& divergence() const { return divergence_; }

  /// Copies the model() as it is, a good one by the caller's judgement; initialize() does so too.
  /// options().keep_parameters must be true.
  void keep_parameters();
  /// Brings back the model() last kept, and forgets what the optimizer remembers and how many steps the schedule
  /// has gone: after a divergence, training can go on with begin_epoch(), at a lower learning rate.
  /// options().keep_parameters must be true.
  void restore_parameters();

  /// Loss and, where there are labels, accuracy of this epoch so far, each sample as it was seen, before the step it
  /// led to (with nesterov, at the point where its gradient was taken; with dropout, by what was left of the network;
  /// with batch normalization, by the statistics of its mini-batch); without penalty.
  const LossTotals& epoch_totals() const { return totals_; }

  /// Loss and accuracy on any data; see evaluate(). Batch normalization takes its running statistics.
  Result evaluate(const Dataset& dataset, LossTotals& totals, Span<std::uint32_t> confusion = {});

  /// Where training stands, between two batches. With model(), optimizer_state() and kept_model() all of it.
  TrainingProgress progress() const;
  /// Goes on from there, in the middle of an epoch too: draws its order again. Checks the data as begin_epoch() does,
  /// and the learning rate; the rest is trusted.
  Result resume(const TrainingProgress& progress, const Dataset& dataset);

  const Topology& topology() const { return topology_; }
  const TrainingOptions& options() const { return options_; }
  /// What training adjusts, laid out for topology(). To be changed between epochs only. A Network binds to them unless
  /// there is batch normalization.
  Span<float> parameters() { return parameters_; }
  Span<const float> parameters() const { return parameters_; }
  /// What batch normalization remembers besides: running_statistics_count(topology())
  /// floats, laid out as batch_norm.hpp says.
  Span<float> running_statistics() { return running_; }
  Span<const float> running_statistics() const { return running_; }

  /// Both, one after the other: what a copy of what was learnt needs. To be changed between epochs only.
  Span<float> model() { return model_; }
  Span<const float> model() const { return model_; }
  /// What the optimizer remembers: state_arrays() of the parameters' layout.
  Span<float> optimizer_state() { return state_; }
  Span<const float> optimizer_state() const { return state_; }
  /// What keep_parameters() keeps, if it may.
  Span<float> kept_model() { return kept_; }
  Span<const float> kept_model() const { return kept_; }
  /// As many as a training set has.
  std::size_t samples() const { return samples_; }

  /// What a Network binds to: inference_parameters() for inference_topology(). Without batch normalization that is
  /// parameters() for topology(); with it, a folded copy in the trainer's memory, good until the next call or
  /// evaluate().
  Topology inference_topology() const { return without_batch_norm(topology_); }
  Span<const float> inference_parameters();

 private:
  Result check_data(const Dataset& dataset) const;
  void draw_order();
  ActiveInputs merge_active(std::size_t shares);
  ActiveInputs gather_rows(std::size_t done, Share share, std::size_t worker);
  void update_running(std::size_t batch);
  ActiveInputs compute_deltas(std::size_t done, std::size_t rows, float scale);
  bool clip_gradients();
  void step_with_gradients();
  void limit_norms();
  void forget();
  Result diverged(Divergence::What what, std::size_t layer);
  Result diverged_in_loss(std::size_t rows);

  Topology topology_;
  TrainingOptions options_;
  Random order_random_{0, Stream::shuffle};
  Random::State epoch_order_;  // of order_random_ when the epoch began
  Backpropagation backpropagation_;
  ParameterStep step_;
  Parallel parallel_;
  Span<float> model_;
  Span<float> parameters_;  // the first of model_
  Span<float> state_;
  Span<float> gradients_;
  Span<float> kept_;
  Span<float> running_;  // the rest of it
  Span<float> folded_;
  Span<std::uint32_t> order_;
  Span<std::uint8_t> labels_;
  Span<std::uint32_t> correct_;  // by each worker
  Span<float> whole_;            // what inputs_ were before dropout, where they are targets too
  Span<float> inputs_;
  Span<std::uint8_t> masks_;
  Span<std::uint32_t> lists_;
  Memory evaluation_memory_;
  Dataset dataset_;
  std::size_t rows_ = 0;
  std::size_t samples_ = 0;
  std::size_t position_ = 0;
  LossTotals totals_;
  Dropout dropout_;  // of hidden units; its sample is the next batch's first, for inputs too: the state of the masks
  Divergence divergence_;
  std::size_t epoch_ = 0;  // begun so far
};

}  // namespace mote
