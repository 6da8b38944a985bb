// SPDX-License-Identifier: MIT
// Gradient descent on a data set: online (batch size 1), in mini-batches, or full batch.
//
//   static mote::Storage<mote::training_bytes(topology, options, kSamples)> memory;
//   mote::Trainer trainer;
//   if (!trainer.bind(topology, options, kSamples, memory).ok()) halt();
//   trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
//   for (int epoch = 0; epoch < 5; ++epoch) {
//     if (!trainer.train_epoch(dataset).ok()) halt();
//   }
//
// Samples that are seen once, such as a sensor's, need no stored data set: bind with kUnstored samples, initialize,
// then
//
//   if (!trainer.train_batch({{readings, 8, 3}, labels, 2}).ok()) halt();  // 8 samples of 3 floats, in 2 classes
#ifndef MOTE_TRAINER_HPP
#define MOTE_TRAINER_HPP

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

/// Options by name: `mote::TrainingOptions().set_batch_size(16).set_optimizer({mote::Optimizer::adam, 0.001f})`.
struct TrainingOptions {
  LossOptions loss = Loss::cross_entropy;
  OptimizerOptions optimizer = {};
  float l2 = 0.0f;              ///< penalty l2/2 w.w on weights, finite, >= 0 (Nielsen's lambda / n)
  std::size_t batch_size = 32;  ///< samples per parameter step, 1 to all

  // Memory and threads.
  std::size_t memory_rows = 256;  ///< samples in memory at a time, >= 1; gradients of larger batches are accumulated
  std::size_t workers = 1;        ///< most threads of set_parallel(), 1 to kMostWorkers; each needs its own memory
  bool keep_parameters = false;   ///< reserve memory for Trainer::keep_parameters(), a copy of learned()
  /// Leaves inputs that are 0 in a whole batch out of the first layer, which changes no bit as long as weights are
  /// finite (0 times infinity is NaN). false saves the search for them and the memory of their list.
  bool skip_zero_inputs = true;

  // Regularization (detail/regularization.hpp, detail/dropout.hpp).
  float l1 = 0.0f;             ///< penalty l1 sum of |w| on weights, finite, >= 0
  float max_norm = 0.0f;       ///< limit on the norm of the weights into a hidden unit after each step, finite; 0: none
  float input_dropout = 0.0f;  ///< probability to drop an input in training, [0, 1)
  float hidden_dropout = 0.0f;  ///< probability to drop a hidden unit in training, [0, 1)
  /// The probability for each hidden layer instead; empty: hidden_dropout. The array must outlive the trainer.
  Span<const float> layer_dropout = {};
  /// Limit on the norm of a batch's mean gradient of the loss without penalties, finite; 0: none. Clipping needs memory
  /// for all gradients.
  float clip_norm = 0.0f;
  float clip_value = 0.0f;  ///< limit on every element of that gradient instead, finite; 0: none

  Schedule schedule = {};  ///< of the learning rate, in parameter steps since initialize() or restore_parameters()

  // Randomness.
  std::uint64_t seed = 1;  ///< of initial parameters, order, dropout and bootstrap sample
  bool shuffle = true;     ///< a new order every epoch; false: the order of the data
  bool bootstrap = false;  ///< train on a bootstrap sample of the data, drawn once from the seed (ensemble.hpp)

  constexpr TrainingOptions& set_loss(const LossOptions& value) { return void(loss = value), *this; }
  constexpr TrainingOptions& set_optimizer(const OptimizerOptions& value) { return void(optimizer = value), *this; }
  constexpr TrainingOptions& set_l2(float value) { return void(l2 = value), *this; }
  constexpr TrainingOptions& set_batch_size(std::size_t value) { return void(batch_size = value), *this; }
  constexpr TrainingOptions& set_memory_rows(std::size_t value) { return void(memory_rows = value), *this; }
  constexpr TrainingOptions& set_workers(std::size_t value) { return void(workers = value), *this; }
  constexpr TrainingOptions& set_keep_parameters(bool value) { return void(keep_parameters = value), *this; }
  constexpr TrainingOptions& set_skip_zero_inputs(bool value) { return void(skip_zero_inputs = value), *this; }
  constexpr TrainingOptions& set_l1(float value) { return void(l1 = value), *this; }
  constexpr TrainingOptions& set_max_norm(float value) { return void(max_norm = value), *this; }
  constexpr TrainingOptions& set_input_dropout(float value) { return void(input_dropout = value), *this; }
  constexpr TrainingOptions& set_hidden_dropout(float value) { return void(hidden_dropout = value), *this; }
  constexpr TrainingOptions& set_layer_dropout(Span<const float> value) { return void(layer_dropout = value), *this; }
  constexpr TrainingOptions& set_clip_norm(float value) { return void(clip_norm = value), *this; }
  constexpr TrainingOptions& set_clip_value(float value) { return void(clip_value = value), *this; }
  constexpr TrainingOptions& set_schedule(const Schedule& value) { return void(schedule = value), *this; }
  constexpr TrainingOptions& set_seed(std::uint64_t value) { return void(seed = value), *this; }
  constexpr TrainingOptions& set_shuffle(bool value) { return void(shuffle = value), *this; }
  constexpr TrainingOptions& set_bootstrap(bool value) { return void(bootstrap = value), *this; }

