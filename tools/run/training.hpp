// SPDX-License-Identifier: MIT
// The loop over epochs for one network.
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

/// The training images, split into a training and a validation part.
struct Split {
  mote::Dataset train;
  mote::Dataset validation;
};

struct TrainingState;

/// Where training can be resumed: between two batches; at the end of an epoch; at the end of the last one, again; or at
/// the start and after an interrupt.
enum class Moment { batch, epoch, end, stop };

/// Callbacks during training, on the thread that trains.
struct Listener {
  std::function<void(std::size_t epoch, std::size_t images)> batch;  // images: number in this batch
  std::function<void(const EpochReport&)> epoch;
  /// Called where training can be resumed. May be empty.
  std::function<void(const TrainingState&, Moment)> resumable = {};
};

/// Result of a training. With early stopping, the trainer holds the parameters of the best epoch.
struct Trained {
  std::vector<EpochReport> epochs;
  mote::EarlyStopping stopping;
  std::string divergence;  ///< error text; empty: training did not diverge
  /// The epoch whose parameters the trainer keeps, and restores after a divergence; 0: none. With early stopping the
  /// best, else the last with a finite validation loss (training loss without validation).
  std::size_t good_epoch = 0;
};

/// State of the epochs; together with the trainer, all that resuming needs.
struct TrainingState {
  mote::ReduceOnPlateau plateau;
  Trained trained;
  double seconds = 0.0;        ///< spent on an epoch that is not complete
  float learning_rate = 0.0f;  ///< at the start of the epoch
};

/// The state before the first epoch.
TrainingState begin_training(const Settings& settings);

/// Trains for the remaining epochs of the settings, or until early stopping or an interrupt. The trainer's options have
/// keep_parameters. diagnosis: measures each epoch if enabled.
Trained train(mote::Trainer& trainer, const Split& split, const Settings& settings, const Listener& listener,
              TrainingState state, Diagnosis diagnosis = {});

}  // namespace tools
