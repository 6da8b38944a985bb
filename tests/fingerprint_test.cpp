// SPDX-License-Identifier: MIT
// The promise that results are equal to the bit, as numbers: parameters after two epochs on the first 1,000 images of
// MNIST. A change of these numbers means that trained networks differ from those of earlier versions.
#include <gtest/gtest.h>

#include <string>

#include "image_files.hpp"
#include "mote/mote.hpp"
#include "support.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Optimizer;
using mote::Topology;

struct Training {
  const char* name;
  Topology topology;
  Loss loss;
  mote::OptimizerOptions optimizer;
  std::size_t batch_size;
  std::uint32_t fused;     // expected fingerprint with fused multiply-add
  std::uint32_t separate;  // and with separate
  bool bootstrap = false;
};

const mote::OptimizerOptions kSgd{Optimizer::sgd, 0.5f}, kMomentum{Optimizer::momentum, 0.02f, 0.9f};

/// One small network for every other optimizer.
Training with(const char* name, const mote::OptimizerOptions& optimizer, std::uint32_t fused, std::uint32_t separate) {
  const Topology topology{784, {30, Activation::relu}, {20, Activation::tanh}, {10, Activation::softmax}};
  return {name, topology, Loss::cross_entropy, optimizer, 16, fused, separate};
}

const Training kTrainings[] = {
    {"W1",
     {784, {30, Activation::sigmoid}, {10, Activation::sigmoid}},
     Loss::sigmoid_cross_entropy,
     kSgd,
     10,
     0x4902464f,
     0x59a8ce94},
    {"W2",
     {784, {128, Activation::relu}, {64, Activation::relu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     kMomentum,
     32,
     0x3298a3b4,
     0xdd1951fd},
    {"W3",
     {784, {512, Activation::relu}, {512, Activation::relu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     {Optimizer::adam, 0.001f},
     128,
     0x347afccd,
     0x5b008b59},
    {"tanh",
     {784, {33, Activation::tanh}, {10, Activation::softmax}},
     Loss::cross_entropy,
     kMomentum,
     7,
     0x9020a8da,
     0x54a8ace2},
    {"identity",
     {784, {17, Activation::identity}, {10, Activation::identity}},
     Loss::quadratic,
     {Optimizer::sgd, 0.01f},
     1,
     0x4e6756d1,
     0x806003ad},
    {"quadratic softmax",
     {784, {40, Activation::relu}, {10, Activation::softmax}},
     Loss::quadratic,
     kMomentum,
     1000,
     0xc5e8ecea,
     0x1e89fdcf},
    with("nesterov", {Optimizer::nesterov, 0.02f, 0.9f}, 0x3ffe9fd9, 0x53a17e92),
    with("adagrad", {Optimizer::adagrad, 0.01f}, 0xddddb8ab, 0x7362c3cd),
    with("rmsprop", {Optimizer::rmsprop, 0.001f}, 0x9bd60b96, 0xa5a75e1f),
    with("adamw", {Optimizer::adamw, 0.001f}, 0x2f76f6f3, 0x0008ef3f),
    with("nadam", {Optimizer::nadam, 0.001f}, 0x1277c86f, 0x91842c0a),
    {"bootstrap",
     {784, {30, Activation::relu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     kMomentum,
     16,
     0xddfcfa71,
     0xef1a3f9b,
     true},
};

class Fingerprints : public mote::test::EachInstructionSet {};
INSTANTIATE_TEST_SUITE_P(, Fingerprints, mote::test::kEachInstructionSet, mote::test::instruction_set_name);

mote::Storage<std::size_t{64} << 20> data_memory, memory;

TEST_P(Fingerprints, AreTheSameOnEveryMachineOfAClass) {
  const tools::ImageSet images = tools::load_image_set(tools::mnist_folder(), data_memory);
  const mote::Dataset dataset = images.train.subset(0, 1000);
  for (const Training& run : kTrainings) {
    mote::TrainingOptions options;
    options.loss = run.loss;
    options.optimizer = run.optimizer;
    options.batch_size = run.batch_size;
    options.l2 = 1e-4f;
    options.bootstrap = run.bootstrap;
    mote::Trainer trainer;
    ASSERT_TRUE(trainer.bind(run.topology, options, dataset.count, memory).ok());
    trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
    for (int epoch = 0; epoch < 2; ++epoch) ASSERT_TRUE(trainer.train_epoch(dataset).ok()) << run.name;
    EXPECT_EQ(mote::fingerprint(run.topology, trainer.parameters()),
              mote::arithmetic_is_fused() ? run.fused : run.separate)
        << run.name;
  }
}

}  // namespace
