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

#include "mote/backpropagation.hpp"
#include "mote/batch_norm_folding.hpp"
#include "mote/dataset.hpp"
#include "mote/divergence.hpp"
#include "mote/dropout.hpp"
#include "mote/evaluation.hpp"
#include "mote/initializer.hpp"
#include "mote/memory.hpp"
#include "mote/parallel.hpp"
#include "mote/random.hpp"
#include "mote/training_options.hpp"

namespace mote {

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
  /// floats, laid out as batch_norm_folding.hpp says.
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
