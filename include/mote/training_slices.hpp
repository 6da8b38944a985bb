// SPDX-License-Identifier: MIT
// A parameter step in slices of bounded time, between which other work is done or a watchdog is fed:
//
//   mote::TrainingSlices slices(trainer);
//   if (!slices.begin(batch).ok()) halt();  // or begin() after trainer.begin_epoch(): the next batch of the epoch
//   while (!slices.advance(20000)) feed_watchdog();
//   if (!slices.result().ok()) halt();
//
// The step has the bits of Trainer::train_batch().
#ifndef MOTE_TRAINING_SLICES_HPP
#define MOTE_TRAINING_SLICES_HPP

#include <cstddef>
#include <cstdint>

#include "mote/trainer.hpp"

namespace mote {

class TrainingSlices {
 public:
  /// The trainer must outlive this object, and must do nothing else between begin() and the end of the step.
  explicit TrainingSlices(Trainer& trainer) : trainer_(trainer) {}
  TrainingSlices(const TrainingSlices&) = delete;
  TrainingSlices& operator=(const TrainingSlices&) = delete;

  /// Begins the step of train_batch(batch), whose samples must stay until its end. Errors: those of the checks.
  Result begin(const Dataset& batch);
  /// Begins the step of train_batch().
  void begin();
  /// Makes at most `multiply_adds` more multiply-adds, but at least those of one unit: one sample in one layer, one row
  /// of gradients, or with batch normalization all samples in all layers. Returns whether the step has ended.
  bool advance(std::size_t multiply_adds);
  /// The result of train_batch(), when the step has ended.
  const Result& result() const { return result_; }

 private:
  enum class Phase : std::uint8_t { gather, forward, loss, backward, gradients, done };
  void begin_step();
  void enter(Phase phase);
  std::size_t unit(std::size_t multiply_adds);
  std::size_t refuse(const Result& result);
  std::size_t gather();
  std::size_t forward(std::size_t multiply_adds);
  std::size_t backward(std::size_t multiply_adds);
  std::size_t gradients(std::size_t multiply_adds);
  void end_chunk();
  Share next(std::size_t cost, std::size_t count, std::size_t multiply_adds);

  Trainer& trainer_;
  Result result_;
  Phase phase_ = Phase::done;
  bool is_stored_ = false;  // a batch of the epoch
  std::size_t batch_ = 0;   // samples of the step
  std::size_t done_ = 0;    // samples of earlier chunks
  std::size_t rows_ = 0;    // samples of this chunk
  std::size_t layer_ = 0;   // place within the phase
  std::size_t row_ = 0;     // sample, or row of weights
};

}  // namespace mote

#endif  // MOTE_TRAINING_SLICES_HPP
