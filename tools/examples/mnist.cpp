// SPDX-License-Identifier: MIT
// Learns MNIST with Adam, dropout and early stopping, from the IDX files that `make` unpacks. Arguments: their folder
// (build/mnist), most epochs (3). Prints
//
//   epoch 1: validation accuracy 0.93
//   epoch 2: validation accuracy 0.95
//   epoch 3: validation accuracy 0.95
//   best epoch 3: test accuracy 0.96
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mote/mote.hpp"

constexpr std::size_t kTrain = 20000, kValidation = 5000;
constexpr mote::Topology topology{784, {128, mote::Activation::relu}, {10, mote::Activation::softmax}};
constexpr mote::TrainingOptions options = mote::TrainingOptions{}
                                              .set_optimizer({mote::Optimizer::adam, 0.002f})
                                              .set_batch_size(64)
                                              .set_memory_rows(64)
                                              .set_hidden_dropout(0.2f)
                                              .set_keep_parameters(true);
static mote::Storage<mote::training_bytes(topology, options, kTrain)> training_memory;

static mote::Result read_set(const std::string& path, std::vector<char> (&files)[2], mote::Dataset& data) {
  mote::Idx parts[2];
  const char* names[2] = {"-images-idx3-ubyte", "-labels-idx1-ubyte"};
  for (std::size_t i = 0; i < 2; ++i) {
    std::ifstream file(path + names[i], std::ios::binary);
    files[i].assign(std::istreambuf_iterator<char>(file), {});
    const mote::Bytes bytes(reinterpret_cast<const unsigned char*>(files[i].data()), files[i].size());
    if (const mote::Result result = mote::parse_idx(bytes, i == 0 ? 3 : 1, parts[i]); !result.ok()) return result;
  }
  return mote::make_dataset(parts[0], parts[1], 10, data);
}

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "build/mnist";
  const long epochs = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 3;
  static std::vector<char> train_files[2], test_files[2];
  mote::Dataset all, test;
  if (!read_set(folder + "/train", train_files, all).ok() || !read_set(folder + "/t10k", test_files, test).ok()) {
    return std::fprintf(stderr, "mnist: no MNIST in %s; run make\n", folder.c_str()), 1;
  }
  const mote::Dataset train = all.subset(0, kTrain), validation = all.subset(kTrain, kValidation);
  mote::Trainer trainer;
  if (!trainer.bind(topology, options, kTrain, training_memory).ok()) return 1;
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  mote::EarlyStopping stopping;
  stopping.patience = 3;
  while (stopping.epoch < epochs && !stopping.should_stop()) {
    mote::LossTotals totals;
    if (!trainer.train_epoch(train).ok() || !trainer.evaluate(validation, totals).ok()) return 1;
    if (stopping.update(totals)) trainer.keep_parameters();
    std::printf("epoch %u: validation accuracy %.2f\n", stopping.epoch, static_cast<double>(totals.accuracy()));
  }
  trainer.restore_parameters();
  mote::LossTotals totals;
  if (!trainer.evaluate(test, totals).ok()) return 1;
  std::printf("best epoch %u: test accuracy %.2f\n", stopping.best_epoch, static_cast<double>(totals.accuracy()));
}