  constexpr float dropout_of(std::size_t hidden_layer) const {
    return layer_dropout.empty() ? hidden_dropout : layer_dropout[hidden_layer];
  }
  constexpr bool clips() const { return clip_norm != 0.0f || clip_value != 0.0f; }
};

/// Number of training samples for bind() when the caller hands over each batch: train_batch(batch).
inline constexpr std::size_t kUnstored = 0;

namespace detail {
struct TrainingPlan {
  std::size_t rows;             // samples in memory at a time
  Part<float> learned;          // parameters, then the running statistics of batch normalization
  Part<float> state;            // [state_arrays][parameter_count]
  Part<float> gradients;        // [parameter_count] when a batch comes in several chunks or is clipped, else nothing
  Part<float> kept;             // copy of learned when asked for, else nothing
  Part<float> folded;           // [parameter_count of the folded network] with batch normalization, else nothing
  Part<std::uint32_t> order;    // [samples], or nothing for the order of the data
  Part<std::uint8_t> labels;    // [rows]
  Part<float> whole;            // [rows][inputs] before dropout, for a network that may be an autoencoder; else nothing
  Part<float> inputs;           // [rows][inputs]
  Part<std::uint8_t> masks;     // [workers][inputs] when zero inputs are skipped, else nothing
  Part<std::uint32_t> list;     // [inputs] when zero inputs are skipped, else nothing
  Part<std::uint8_t> failed;    // [workers]: whether the worker gathered an input that is not finite
  Part<unsigned char> scratch;  // of Backpropagation
  BackpropagationPlan backpropagation;
  std::size_t bytes;
};

constexpr TrainingPlan training_plan(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  MemoryPlan memory;
  TrainingPlan plan{};
  plan.rows = options.batch_size < options.memory_rows ? options.batch_size : options.memory_rows;
  const std::size_t parameters = topology.parameter_count();
  const bool keeps_gradients = options.batch_size > plan.rows || options.clips();
  const bool drops_targets = options.input_dropout != 0.0f && topology.outputs() == topology.inputs;
  plan.learned = memory.take<float>(parameters + running_statistics_count(topology));
  plan.state = memory.take<float>(state_arrays(options.optimizer.method), parameters);
  plan.gradients = memory.take<float>(keeps_gradients ? parameters : 0);
  plan.kept = memory.take<float>(options.keep_parameters ? plan.learned.count : 0);
  plan.folded = memory.take<float>(topology.all_scale_floats() == 0 ? 0 : topology.scales_offset(0));
  plan.order = memory.take<std::uint32_t>(options.shuffle || options.bootstrap ? samples : 0);
  plan.labels = memory.take<std::uint8_t>(plan.rows);
  plan.whole = memory.take<float>(drops_targets ? plan.rows : 0, topology.inputs);
  plan.inputs = memory.take<float>(plan.rows, topology.inputs);
  const bool lists_inputs = options.skip_zero_inputs && kRearranges;  // on microcontrollers products find zeros
  plan.masks = memory.take<std::uint8_t>(lists_inputs ? options.workers : 0, topology.inputs);
  plan.list = memory.take<std::uint32_t>(lists_inputs ? topology.inputs : 0);
  plan.failed = memory.take<std::uint8_t>(options.workers);
  plan.backpropagation = backpropagation_plan(topology, {options.workers}, plan.rows);
  plan.scratch = memory.take<unsigned char>(plan.backpropagation.bytes);
  plan.bytes = memory.bytes();
  return plan;
}
}  // namespace detail

