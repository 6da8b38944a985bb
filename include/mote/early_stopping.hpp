// SPDX-License-Identifier: MIT
// Early stopping: ends training when validation has stopped improving, and returns to the parameters of the best epoch
// (Prechelt 1998; Goodfellow et al. 2016, algorithm 7.1).
//
//   mote::EarlyStopping stopping;  // the trainer was bound with keep_parameters = true
//   do {
//     trainer.train_epoch(dataset);
//     mote::LossTotals validation;
//     trainer.evaluate(validation_dataset, validation);
//     if (stopping.update(validation)) trainer.keep_parameters();
//   } while (!stopping.should_stop());
//   if (stopping.best_epoch != 0) trainer.restore_parameters();
//
// It combines with learning-rate schedules; ReduceOnPlateau may take the validation loss, too.
#ifndef MOTE_EARLY_STOPPING_HPP
#define MOTE_EARLY_STOPPING_HPP

#include <cstdint>

#include "mote/detail/finite.hpp"
#include "mote/loss.hpp"
#include "mote/status.hpp"

namespace mote {

/// The monitored value: the mean loss, which improves when it falls, or the accuracy, when it rises.
enum class Monitor : std::uint8_t { loss, accuracy };

/// Plain data without pointers: a checkpoint can store it as bytes.
struct EarlyStopping {
  Monitor monitor = Monitor::loss;
  std::uint32_t patience = 5;        ///< epochs in a row without improvement after which training stops, >= 1
  float minimum_improvement = 0.0f;  ///< finite, >= 0; an epoch must exceed the best by more than this

  // State.
  std::uint32_t epoch = 0;       ///< epochs seen so far
  std::uint32_t best_epoch = 0;  ///< the epoch with the best value, counted from 1; 0: none had a finite value
  std::uint32_t waited = 0;      ///< epochs since best_epoch
  float best_value = 0.0f;       ///< loss or accuracy of best_epoch, if there is one

  /// Takes the totals of the next epoch over validation data, at least one sample. Returns whether the epoch is the
  /// best so far, and its parameters worth keeping. NaN and infinity never are.
  bool update(const LossTotals& validation) {
    MOTE_ASSERT(validation.samples > 0);
    const float value = monitor == Monitor::loss ? validation.mean_loss() : validation.accuracy();
    const float gain = monitor == Monitor::loss ? best_value - value : value - best_value;
    const bool improved = detail::is_finite(value) && (best_epoch == 0 || gain > minimum_improvement);
    ++epoch;
    ++waited;
    if (!improved) return false;
    best_value = value;
    best_epoch = epoch;
    waited = 0;
    return true;
  }

  bool should_stop() const { return waited >= patience; }
};

/// ok, bad_enumerator or bad_early_stopping.
constexpr Result check(const EarlyStopping& options) {
  if (options.monitor > Monitor::accuracy) return detail::unknown(options.monitor);
  const bool possible = options.patience >= 1 && detail::is_amount(options.minimum_improvement);
  return possible ? Status::ok : Status::bad_early_stopping;
}

}  // namespace mote

#endif  // MOTE_EARLY_STOPPING_HPP
