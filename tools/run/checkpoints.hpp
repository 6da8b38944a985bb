// SPDX-License-Identifier: MIT
// Checkpoint files of tools/train: the trainer's state, that of its loop, and the options.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/input_file.hpp"
#include "mote/mote.hpp"
#include "run/settings.hpp"
#include "run/training.hpp"

namespace tools {

/// What a checkpoint holds besides the trainer's state.
struct CheckpointNote {
  std::vector<std::string> arguments;  ///< options that resume() gives again
  std::uint32_t data = 0;              ///< data_checksum()
  TrainingState state;
  std::vector<float> best;  ///< of early stopping
};

/// Of everything that is trained and validated on.
std::uint32_t data_checksum(const Split& split);

/// Writes them. All arguments must outlive it.
class CheckpointWriter {
 public:
  /// Throws an Error where there is a file that is no checkpoint, or one that another training could go on from.
  CheckpointWriter(const Settings& settings, const Split& split);

  /// Writes the file anew, unless `only_when_due` and less than --checkpoint-seconds have gone by since the last.
  void write(const mote::Trainer& trainer, const TrainingState& state, mote::Span<const float> best,
             bool only_when_due);

 private:
  using Clock = std::chrono::steady_clock;
  const Settings& settings_;
  std::uint32_t data_;
  Clock::time_point written_;
};

/// A checkpoint to go on from. Throws an Error that names the file and what is wrong.
class CheckpointReader {
 public:
  explicit CheckpointReader(const std::string& path);

  const CheckpointNote& note() const { return note_; }
  /// Brings the trainer, which was bound and initialized, and early stopping's best parameters to where they were.
  /// The same for `state`, as begin_training() made it.
  void restore(const Settings& settings, const Split& split, mote::Trainer& trainer, mote::Span<float> best,
               TrainingState& state);

 private:
  [[noreturn]] void refuse(const std::string& reason) const;

  InputFile file_;
  CheckpointNote note_;
};

/// The settings of a run that goes on from settings.resume: those that are in the file, and with them the ones given
/// now that do not change what is learnt. Throws an Error for others that are not the same.
Settings resume_settings(const Settings& given);

}  // namespace tools