/// Bytes of memory that a Trainer needs for a training set of `samples` samples, or kUnstored: parameters, optimizer
/// state, order of the samples, activations, deltas and scratch memory, which evaluation uses too.
constexpr std::size_t training_bytes(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  return detail::training_plan(topology, options, samples).bytes;
}

/// Bytes of Trainer::learned(), for the memory of a record in flash. Differs between microcontrollers and larger
/// machines, which pad rows of weights.
constexpr std::size_t learned_bytes(const Topology& topology) {
  return (topology.parameter_count() + running_statistics_count(topology)) * sizeof(float);
}

/// ok, or the problem with the options for this topology and number of samples, or kUnstored. Batch normalization needs
/// memory_rows >= batch_size (batch_norm_in_chunks) and at least two samples in every mini-batch, the last of an epoch
/// included (batch_norm_of_one_sample): one sample has no variance. A bootstrap sample needs stored samples
/// (no_samples).
constexpr Result check(const Topology& topology, const TrainingOptions& options, std::size_t samples) {
  if (const Result result = check(topology); !result.ok()) return result;
  if (const Result result = check(options.loss, topology.output_activation()); !result.ok()) return result;
  if (const Result result = check(options.optimizer); !result.ok()) return result;
  if (!detail::is_amount(options.l1) || !detail::is_amount(options.l2)) return Status::bad_penalty;
  if (!detail::is_amount(options.clip_norm) || !detail::is_amount(options.clip_value)) return Status::bad_clipping;
  if (options.clip_norm != 0.0f && options.clip_value != 0.0f) return Status::bad_clipping;
  if (!detail::is_amount(options.max_norm)) return Status::bad_max_norm;
  if (!detail::is_fraction(options.input_dropout) || !detail::is_fraction(options.hidden_dropout)) {
    return Status::bad_dropout;
  }
  if (!options.layer_dropout.empty() && options.layer_dropout.size() + 1 != topology.layer_count) {
    return {Status::bad_dropout_count, options.layer_dropout.size(), topology.layer_count - 1};
  }
  for (const float rate : options.layer_dropout) {
    if (!detail::is_fraction(rate)) return Status::bad_dropout;
  }
  if (const Result result = check(options.schedule); !result.ok()) return result;
  if (samples == kUnstored && options.bootstrap) return Status::no_samples;
  constexpr std::uint64_t kMostSamples = 0xffffffffu;  // counts and order have 32 bits
  if (samples > kMostSamples) return {Status::too_many_samples, samples, kMostSamples};
  const std::size_t largest_batch = samples == kUnstored ? kMostSamples : samples;
  if (options.batch_size == 0 || options.batch_size > largest_batch) {
    return {Status::bad_batch_size, options.batch_size, largest_batch};
  }
  if (options.workers == 0 || options.workers > kMostWorkers) return Status::bad_worker_count;
  if (options.memory_rows == 0) return {Status::bad_batch_size, 0, largest_batch};
  if (topology.all_scale_floats() == 0) return Status::ok;
  if (options.memory_rows < options.batch_size) {
    return {Status::batch_norm_in_chunks, options.memory_rows, options.batch_size};
  }
  const std::size_t left = samples % options.batch_size, fewest = left == 0 ? options.batch_size : left;
  if (fewest < 2) return {Status::batch_norm_of_one_sample, fewest, 2};
  return Status::ok;
}

/// The first number that is not finite, and when it was seen.
struct Divergence {
  enum class What : std::uint8_t { nothing, loss, gradient, parameter };
  What what = What::nothing;
  /// 0: the first after the inputs. For a loss: the first layer whose activations are not finite, else the last layer.
  std::size_t layer = 0;
  std::size_t epoch = 0;  ///< 0: the first since bind() or initialize()
  std::size_t batch = 0;  ///< of the epoch, 0: the first; with kUnstored samples: since initialize()
};

/// Training state besides the arrays, as a checkpoint stores it (checkpoint.hpp).
struct TrainingProgress {
  std::uint64_t epochs = 0;          ///< epochs begun
  std::uint64_t position = 0;        ///< samples of the last epoch that were trained on
  std::uint64_t samples_seen = 0;    ///< since training began; dropout draws its masks from this number
  std::uint32_t steps = 0;           ///< parameter steps, for schedule and optimizer
  float learning_rate = 0.0f;        ///< set_learning_rate()
  LossTotals totals;                 ///< epoch_totals()
  Random::State order_state;         ///< generator of the orders, before it drew the order of the epoch
  std::uint32_t transformation = 0;  ///< transformation_hash() of the epoch's data; 0 before the first epoch
};

