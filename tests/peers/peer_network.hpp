// SPDX-License-Identifier: MIT
// A multilayer perceptron as a user of a BLAS would write one who wants it fast: nothing is allocated, copied or
// transposed on the way, each element-wise step is one pass, and every layer works by the method that suits it best.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/workloads.hpp"
#include "dense_layer.hpp"

namespace peers {

class PeerNetwork {
 public:
  /// Tries the methods for `rows` images at a time, in training or in inference.
  PeerNetwork(const Library& library, const tools::Workload& workload, std::size_t rows, bool training);

  /// The methods that were found fastest, layer by layer.
  const std::string& description() const { return description_; }

  /// Starts from mote's parameters, with velocities 0.
  void set_parameters(const float* parameters);

  /// Trains on all samples in the order given; returns their mean loss, each as it was seen.
  double train(const mote::Dataset& dataset, const std::uint32_t* order);

  /// Puts all `count` images through; returns the last outputs.
  mote::MatrixView infer(const float* images, std::size_t count);

 private:
  struct Layer {
    DenseLayer dense;
    mote::Activation activation;
    std::size_t inputs, outputs;
    tools::FloatArray biases, bias_velocities, bias_squares, bias_gradients;
    tools::FloatArray z;       // pre-activations, then activations; of the last layer in training, deltas
    tools::FloatArray deltas;  // of hidden layers
  };

  void add_layer(const Library& library, std::size_t l, bool training);
  void forward_product(std::size_t l, const float* inputs, std::size_t rows);
  void activate_hidden(Layer& layer, std::size_t rows);
  void train_batch(const float* inputs, const std::uint8_t* labels, std::size_t rows);
  void compute_loss(const std::uint8_t* labels, std::size_t rows);

  const mote::Topology topology_;
  const mote::TrainingOptions options_;
  std::size_t rows_;
  std::vector<Layer> layers_;
  tools::FloatArray inputs_;
  std::vector<std::uint8_t> labels_;
  std::string description_;
  double loss_ = 0.0;
  std::size_t correct_ = 0;
};

}  // namespace peers
