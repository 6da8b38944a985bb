// SPDX-License-Identifier: MIT
// Interrupts a training in the middle of an epoch, and resumes it from a checkpoint in another trainer: the parameters
// become those of a training without interruption, to the bit. The checkpoint is in memory here; it could be in a file.
// Prints
//
//   checkpoint after 700 of 2000 batches
//   resumed: equal parameters
#include <cstdio>
#include <cstring>

#include "mote/mote.hpp"

constexpr std::size_t kSamples = 100;
constexpr mote::Topology topology{1, {8, mote::Activation::tanh}, {1}};
constexpr mote::TrainingOptions options{mote::Loss::quadratic, {mote::Optimizer::adam, 0.01f}, 0.0f, 5};
static mote::Storage<mote::training_bytes(topology, options, kSamples)> training_memory[2];

struct Checkpoint {
  unsigned char bytes[8192];
  std::size_t size;
};

/// Trains up to a number of batches, counted from the first.
static bool train(mote::Trainer& trainer, const mote::Dataset& data, std::uint64_t batches) {
  for (std::uint64_t done = trainer.progress().steps; done < batches; ++done) {
    if (trainer.samples_left() == 0 && !trainer.begin_epoch(data).ok()) return false;
    if (!trainer.train_batch().ok()) return false;
  }
  return true;
}

int main() {
  float x[kSamples], y[kSamples];
  for (std::size_t i = 0; i < kSamples; ++i) {
    x[i] = static_cast<float>(i) / 50.0f - 1.0f;
    y[i] = x[i] * x[i];
  }
  const mote::Dataset data(mote::Inputs(x, kSamples, 1), mote::MatrixView{y, kSamples, 1, 1});

  mote::Trainer trainer, resumed;
  static Checkpoint checkpoint;
  const mote::ByteSink sink{[](void* context, mote::Bytes bytes) {
                              auto& file = *static_cast<Checkpoint*>(context);
                              if (bytes.size() > sizeof file.bytes - file.size) return false;
                              std::memcpy(file.bytes + file.size, bytes.data(), bytes.size());
                              file.size += bytes.size();
                              return true;
                            },
                            &checkpoint};
  if (!trainer.bind(topology, options, kSamples, training_memory[0]).ok()) return 1;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  if (!train(trainer, data, 700) || !mote::write_checkpoint(trainer, {}, sink).ok()) return 1;
  std::printf("checkpoint after 700 of 2000 batches\n");
  if (!train(trainer, data, 2000)) return 1;

  if (!resumed.bind(topology, options, kSamples, training_memory[1]).ok()) return 1;
  const mote::ByteSource source = mote::source_of(mote::Bytes(checkpoint.bytes, checkpoint.size));
  if (!mote::read_checkpoint(source, data, resumed).ok() || !train(resumed, data, 2000)) return 1;
  const mote::Span<const float> a = trainer.parameters(), b = resumed.parameters();
  std::printf("resumed: %s parameters\n",
              std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0 ? "equal" : "other");
}
