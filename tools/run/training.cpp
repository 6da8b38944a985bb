// SPDX-License-Identifier: MIT
#include "run/training.hpp"

#include <chrono>
#include <cmath>
#include <string>

#include "common/error.hpp"
#include "run/interrupt.hpp"

namespace tools {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Trains for the rest of an epoch, or until interrupted. Returns not_finite when training has diverged.
mote::Result train_epoch(mote::Trainer& trainer, const Split& split, const Listener& listener, TrainingState& state,
                         Diagnosis& diagnosis) {
  const double before = state.seconds;
  const Clock::time_point start = Clock::now();
  const std::size_t epoch = state.trained.epochs.size() + 1;
  if (trainer.samples_left() == 0) {
    state.learning_rate = trainer.learning_rate();
    require(trainer.begin_epoch(split.train));
  }
  for (bool stop = interrupted(); trainer.samples_left() > 0 && !stop;) {
    const std::size_t left = trainer.samples_left();
    diagnosis.before_batch(trainer);
    if (const mote::Result result = trainer.train_batch(); !result.ok()) return result;
    listener.batch(epoch, left - trainer.samples_left());
    state.seconds = before + seconds_since(start);
    stop = interrupted();
    if (listener.resumable && trainer.samples_left() > 0)
      listener.resumable(state, stop ? Moment::stop : Moment::batch);
  }
  return mote::Status::ok;
}

mote::ReduceOnPlateau make_plateau(const Settings& settings) {
  mote::ReduceOnPlateau plateau;
  plateau.factor = settings.decay_factor.value_or(plateau.factor);
  plateau.patience = settings.patience;
  return plateau;
}

mote::EarlyStopping make_stopping(const Settings& settings) {
  mote::EarlyStopping stopping;
  stopping.monitor = settings.early_stopping.value_or(stopping.monitor);
  stopping.patience = settings.stop_patience;
  stopping.minimum_improvement = settings.min_improvement;
  require(check(stopping));
  return stopping;
}

/// Ends an epoch: validation, diagnosis, early stopping, kept parameters, learning rate.
void finish_epoch(mote::Trainer& trainer, const Split& split, const Settings& settings, const Diagnosis& diagnosis,
                  TrainingState& state) {
  Trained& trained = state.trained;
  const bool validates = split.validation.count != 0;
  EpochReport report{trained.epochs.size() + 1, settings.epochs, trainer.epoch_totals(), {}, state.seconds};
  report.learning_rate = state.learning_rate;
  report.rate_changes = rate_changes(settings);
  report.has_labels = settings.aim == Aim::labels;
  report.complete = trainer.samples_left() == 0;
  if (diagnosis.enabled() && report.complete) report.layers = diagnosis.layers(trainer);
  if (validates) require(trainer.evaluate(split.validation, report.validation));
  const float loss = (validates ? report.validation : report.train).mean_loss();
  const bool is_worth_keeping =
      settings.early_stopping ? report.complete && trained.stopping.update(report.validation) : std::isfinite(loss);
  if (is_worth_keeping) {
    trainer.keep_parameters();
    trained.good_epoch = report.epoch;
  }
  if (settings.schedule == RateSchedule::plateau) {
    const float base = trainer.options().optimizer.learning_rate;  // the warm-up factor is applied on top
    require(trainer.set_learning_rate(state.plateau.update(loss, base)));
  }
  trained.epochs.push_back(report);
  state.seconds = 0.0;
}

}  // namespace

TrainingState begin_training(const Settings& settings) {
  TrainingState state;
  state.plateau = make_plateau(settings);
  state.trained.stopping = make_stopping(settings);
  return state;
}

Trained train(mote::Trainer& trainer, const Split& split, const Settings& settings, const Listener& listener,
              TrainingState state, Diagnosis diagnosis) {
  Trained& trained = state.trained;
  if (listener.resumable) listener.resumable(state, Moment::stop);
  while (trained.epochs.size() < settings.epochs && !interrupted()) {
    if (settings.early_stopping && trained.stopping.should_stop()) break;
    if (!train_epoch(trainer, split, listener, state, diagnosis).ok()) {
      trained.divergence = divergence_text(trainer.divergence(), trainer.topology(), trainer.options().clips());
      if (trainer.divergence().what == mote::Divergence::What::loss) {
        trained.divergence += large_targets_text(split.train);
      }
      trainer.restore_parameters();
      return trained;
    }
    finish_epoch(trainer, split, settings, diagnosis, state);
    if (listener.resumable && trained.epochs.back().complete) listener.resumable(state, Moment::epoch);
    listener.epoch(trained.epochs.back());
  }
  const bool is_whole = !trained.epochs.empty() && trained.epochs.back().complete;
  if (listener.resumable && is_whole) listener.resumable(state, Moment::end);
  if (settings.early_stopping && trained.stopping.best_epoch != 0) trainer.restore_parameters();
  return trained;
}

}  // namespace tools
