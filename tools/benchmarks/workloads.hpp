// SPDX-License-Identifier: MIT
// What is measured: three trainings and one inference on MNIST, and the matrix products that they are made of.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "mote/mote.hpp"

namespace tools {

/// One epoch over all training images.
struct Workload {
  const char* key;   ///< for --only
  const char* name;  ///< for people
  mote::Topology topology;
  mote::TrainingOptions options;
  mote::WeightInit weight_init;
};

/// W1 to W3. The network of W2 is also the one that inference is measured with.
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

/// `count` floats from a cache line on, at first 0.
class FloatArray {
 public:
  FloatArray() = default;
  explicit FloatArray(std::size_t count) : lines_((count + kPerLine - 1) / kPerLine) {}
  /// Filled with the pattern that products are measured on: values between -1 and 1, none of them subnormal.
  FloatArray(std::size_t count, std::uint64_t seed);

  float* data() { return reinterpret_cast<float*>(lines_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(lines_.data()); }
  std::size_t size() const { return lines_.size() * kPerLine; }
  mote::Memory memory() { return {reinterpret_cast<unsigned char*>(lines_.data()), lines_.size() * sizeof(Line)}; }

 private:
  static constexpr std::size_t kPerLine = mote::kAlignment / sizeof(float);
  struct alignas(mote::kAlignment) Line {
    float floats[kPerLine];
  };
  std::vector<Line> lines_;
};

/// Images as floats, [dataset.count][dataset.features].
FloatArray to_floats(const mote::Dataset& dataset);

/// A trainer with memory of its own, its parameters drawn from the seed of the options.
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

/// A network for inference on up to `rows` images at a time, with memory of its own.
class OwningNetwork {
 public:
  OwningNetwork(const mote::Topology& topology, mote::Span<const float> parameters, std::size_t rows);
  /// Puts all `count` images through, `rows` at a time; returns the last outputs.
  mote::MatrixView run(const float* images, std::size_t count) const;

 private:
  FloatArray memory_;
  mote::Network network_;
};

/// The three products of a layer (mote/detail/products.hpp), and the gradient that an SGD step uses at once, in slices
/// of rows, which training executes unless a mini-batch comes in several pieces or is clipped.
enum class Product { forward, weight_gradient, backward, update };
inline constexpr Product kProducts[] = {Product::forward, Product::weight_gradient, Product::backward, Product::update};
inline constexpr const char* kProductNames[] = {"forward", "gradient", "backward", "update"};

/// One layer's matrices, laid out as mote wants them.
class ProductBench {
 public:
  explicit ProductBench(const Shape& shape);
  void run(Product product);

  // For those who want to do the same, and to compare.
  Shape shape;
  std::size_t input_stride, output_stride;
  FloatArray activations, weights, deltas;      // operands
  FloatArray outputs, gradients, input_deltas;  // results

 private:
  void update();

  FloatArray pack_, strip_;
};

}  // namespace tools
