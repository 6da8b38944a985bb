// SPDX-License-Identifier: MIT
// A program of somebody else's: learns exclusive or with an installed mote, or with its two files.
#include <cstdio>

#include MOTE_HEADER

constexpr mote::Topology topology{2, {8, mote::Activation::tanh}, {2, mote::Activation::softmax}};
constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::momentum, 0.5f, 0.9f}, 0.0f, 4};
static mote::Storage<mote::training_bytes(topology, options, 4)> memory;

int main() {
  const unsigned char inputs[] = {0, 0, 0, 255, 255, 0, 255, 255}, labels[] = {0, 1, 1, 0};
  const mote::Dataset data{inputs, labels, 4, 2, 2};
  mote::Trainer trainer;
  if (!trainer.bind(topology, options, data.count, memory).ok()) return 1;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  for (int epoch = 0; epoch < 200; ++epoch) {
    if (const mote::Result result = trainer.train_epoch(data); !result.ok()) {
      std::puts(mote::to_string(result.status));
      return 1;
    }
  }
  std::printf("accuracy %g fingerprint %08x\n", static_cast<double>(trainer.epoch_totals().accuracy()),
              static_cast<unsigned>(mote::fingerprint(topology, trainer.parameters())));
}
