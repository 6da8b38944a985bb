// SPDX-License-Identifier: MIT
// The promise that results are equal to the bit, as numbers: parameters after two epochs on the first 1,000 images of
// MNIST. A change of these numbers means that trained networks differ from those of earlier versions.
#include <gtest/gtest.h>

#include <string>

#include "data/image_files.hpp"
#include "mote/mote.hpp"
#include "support/support.hpp"

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
  float clip_norm = 0.0f, clip_value = 0.0f, max_norm = 0.0f, input_dropout = 0.0f, hidden_dropout = 0.0f;
  bool bootstrap = false;
};

const mote::OptimizerOptions kSgd{Optimizer::sgd, 0.5f}, kMomentum{Optimizer::momentum, 0.02f, 0.9f};

/// One small network for every other optimizer.
Training with(const char* name, const mote::OptimizerOptions& optimizer, std::uint32_t fused, std::uint32_t separate) {
  const Topology topology{784, {30, Activation::relu}, {20, Activation::tanh}, {10, Activation::softmax}};
  return {name, topology, Loss::cross_entropy, optimizer, 16, fused, separate};
}

/// The same with momentum, and what keeps training within limits: norm, value, max-norm, rates of dropout.
Training bootstrapped(std::uint32_t fused, std::uint32_t separate) {
  Training run = with("bootstrap", kMomentum, fused, separate);
  run.topology = {784, {30, Activation::relu}, {10, Activation::softmax}};
  run.bootstrap = true;
  return run;
}

Training limited(const char* name, float clip_norm, float clip_value, float max_norm, float input_dropout,
                 float hidden_dropout, std::uint32_t fused, std::uint32_t separate) {
  Training run = with(name, kMomentum, fused, separate);
  run.clip_norm = clip_norm;
  run.clip_value = clip_value;
  run.max_norm = max_norm;
  run.input_dropout = input_dropout;
  run.hidden_dropout = hidden_dropout;
  return run;
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
     0x23e04320,
     0xd1269b68},
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
    with("rmsprop", {Optimizer::rmsprop, 0.001f}, 0x474a0209, 0xecc2067b),
    with("adamw", {Optimizer::adamw, 0.001f}, 0x70267545, 0x4247290b),
    with("nadam", {Optimizer::nadam, 0.001f}, 0x90f8be39, 0x0c99d887),
    {"leaky_relu",
     {784, {40, Activation::leaky_relu}, {24, Activation::leaky_relu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     kMomentum,
     16,
     0x80ae9a71,
     0x36b64be9},
    {"elu",
     {784, {40, Activation::elu}, {24, Activation::elu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     kMomentum,
     20,
     0x44eca842,
     0x682a2ec3},
    {"selu",
     {784, {40, Activation::selu}, {24, Activation::selu}, {10, Activation::selu}},
     Loss::quadratic,
     {Optimizer::sgd, 0.01f},
     5,
     0xe76f2f88,
     0xd3714eb7},
    {"gelu",
     {784, {40, Activation::gelu}, {24, Activation::gelu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     {Optimizer::adam, 0.001f},
     50,
     0x9064e37c,
     0x466738ba},
    {"silu",
     {784, {40, Activation::silu}, {24, Activation::silu}, {10, Activation::softmax}},
     Loss::cross_entropy,
     kMomentum,
     33,
     0x416f279d,
     0xc3725922},
    {"softplus",
     {784, {40, Activation::softplus}, {24, Activation::softplus}, {10, Activation::softplus}},
     Loss::quadratic,
     {Optimizer::sgd, 0.01f},
     8,
     0xca721c0d,
     0x775183c3},
    {"quadratic gelu",
     {784, {40, Activation::gelu}, {24, Activation::gelu}, {10, Activation::gelu}},
     Loss::quadratic,
     {Optimizer::sgd, 0.05f},
     10,
     0x94ad236f,
     0x8ad5ab19},
    {"quadratic silu",
     {784, {40, Activation::silu}, {24, Activation::silu}, {10, Activation::silu}},
     Loss::quadratic,
     {Optimizer::sgd, 0.05f},
     64,
     0x69112291,
     0x29388a10},
    {"quadratic elu",
     {784, {40, Activation::leaky_relu}, {24, Activation::leaky_relu}, {10, Activation::elu}},
     Loss::quadratic,
     {Optimizer::sgd, 0.05f},
     10,
     0xb22a874d,
     0xd7404a91},
    {"quadratic leaky_relu",
     {784, {40, Activation::elu}, {24, Activation::elu}, {10, Activation::leaky_relu}},
     Loss::quadratic,
     {Optimizer::sgd, 0.05f},
     10,
     0x2aad9e8f,
     0x40d57ded},
    limited("clip norm", 0.5f, 0.0f, 0.0f, 0.0f, 0.0f, 0x7a572b0e, 0xac21f974),
    limited("clip value", 0.0f, 0.01f, 0.0f, 0.0f, 0.0f, 0xb0783e3d, 0x31eadaba),
    limited("dropout", 0.0f, 0.0f, 0.0f, 0.2f, 0.5f, 0x50fab050, 0xfce25197),
    limited("max-norm and dropout", 0.0f, 0.0f, 1.0f, 0.0f, 0.3f, 0x141b25e2, 0xf7861429),
    bootstrapped(0xddfcfa71, 0xef1a3f9b),
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
    options.clip_norm = run.clip_norm;
    options.clip_value = run.clip_value;
    options.max_norm = run.max_norm;
    options.input_dropout = run.input_dropout;
    options.hidden_dropout = run.hidden_dropout;
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
