// SPDX-License-Identifier: MIT
// Checkpoint files of tools/train: state of the trainer, state of the loop over epochs, options.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/atomic_file.hpp"
#include "common/input_file.hpp"
#include "mote/mote.hpp"
#include "run/settings.hpp"
#include "run/training.hpp"

namespace tools {

/// Contents of a checkpoint in addition to the state of the trainer.
struct CheckpointNote {
  std::vector<std::string> arguments;  ///< options that a resumed run inherits
  std::uint32_t data = 0;              ///< data_checksum()
  TrainingState state;
};

/// Checksum of all training and validation samples.
std::uint32_t data_checksum(const Split& split);

/// Reserves the file of --checkpoint for this run while the lock exists; does nothing without --checkpoint. Throws an
/// Error if another run has the lock, or if the file is unreadable or holds an unfinished training other than that of
/// --resume.
void claim_checkpoint(const Settings& settings, std::optional<FileLock>& lock);

/// Writes the checkpoints of a run. All arguments must outlive this object.
class CheckpointWriter {
 public:
  using Clock = std::chrono::steady_clock;
  using Now = Clock::time_point (*)();

  /// now: the clock that tells what a write costs.
  CheckpointWriter(const Settings& settings, const Split& split, Now now = Clock::now)
      : settings_(settings), data_(data_checksum(split)), now_(now) {}

  /// Replaces the file. Does nothing between two batches within --checkpoint-seconds of the last write; nor at the end
  /// of an epoch except the last, if writing would take more than a twentieth of the time: a checkpoint holds all
  /// epochs, so that the total of bytes would grow with the square of their number.
  void write(const mote::Trainer& trainer, const TrainingState& state, Moment moment);

 private:
  const Settings& settings_;
  std::uint32_t data_;
  Now now_;
  bool is_due(Moment moment, Clock::time_point now) const;

  Clock::time_point written_;
  Clock::duration cost_ = {};  // of the last write
  bool is_behind_ = false;     // the end of an epoch was left out
};

/// A checkpoint to continue from. Throws an Error that names the file and the problem.
class CheckpointReader {
 public:
  explicit CheckpointReader(const std::string& path, const std::string& option = "--resume");

  const CheckpointNote& note() const { return note_; }
  /// Restores the trainer and the state of the epochs. trainer: bound and initialized. state: from begin_training().
  void restore(const Settings& settings, const Split& split, mote::Trainer& trainer, TrainingState& state);

 private:
  [[noreturn]] void refuse(const std::string& reason) const;

  InputFile file_;
  CheckpointNote note_;
};

/// Settings of a run that resumes given.resume: the options of the checkpoint, and options given now that change no bit
/// of the trained network, or only when training ends. Throws an Error for other options that differ from the
/// checkpoint.
Settings resume_settings(const Settings& given);

}  // namespace tools
