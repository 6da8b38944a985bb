// SPDX-License-Identifier: MIT
#include "training.hpp"

#include <chrono>
#include <cmath>
#include <string>

#include "error.hpp"
#include "interrupt.hpp"

namespace tools {
namespace {

/// Trains for one epoch or until interrupted. not_finite: training has diverged.
mote::Result train_epoch(mote::Trainer& trainer, const mote::Dataset& train, std::size_t epoch,
                         const Listener& listener, Diagnosis& diagnosis) {
  require(trainer.begin_epoch(train));
  while (trainer.samples_left() > 0 && !interrupted()) {
    const std::size_t left = trainer.samples_left();
    diagnosis.before_batch(trainer);
    if (const mote::Result result = trainer.train_batch(); !result.ok()) return result;
    listener.batch(epoch, left - trainer.samples_left());
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

}  // namespace

Trained train(mote::Trainer& trainer, const Split& split, const Settings& settings, mote::Span<float> best_model,
              const Listener& listener, Diagnosis diagnosis) {
  using Clock = std::chrono::steady_clock;
  mote::ReduceOnPlateau plateau = make_plateau(settings);
  Trained trained;
  trained.stopping = make_stopping(settings);
  const bool rate_changes = settings.schedule != RateSchedule::constant || settings.warmup > 0.0f;
  const bool validates = split.validation.count != 0;
  for (std::size_t epoch = 1; epoch <= settings.epochs && !interrupted(); ++epoch) {
    const Clock::time_point start = Clock::now();
    const float learning_rate = rate_changes ? trainer.learning_rate() : 0.0f;
    if (!train_epoch(trainer, split.train, epoch, listener, diagnosis).ok()) {
      trained.divergence = divergence_text(trainer.divergence(), trainer.topology(), trainer.options().clips());
      trainer.restore_parameters();
      return trained;
    }
    EpochReport report{epoch, settings.epochs, trainer.epoch_totals(), {}, 0.0, learning_rate};
    report.has_labels = settings.aim == Aim::labels;
    report.complete = trainer.samples_left() == 0;
    report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (diagnosis.enabled() && report.complete) report.layers = diagnosis.layers(trainer);
    if (validates) require(trainer.evaluate(split.validation, report.validation));
    const float loss = (validates ? report.validation : report.train).mean_loss();
    if (std::isfinite(loss)) {
      trainer.keep_parameters();
      trained.good_epoch = epoch;
    }
    if (settings.schedule == RateSchedule::plateau) {
      const float base = trainer.options().optimizer.learning_rate;  // warm-up goes on to multiply it
      require(trainer.set_learning_rate(plateau.update(loss, base)));
    }
    if (settings.early_stopping && report.complete) {
      trained.stopping.update(report.validation, trainer.model(), best_model);
    }
    trained.epochs.push_back(report);
    listener.epoch(report);
    if (settings.early_stopping && trained.stopping.should_stop()) break;
  }
  if (settings.early_stopping) trained.stopping.restore(best_model, trainer.model());
  return trained;
}

}  // namespace tools
