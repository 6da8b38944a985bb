// SPDX-License-Identifier: MIT
// The board learns exclusive or. A computer learns equal parameters, to the bit.
//
//   accuracy 1.00
//   1 xor 0 = 1
//   parameters B95F694B
//
// Processors without fused multiply-add, such as Cortex-M0 and M3, print 13E40EF2.
#include <mote.h>

constexpr mote::Topology topology{2, {8, mote::Activation::tanh}, {2, mote::Activation::softmax}};
constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::momentum, 0.5f, 0.9f}, 0.0f, 4};
static mote::Storage<mote::training_bytes(topology, options, 4)> memory;
static mote::Storage<mote::inference_bytes(topology, 1)> scratch;
static mote::Trainer trainer;
static mote::Network network;

void stop(const char* problem) {
  Serial.println(problem);
  for (;;) delay(1000);
}

void setup() {
  Serial.begin(115200);
  const unsigned char inputs[] = {0, 0, 0, 255, 255, 0, 255, 255}, labels[] = {0, 1, 1, 0};
  const mote::Dataset data{inputs, labels, 4, 2, 2};
  if (!trainer.bind(topology, options, 4, memory).ok()) stop("bind failed");
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  for (int epoch = 0; epoch < 200; ++epoch) {
    if (!trainer.train_epoch(data).ok()) stop("train_epoch failed");
  }
  Serial.print("accuracy ");
  Serial.println(trainer.epoch_totals().accuracy());
  if (!network.bind(topology, trainer.parameters(), 1, scratch).ok()) stop("network.bind failed");
  const float one_and_zero[] = {1.0f, 0.0f};
  Serial.print("1 xor 0 = ");
  Serial.println(static_cast<int>(mote::argmax(network.forward(one_and_zero, 1).row(0))));
  Serial.print("parameters ");
  Serial.println(mote::fingerprint(topology, trainer.parameters()), HEX);
}

void loop() { delay(1000); }