class Trainer {
 public:
  Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Checks topology, options and memory (at least training_bytes(topology, options, samples)). The memory must outlive
  /// the trainer. All parameters start at 0: call initialize(), or write parameters().
  Result bind(const Topology& topology, const TrainingOptions& options, std::size_t samples, Memory memory);

  /// Lends threads: parallel.workers at most options.workers. Their number changes no bit of any result.
  void set_parallel(const Parallel& parallel);

  /// Draws new parameters from the seed and clears the optimizer state. Running statistics of batch normalization start
  /// as mean 0 and variance 1.
  [[gnu::always_inline]] void initialize(InitialWeights weights, InitialBiases biases) {
    Random random(options_.seed, Stream::initialization);
    mote::initialize(topology(), weights, biases, random, parameters_);
    begin_again();
  }

  /// Changes options().optimizer.learning_rate from the next batch on; the schedule still multiplies it. Error:
  /// bad_learning_rate unless finite and > 0.
  Result set_learning_rate(float learning_rate);
  /// Learning rate of the next batch, the schedule included.
  float learning_rate() const;

  /// Starts an epoch: checks the data, which must have samples() samples, and draws a new order. Parameters that the
  /// caller changed since the last epoch take effect.
  Result begin_epoch(const Dataset& dataset);
  /// Samples of the epoch that have not been trained on yet.
  std::size_t samples_left() const { return dataset_.count - position_; }
  /// Makes one parameter step on the next batch_size samples, or on the rest of the epoch. Errors: not_initialized for
  /// hidden layers whose weights are all 0 before the first step; input_not_finite and target_out_of_range (found:
  /// sample); all three leave the parameters unchanged. not_finite before the step for the loss
  /// or a gradient to be clipped, and after the last batch of the epoch for a parameter: training has then diverged;
  /// start again from initialize() or restore_parameters().
  Result train_batch();
  /// Makes one parameter step on 1 to batch_size samples that need not stay: after bind() with kUnstored samples only.
  /// epoch_totals() are then those of the batch. Errors: of train_batch(), but parameters that are not finite show in
  /// the loss of the next batch; of begin_epoch() for the batch; bad_batch_size (found: samples; expected: batch_size);
  /// batch_norm_of_one_sample.
  Result train_batch(const Dataset& batch);
  /// Calls begin_epoch(), and train_batch() until no samples are left.
  Result train_epoch(const Dataset& dataset);
  /// The reason for the last not_finite.
  const Divergence& divergence() const { return divergence_; }

  /// Copies learned() for restore_parameters(): the best epoch for early stopping, or a state before a divergence.
  /// initialize() makes a copy too. options().keep_parameters must be true.
  void keep_parameters();
  /// Restores the last copy, and clears the optimizer state and the steps of the schedule: training can continue with
  /// begin_epoch(), after a divergence with a lower learning rate. options().keep_parameters must be true.
  void restore_parameters();
  /// Replaces learned() by a copy of as_bytes(learned()) of an equal topology, from a record in flash
  /// (flash_record.hpp), and clears the optimizer state. Errors, which leave all state unchanged: memory_too_small for
  /// another number of bytes; not_finite.
  Result restore(Bytes learned);

  /// Loss and, where there are labels, accuracy of this epoch so far, without penalty. Each sample counts before its
  /// parameter step (with nesterov, at the gradient point; with dropout, under its mask; with batch normalization, with
  /// the statistics of its mini-batch).
  const LossTotals& epoch_totals() const { return totals_; }

  /// Outputs of the last layer before its activation, [outputs], for the first sample of `inputs`: a view, valid until
  /// the next call. Not with batch normalization: bind a Network to inference_parameters().
  Span<const float> forward_pre_activations(const Inputs& inputs);

  /// Loss and accuracy on any data; see evaluate(). Batch normalization uses its running statistics.
  Result evaluate(const Dataset& dataset, LossTotals& totals, Span<std::uint32_t> confusion = {});

  /// Training state between two batches. With learned(), optimizer_state() and kept() it is complete.
  TrainingProgress progress() const;
  /// Continues from `progress`, which may lie within an epoch: draws the order of that epoch again. Checks the data
  /// like begin_epoch(), and the learning rate; trusts the rest.
  Result resume(const TrainingProgress& progress, const Dataset& dataset);

