// SPDX-License-Identifier: MIT
#include "benchmarks/workloads.hpp"

#include <algorithm>

#include "common/error.hpp"

namespace tools {
namespace {

constexpr mote::Topology kW1{784, {30, mote::Activation::sigmoid}, {10, mote::Activation::sigmoid}};
constexpr mote::Topology kW2{
    784, {128, mote::Activation::relu}, {64, mote::Activation::relu}, {10, mote::Activation::softmax}};
constexpr mote::Topology kW3{
    784, {512, mote::Activation::relu}, {512, mote::Activation::relu}, {10, mote::Activation::softmax}};

mote::TrainingOptions options_of(mote::Loss loss, const mote::OptimizerOptions& optimizer, std::size_t batch_size) {
  mote::TrainingOptions options;
  options.loss = loss;
  options.optimizer = optimizer;
  options.batch_size = batch_size;
  return options;
}

constexpr mote::OptimizerOptions kMomentum{mote::Optimizer::momentum, 0.02f, 0.9f};
constexpr mote::OptimizerOptions kAdam{mote::Optimizer::adam, 0.001f};

template <typename F>
void for_layers(const mote::Topology& topology, F f) {
  for (std::size_t l = 0; l < topology.layer_count; ++l) f(topology.inputs_of(l), topology.outputs_of(l));
}

}  // namespace

const std::vector<Workload>& training_workloads() {
  using mote::Loss;
  static const std::vector<Workload> workloads = {
      {"w1", "W1 784-30-10 sigmoid, sgd, batch 10", kW1,
       options_of(Loss::sigmoid_cross_entropy, {mote::Optimizer::sgd, 0.5f, 0.0f}, 10),
       mote::WeightInit::scaled_gaussian},
      {"w2", "W2 784-128-64-10 relu, momentum, batch 32", kW2, options_of(Loss::cross_entropy, kMomentum, 32),
       mote::WeightInit::he_normal},
      {"w3", "W3 784-512-512-10 relu, adam, batch 128", kW3, options_of(Loss::cross_entropy, kAdam, 128),
       mote::WeightInit::he_normal},
  };
  return workloads;
}

const Workload& inference_workload() {
  return training_workloads()[1];
}

std::string to_string(const Shape& shape) {
  return std::to_string(shape.batch) + "x" + std::to_string(shape.inputs) + "x" + std::to_string(shape.outputs);
}

std::vector<Shape> kernel_shapes() {
  std::vector<Shape> shapes;
  const auto add_layers = [&](const mote::Topology& topology, std::size_t batch) {
    for_layers(topology, [&](std::size_t inputs, std::size_t outputs) { shapes.push_back({batch, inputs, outputs}); });
  };
  for (const Workload& workload : training_workloads()) add_layers(workload.topology, workload.options.batch_size);
  add_layers(inference_workload().topology, 1);
  for (std::size_t side = 256; side <= 1024; side *= 2) shapes.push_back({side, side, side});
  return shapes;
}

double inference_operations(const mote::Topology& topology) {
  double total = 0.0;
  for_layers(topology, [&](std::size_t inputs, std::size_t outputs) {
    total += Shape{1, inputs, outputs}.operations();
  });
  return total;
}

double training_operations(const mote::Topology& topology) {
  const Shape first{1, topology.inputs_of(0), topology.outputs_of(0)};
  return 3.0 * inference_operations(topology) - first.operations();
}

FloatArray random_floats(std::size_t count, std::uint64_t seed) {
  FloatArray floats(count);
  mote::Random random(seed, mote::Stream::initialization);
  for (std::size_t i = 0; i < count; ++i) floats.data()[i] = random.uniform(-1.0f, 1.0f);
  return floats;
}

FloatArray to_floats(const mote::Dataset& dataset) {
  FloatArray images(dataset.count * dataset.features);
  require(mote::gather(dataset, nullptr, 0, dataset.count, images.data()));
  return images;
}

mote::Dataset without_zeros(const mote::Dataset& images, FloatArray& memory) {
  memory = to_floats(images);
  for (std::size_t i = 0; i < memory.size(); ++i) memory.data()[i] += 1.0f / 256.0f;
  mote::Dataset floats = images;
  static_cast<mote::Inputs&>(floats) = mote::Inputs(memory.data(), images.count, images.features);
  return floats;
}

OwningTrainer::OwningTrainer(const mote::Topology& topology, const mote::TrainingOptions& options,
                             mote::WeightInit weight_init, std::size_t samples)
    : memory_(mote::training_bytes(topology, options, samples) / sizeof(float) + 1),
      trainer_(std::make_unique<mote::Trainer>()) {
  require(trainer_->bind(topology, options, samples, memory_.memory()));
  trainer_->initialize(weight_init, mote::BiasInit::zero);
}

OwningNetwork::OwningNetwork(const mote::Topology& topology, mote::Span<const float> parameters, std::size_t rows)
    : memory_(mote::inference_bytes(topology, rows) / sizeof(float) + 1) {
  require(network_.bind(topology, parameters, rows, memory_.memory()));
}

mote::MatrixView OwningNetwork::run(const float* images, std::size_t count) const {
  mote::MatrixView outputs;
  for (std::size_t first = 0; first < count; first += network_.max_rows()) {
    const std::size_t rows = std::min(network_.max_rows(), count - first);
    outputs = network_.forward(images + first * network_.topology().inputs, rows);
  }
  return outputs;
}

namespace {

/// Random values [rows][columns], padded to `stride` by zeros.
FloatArray padded_matrix(std::size_t rows, std::size_t columns, std::size_t stride, std::uint64_t seed) {
  FloatArray matrix = random_floats(rows * stride, seed);
  for (std::size_t i = 0; i < rows; ++i) std::fill_n(matrix.data() + i * stride + columns, stride - columns, 0.0f);
  return matrix;
}

}  // namespace

ProductBench::ProductBench(const Shape& s)
    : shape(s),
      input_stride(mote::row_stride(s.inputs)),
      output_stride(mote::row_stride(s.outputs)),
      activations(padded_matrix(s.batch, s.inputs, input_stride, 1)),
      weights(padded_matrix(s.inputs, s.outputs, output_stride, 2)),
      deltas(padded_matrix(s.batch, s.outputs, output_stride, 3)),
      outputs(s.batch * output_stride),
      gradients(s.inputs * output_stride),
      input_deltas(s.batch * input_stride),
      pack_(mote::pack_floats(s.inputs, s.outputs)),
      strip_(mote::detail::kUpdateRows * output_stride) {}

void ProductBench::run(Product product) {
  const std::size_t m = shape.batch, k = shape.inputs, n = shape.outputs;
  switch (product) {
    case Product::forward:
      return mote::forward_product(m, k, n, activations.data(), input_stride, weights.data(), output_stride,
                                   outputs.data(), output_stride);
    case Product::weight_gradient:
      return mote::weight_gradient(m, {0, k}, n, activations.data(), input_stride, deltas.data(), {}, false,
                                   gradients.data());
    case Product::backward:
      return mote::backward_product(m, k, n, deltas.data(), output_stride, weights.data(), output_stride,
                                    input_deltas.data(), input_stride, pack_.data());
    case Product::update: return update();
  }
}

/// Uses a learning rate of 0, so that the operands of the other products stay unchanged.
void ProductBench::update() {
  const mote::Topology layer{static_cast<std::uint32_t>(shape.inputs), {static_cast<std::uint32_t>(shape.outputs)}};
  const mote::OptimizerStep step{{mote::Optimizer::sgd, 0.0f}, 0.0f, 1, weights.size(), 0.0f};
  const std::size_t rows = mote::detail::slice_rows(layer, 0);
  for (std::size_t first = 0; first < shape.inputs; first += rows) {
    mote::update_weights(shape.batch, {first, std::min(first + rows, shape.inputs)}, shape.outputs, activations.data(),
                         input_stride, deltas.data(), {}, step, weights.data(), nullptr, strip_.data());
  }
}

}  // namespace tools
