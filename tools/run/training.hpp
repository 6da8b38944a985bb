// SPDX-License-Identifier: MIT
// The epochs of one network.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "mote/mote.hpp"
#include "run/diagnosis.hpp"
#include "run/report.hpp"
#include "run/settings.hpp"

namespace tools {

/// The training images, split in those to train on and those to validate on.
struct Split {
  mote::Dataset train;
  mote::Dataset validation;
};

struct TrainingState;

/// What is told while a network trains, on the thread that trains it.
struct Listener {
  std::function<void(std::size_t epoch, std::size_t images)> batch;  // images: of this batch
  std::function<void(const EpochReport&)> epoch;
  /// Called where training can be resumed: with within_epoch between two batches, else at the beginning, at the end of
  /// an epoch and when interrupted. May be empty.
  std::function<void(const TrainingState&, bool within_epoch)> resumable = {};
};

/// What became of it. stopping: its final state; with early stopping the parameters are those of its best epoch.
struct Trained {
  std::vector<EpochReport> epochs;
  mote::EarlyStopping stopping;
  std::string divergence;      ///< empty: it went well
  std::size_t good_epoch = 0;  ///< the last after which the loss on the validation images (without: on the training
                               ///< images) was finite, 0: none; after a divergence the trainer has its parameters again
};

/// Where the epochs stand, besides the trainer and the best model: what resuming them takes.
struct TrainingState {
  mote::ReduceOnPlateau plateau;
  Trained trained;
  double seconds = 0.0;        ///< that the epoch has taken, if it is not complete
  float learning_rate = 0.0f;  ///< with which it began
};

/// Before the first epoch.
TrainingState begin_training(const Settings& settings);

/// Trains for the epochs of the settings that are left, until early stopping or an interrupt. best_model: memory for a
/// copy of Trainer::model(), for early stopping, where the settings ask for it. diagnosis: what looks at each epoch, if
/// it is enabled.
Trained train(mote::Trainer& trainer, const Split& split, const Settings& settings, mote::Span<float> best_model,
              const Listener& listener, TrainingState state, Diagnosis diagnosis = {});

}  // namespace tools