  const Topology& topology() const { return backpropagation_.topology(); }
  const TrainingOptions& options() const { return options_; }
  /// Weights, biases and scales, laid out for topology(). Change them between epochs only. Without batch normalization,
  /// a Network can bind to them.
  Span<float> parameters() { return parameters_; }
  Span<const float> parameters() const { return parameters_; }
  /// Running statistics of batch normalization: running_statistics_count(topology()) floats, laid out as
  /// batch_norm.hpp says.
  Span<float> running_statistics() { return running_; }
  Span<const float> running_statistics() const { return running_; }

  /// Parameters followed by running statistics: the complete learned state. Change it between epochs only.
  Span<float> learned() { return learned_; }
  Span<const float> learned() const { return learned_; }
  /// Optimizer state: state_arrays() arrays laid out as the parameters.
  Span<float> optimizer_state() { return state_; }
  Span<const float> optimizer_state() const { return state_; }
  /// The copy of keep_parameters(); empty unless options().keep_parameters.
  Span<float> kept() { return kept_; }
  Span<const float> kept() const { return kept_; }
  /// Number of training samples given to bind(), or kUnstored.
  std::size_t samples() const { return samples_; }

  /// Topology and parameters for a Network. Without batch normalization they are topology() and parameters(); with it,
  /// a folded copy in the trainer's memory, valid until the next call or evaluate().
  Topology inference_topology() const { return without_batch_norm(topology()); }
  Span<const float> inference_parameters();

 protected:
  /// With the memory's plan, and with these methods only. Does not check the arguments.
  void bind(const Topology& topology, const TrainingOptions& options, std::size_t samples, Memory memory,
            const detail::TrainingPlan& plan, const detail::Methods& methods);

 private:
  friend class TrainingSlices;
  void move_gradient_point(std::size_t count);
  Result check_data(const Dataset& dataset) const;
  void begin_again();
  void forget();
  void draw_order();
  const std::uint32_t* order() const { return order_.empty() ? nullptr : order_.data(); }
  std::size_t next_batch() const;
  Result end_batch(std::size_t batch);
  Result begin_batch(const Dataset& batch);
  bool is_initialized() const;
  Result step(std::size_t batch);
  bool begin_step();
  Result refused(const Result& result);
  Result compute_loss(std::size_t done, std::size_t rows, std::size_t batch);
  GradientSink sink(std::size_t done, std::size_t batch) const;
  Result end_step(std::size_t batch);
  Result gather_rows(std::size_t done, std::size_t rows, ActiveInputs& active);
  void use_gradients(std::size_t done, std::size_t rows, const ActiveInputs& active, const GradientSink& sink);
  void update_running(std::size_t batch);
  bool clip_gradients();
  void step_with_gradients();
  void limit_norms();
  Result diverged(Divergence::What what, std::size_t layer);
  Result diverged_in_loss();

  TrainingOptions options_;
  Random order_random_{0, Stream::shuffle};
  Random::State epoch_order_;         // of order_random_ when the epoch began
  std::uint32_t transformation_ = 0;  // of the data when the epoch began
  Backpropagation backpropagation_;
  ParameterStep step_;
  std::uint32_t steps_ = 0;  // before the current step
  Parallel parallel_;
  Span<float> learned_;
  Span<float> parameters_;  // the first of learned_
  Span<float> running_;     // the rest of learned_
  Span<float> state_;
  Span<float> gradients_;
  Span<float> kept_;
  Span<float> folded_;
  Span<std::uint32_t> order_;
  Span<std::uint8_t> labels_;
  Span<float> whole_;  // inputs_ before dropout, where they are also targets
  Span<float> inputs_;
  Span<std::uint8_t> masks_;
  Span<std::uint32_t> list_;
  Span<std::uint8_t> failed_;
  Memory evaluation_memory_;
  Dataset dataset_;
  std::size_t rows_ = 0;
  std::size_t samples_ = 0;
  std::size_t position_ = 0;
  LossTotals totals_;
  Dropout dropout_;  // of hidden units; its sample is the first of the next batch, for dropout of inputs too
  Divergence divergence_;
  std::size_t epoch_ = 0;  // begun so far
};

}  // namespace mote

#endif  // MOTE_TRAINER_HPP
