// SPDX-License-Identifier: MIT
// The training whose checkpoints are fuzzed: the smallest one with every array that a checkpoint may hold.
#pragma once

#include <optional>

#include "fuzz.hpp"
#include "mote/checkpoint.hpp"

namespace fuzz {

inline constexpr std::size_t kSamples = 7;

constexpr mote::Topology checkpoint_topology() {
  mote::Layer hidden{3, mote::Activation::tanh};
  hidden.batch_norm = true;
  return {2, hidden, {2, mote::Activation::softmax}};
}

constexpr mote::TrainingOptions checkpoint_options() {
  mote::TrainingOptions options;
  options.batch_size = 4;
  options.memory_rows = 4;
  options.optimizer.method = mote::Optimizer::momentum;
  options.keep_parameters = true;
  options.hidden_dropout = 0.25f;
  options.schedule.decay = mote::Decay::cosine;
  options.schedule.decay_steps = 9;
  return options;
}

/// A separate block, so that the sanitizer detects writes past its ends.
inline mote::Storage<mote::training_bytes(checkpoint_topology(), checkpoint_options(), kSamples)> checkpoint_memory;

class CheckpointCase {
 public:
  CheckpointCase() { start(); }

  /// Resets the trainer to its initial state.
  void start() {
    trainer_.emplace();
    require(trainer_->bind(checkpoint_topology(), checkpoint_options(), kSamples, checkpoint_memory).ok(),
            "exactly the memory that it takes is enough");
    trainer_->initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  }
  std::string written(mote::Bytes note) const {
    std::string file;
    require(write_checkpoint(*trainer_, note, sink_to(file)).ok(), "memory takes all that is written");
    require(file.size() == checkpoint_bytes(*trainer_, note.size()), "as many bytes come as were announced");
    return file;
  }
  mote::Trainer& trainer() { return *trainer_; }
  const mote::Dataset& dataset() const { return dataset_; }

 private:
  std::optional<mote::Trainer> trainer_;
  const std::uint8_t features_[kSamples * 2] = {0, 255, 3, 70, 128, 9, 200, 41, 17, 93, 250, 6, 77, 1};
  const std::uint8_t labels_[kSamples] = {0, 1, 1, 0, 1, 0, 0};
  const mote::Dataset dataset_ = {features_, labels_, kSamples, 2, 2, 1.0f / 255.0f};
};

}  // namespace fuzz
