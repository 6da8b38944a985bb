// SPDX-License-Identifier: MIT
// Workloads: three trainings and one inference on MNIST, and their matrix products.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/float_array.hpp"
#include "mote/mote.hpp"

namespace tools {

/// One epoch over all training images.
struct Workload {
  const char* key;   ///< for --only
  const char* name;  ///< in tables
  mote::Topology topology;
  mote::TrainingOptions options;
  mote::WeightInit weight_init;
};

/// W1 to W3. The inference uses the network of W2.
const std::vector<Workload>& training_workloads();
const Workload& inference_workload();
inline constexpr std::size_t kInferenceBatches[] = {1, 256};

/// The matrix products of one layer for one mini-batch.
struct Shape {
  std::size_t batch;
  std::size_t inputs;
  std::size_t outputs;

  /// Floating-point operations of one of its products, a multiply-add being two.
  double operations() const { return 2.0 * static_cast<double>(batch) * static_cast<double>(inputs * outputs); }
};

/// "10x784x30"
std::string to_string(const Shape& shape);

/// The layers of W1 to W3 at their batch sizes, of W2 at batch size 1, and squares.
std::vector<Shape> kernel_shapes();

/// Floating-point operations in matrix products for one image; biases, activations, loss and optimizer are not counted.
double inference_operations(const mote::Topology& topology);
/// Forward, weight gradients, and deltas for all layers but the first.
double training_operations(const mote::Topology& topology);

/// The pattern that products are measured on: values between -1 and 1, none of them subnormal.
FloatArray random_floats(std::size_t count, std::uint64_t seed);

/// Converts images to floats, [dataset.count][dataset.features].
FloatArray to_floats(const mote::Dataset& dataset);

/// The same samples as floats, all other than 0, in `memory`: dense, as measurements of a sensor are.
mote::Dataset without_zeros(const mote::Dataset& images, FloatArray& memory);

/// A trainer with its own memory. Its initial parameters follow from the seed of the options.
class OwningTrainer {
 public:
  OwningTrainer(const mote::Topology& topology, const mote::TrainingOptions& options, mote::WeightInit weight_init,
                std::size_t samples);
  mote::Trainer& operator*() { return *trainer_; }
  mote::Trainer* operator->() { return trainer_.get(); }

 private:
  FloatArray memory_;
  std::unique_ptr<mote::Trainer> trainer_;
};

/// A network for inference on up to `rows` images at a time, with its own memory.
class OwningNetwork {
 public:
  OwningNetwork(const mote::Topology& topology, mote::Span<const float> parameters, std::size_t rows);
  /// Runs `count` images, `rows` at a time. Returns the last outputs.
  mote::MatrixView run(const float* images, std::size_t count) const;

 private:
  FloatArray memory_;
  mote::Network network_;
};

/// The three products of a layer (mote/detail/products.hpp), and the update: the weight gradient with its SGD step,
/// slice by slice, which training executes unless a mini-batch comes in chunks or gradients are clipped.
enum class Product { forward, weight_gradient, backward, update };
inline constexpr Product kProducts[] = {Product::forward, Product::weight_gradient, Product::backward, Product::update};
inline constexpr const char* kProductNames[] = {"forward", "gradient", "backward", "update"};

/// One layer's matrices, in the layout of mote.
class ProductBench {
 public:
  explicit ProductBench(const Shape& shape);
  void run(Product product);

  // Public for benchmarks of other libraries, which multiply the same matrices.
  Shape shape;
  std::size_t input_stride, output_stride;
  FloatArray activations, weights, deltas;      // operands
  FloatArray outputs, gradients, input_deltas;  // results

 private:
  void update();

  FloatArray pack_, strip_;
};

}  // namespace tools
