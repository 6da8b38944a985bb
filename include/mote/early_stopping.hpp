// SPDX-License-Identifier: MIT
// Early stopping: training ends when validation has not improved for a while, and the parameters of the best epoch are
// taken (Prechelt 1998; Goodfellow et al. 2016, algorithm 7.1).
//
//   static float best_parameters[topology.parameter_count()];  // with batch normalization Trainer::model() for both
//   mote::EarlyStopping stopping;
//   do {
//     trainer.train_epoch(dataset);
//     mote::LossTotals validation;
//     trainer.evaluate(validation_dataset, validation);
//     stopping.update(validation, trainer.parameters(), best_parameters);
//   } while (!stopping.should_stop());
//   stopping.restore(best_parameters, trainer.parameters());
//
// Learning-rate schedules go on beside it; ReduceOnPlateau may be fed with the same loss.
#pragma once

#include <cstdint>

#include "mote/detail/finite.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/status.hpp"

namespace mote {

/// What is to become better: the mean loss smaller, or the accuracy larger.
enum class Monitor : std::uint8_t { loss, accuracy };

/// Plain data without pointers: a copy of it and of the best parameters is all that a checkpoint has to keep.
struct EarlyStopping {
  Monitor monitor = Monitor::loss;
  std::uint32_t patience = 5;        ///< epochs in a row without improvement after which training stops, >= 1
  float minimum_improvement = 0.0f;  ///< finite, >= 0: an improvement is more than this better than the best

  // What it remembers.
  std::uint32_t epoch = 0;       ///< epochs noted so far
  std::uint32_t best_epoch = 0;  ///< the one with the best value, counted from 1; 0: none had any (all were NaN)
  std::uint32_t waited = 0;      ///< epochs since then
  float best_value = 0.0f;       ///< loss or accuracy of best_epoch, if there is one

  /// Takes note of the next epoch. validation: of data that are not trained on, at least one sample; a value that is
  /// NaN or infinite is no improvement. Copies parameters to best_parameters (of equal size, apart from each other)
  /// when it is one, and returns whether it is.
  bool update(const LossTotals& validation, Span<const float> parameters, Span<float> best_parameters);

  bool should_stop() const { return waited >= patience; }

  /// Copies the best epoch's parameters back; returns false and leaves `parameters` alone when no epoch was any good.
  bool restore(Span<const float> best_parameters, Span<float> parameters) const;
};

/// ok or bad_early_stopping.
constexpr Result check(const EarlyStopping& options) {
  const bool possible = options.minimum_improvement >= 0.0f && detail::is_finite(options.minimum_improvement);
  return options.patience >= 1 && possible ? Status::ok : Status::bad_early_stopping;
}

}  // namespace mote
