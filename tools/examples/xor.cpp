// SPDX-License-Identifier: MIT
// Learns exclusive or from four samples of two bytes, in static memory whose size the compiler knows. Prints
//
//   0 xor 0 = 0
//   0 xor 1 = 1
//   1 xor 0 = 1
//   1 xor 1 = 0
#include <cstdio>

#include "mote/mote.hpp"

constexpr mote::Topology topology{2, {8, mote::Activation::tanh}, {2, mote::Activation::softmax}};
constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::momentum, 0.5f, 0.9f}, 0.0f, 4};
static mote::Storage<mote::training_bytes(topology, options, 4)> training_memory;
static mote::Storage<mote::inference_bytes(topology, 1)> scratch;

int main() {
  const unsigned char inputs[] = {0, 0, 0, 255, 255, 0, 255, 255}, labels[] = {0, 1, 1, 0};
  const mote::Dataset data{inputs, labels, 4, 2, 2};
  mote::Trainer trainer;
  if (!trainer.bind(topology, options, data.count, training_memory).ok()) return 1;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  for (int epoch = 0; epoch < 200; ++epoch) {
    if (!trainer.train_epoch(data).ok()) return 1;
  }
  mote::Network network;
  if (!network.bind(topology, trainer.parameters(), 1, scratch).ok()) return 1;
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 2; ++b) {
      const float x[] = {static_cast<float>(a), static_cast<float>(b)};
      std::printf("%d xor %d = %d\n", a, b, static_cast<int>(mote::argmax(network.forward(x, 1).row(0))));
    }
  }
}
