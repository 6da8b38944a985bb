// SPDX-License-Identifier: MIT
// Learns sin(x) on [-pi, pi] from 64 floats, and answers between them. Prints
//
//   sin(-2.0) = -0.91, learned -0.91
//   sin(-1.0) = -0.84, learned -0.84
//   sin( 1.0) =  0.84, learned  0.84
//   sin( 2.0) =  0.91, learned  0.91
#include <cmath>
#include <cstdio>
#include <initializer_list>

#include "mote/mote.hpp"

constexpr std::size_t kPoints = 64;
constexpr mote::Topology topology{1, {16, mote::Activation::tanh}, {1}};
constexpr mote::TrainingOptions options{mote::Loss::quadratic, {mote::Optimizer::nadam, 0.01f}, 0.0f, 4};
static mote::Storage<mote::training_bytes(topology, options, kPoints)> training_memory;
static mote::Storage<mote::inference_bytes(topology, 1)> scratch;

int main() {
  float x[kPoints], y[kPoints];
  for (std::size_t i = 0; i < kPoints; ++i) {
    x[i] = 3.14159265f * (2.0f * static_cast<float>(i) / (kPoints - 1) - 1.0f);
    y[i] = std::sin(x[i]);
  }
  const mote::Dataset data(mote::Inputs(x, kPoints, 1), mote::MatrixView{y, kPoints, 1, 1});
  mote::Trainer trainer;
  if (!trainer.bind(topology, options, kPoints, training_memory).ok()) return 1;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  for (int epoch = 0; epoch < 400; ++epoch) {
    if (!trainer.train_epoch(data).ok()) return 1;
  }
  mote::Network network;
  if (!network.bind(topology, trainer.parameters(), 1, scratch).ok()) return 1;
  for (const float angle : {-2.0f, -1.0f, 1.0f, 2.0f}) {
    const float answer = network.forward(&angle, 1).row(0)[0];
    std::printf("sin(%4.1f) = %5.2f, learned %5.2f\n", static_cast<double>(angle), std::sin(static_cast<double>(angle)),
                static_cast<double>(answer));
  }
}
