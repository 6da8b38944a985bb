// SPDX-License-Identifier: MIT
// Learns the classes of a CSV table of numbers: standardizes the inputs by the training rows, and tests on every fifth
// row. (tools/train --data FILE.csv does it without a program.) Argument: the file (iris.csv). Prints
//
//   120 rows to train on, 30 to test
//   28 of 30 right
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "mote/mote.hpp"

constexpr std::size_t kFeatures = 4, kClasses = 3, kRows = 120;
constexpr mote::Topology topology{kFeatures, {16, mote::Activation::relu}, {kClasses, mote::Activation::softmax}};
constexpr mote::TrainingOptions options{mote::Loss::cross_entropy, {mote::Optimizer::adam, 0.01f}, 0.0f, 8};
static mote::Storage<mote::training_bytes(topology, options, kRows)> training_memory;

struct Table {
  std::vector<float> inputs;
  std::vector<std::uint8_t> labels;

  mote::Dataset view(const float* offsets, const float* scales) const {
    mote::Inputs rows(inputs.data(), labels.size(), kFeatures);
    rows.set_transformation(offsets, scales);
    return {rows, labels.data(), kClasses};
  }
};

int main(int argc, char** argv) {
  std::ifstream file(argc > 1 ? argv[1] : "tools/data/tables/iris.csv");
  std::map<std::string, std::uint8_t> classes;
  Table train, test;
  std::string line, cell;
  std::getline(file, line);  // names of the columns
  for (std::size_t row = 0; std::getline(file, line); ++row) {
    std::istringstream cells(line);
    Table& table = row % 5 == 4 ? test : train;
    for (std::size_t f = 0; f < kFeatures; ++f) {
      std::getline(cells, cell, ',');
      table.inputs.push_back(std::stof(cell));
    }
    std::getline(cells, cell);
    table.labels.push_back(classes.emplace(cell, static_cast<std::uint8_t>(classes.size())).first->second);
  }
  std::printf("%zu rows to train on, %zu to test\n", train.labels.size(), test.labels.size());

  float offsets[kFeatures], scales[kFeatures];
  const mote::Inputs raw(train.inputs.data(), train.labels.size(), kFeatures);
  mote::Trainer trainer;
  if (!mote::standardize(raw, offsets, scales).ok()) return 1;
  if (!trainer.bind(topology, options, train.labels.size(), training_memory).ok()) return 1;
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  for (int epoch = 0; epoch < 60; ++epoch) {
    if (!trainer.train_epoch(train.view(offsets, scales)).ok()) return 1;
  }
  mote::LossTotals totals;
  if (!trainer.evaluate(test.view(offsets, scales), totals).ok()) return 1;
  std::printf("%u of %u right\n", totals.correct, totals.samples);
}
