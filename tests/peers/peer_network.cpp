// SPDX-License-Identifier: MIT
#include "peer_network.hpp"

#include <algorithm>
#include <memory>

#include "elementwise.hpp"
#include "mote/detail/activation.hpp"

namespace peers {
namespace {

using mote::Activation;
using mote::detail::Relu;
using mote::detail::Sigmoid;
using tools::FloatArray;
using tools::Shape;

/// The fastest way for everything that one layer does in a step.
Method training_method(const Library& library, const Shape& shape, std::size_t input_stride, bool is_first,
                       mote::OptimizerOptions optimizer) {
  optimizer.learning_rate = 1e-6f;  // the same step over and over must not lead anywhere
  const FloatArray a = tools::random_floats(shape.batch * input_stride, 1),
                   d = tools::random_floats(shape.batch * mote::row_stride(shape.outputs), 2);
  return fastest(methods(library, shape.batch, true, optimizer.method != mote::Optimizer::adam),
                 [&](const Method& method) {
                   const auto layer = std::make_shared<DenseLayer>(library, shape.inputs, shape.outputs, method);
                   const auto z = std::make_shared<FloatArray>(shape.batch * layer->stride());
                   const auto da = std::make_shared<FloatArray>(shape.batch * input_stride);
                   return [=, &a, &d] {
                     layer->forward(shape.batch, a.data(), input_stride, z->data());
                     if (!is_first) layer->backward(shape.batch, d.data(), da->data(), input_stride);
                     layer->step(shape.batch, a.data(), input_stride, d.data(), optimizer);
                   };
                 });
}

Method inference_method(const Library& library, const Shape& shape, std::size_t input_stride) {
  const FloatArray a = tools::random_floats(shape.batch * input_stride, 1);
  return fastest(methods(library, shape.batch, false, false), [&](const Method& method) {
    const auto layer = std::make_shared<DenseLayer>(library, shape.inputs, shape.outputs, method);
    const auto z = std::make_shared<FloatArray>(shape.batch * layer->stride());
    return [=, &a] { layer->forward(shape.batch, a.data(), input_stride, z->data()); };
  });
}

/// Lets the processor take subnormal numbers for 0 while it lives: velocities that die out would slow a peer down.
class FlushSubnormals {
 public:
#if defined(__SSE__)
  FlushSubnormals() : before_(__builtin_ia32_stmxcsr()) {
    __builtin_ia32_ldmxcsr(before_ | 0x8040u);
  }
  ~FlushSubnormals() {
    __builtin_ia32_ldmxcsr(before_);
  }

 private:
  unsigned before_;
#endif
};

}  // namespace

PeerNetwork::PeerNetwork(const Library& library, const tools::Workload& workload, std::size_t rows, bool training)
    : topology_(workload.topology),
      options_(workload.options),
      rows_(rows),
      inputs_(rows * workload.topology.inputs),
      labels_(rows) {
  for (std::size_t l = 0; l < topology_.layer_count; ++l) add_layer(library, l, training);
}

void PeerNetwork::add_layer(const Library& library, std::size_t l, bool training) {
  const Shape shape{rows_, topology_.inputs_of(l), topology_.outputs_of(l)};
  const std::size_t input_stride = l == 0 ? shape.inputs : topology_.stride_of(l - 1), stride = topology_.stride_of(l);
  const Method method = training ? training_method(library, shape, input_stride, l == 0, options_.optimizer)
                                 : inference_method(library, shape, input_stride);
  description_ += (l == 0 ? "" : "; ") + describe(method);
  layers_.push_back({DenseLayer(library, shape.inputs, shape.outputs, method), topology_.layers[l].activation,
                     shape.inputs, shape.outputs, FloatArray(stride), FloatArray(stride), FloatArray(stride),
                     FloatArray(stride), FloatArray(rows_ * stride), FloatArray(rows_ * stride)});
}

void PeerNetwork::set_parameters(const float* parameters) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    layer.dense.set_weights(parameters + topology_.weights_offset(l));
    std::copy_n(parameters + topology_.biases_offset(l), layer.dense.stride(), layer.biases.data());
    std::fill_n(layer.bias_velocities.data(), layer.dense.stride(), 0.0f);
    std::fill_n(layer.bias_squares.data(), layer.dense.stride(), 0.0f);
  }
}

void PeerNetwork::forward_product(std::size_t l, const float* inputs, std::size_t rows) {
  const float* from = l == 0 ? inputs : layers_[l - 1].z.data();
  const std::size_t stride = l == 0 ? topology_.inputs : layers_[l - 1].dense.stride();
  layers_[l].dense.forward(rows, from, stride, layers_[l].z.data());
}

void PeerNetwork::activate_hidden(Layer& layer, std::size_t rows) {
  const Rows shape{rows, layer.outputs, layer.dense.stride()};
  if (layer.activation == Activation::sigmoid) {
    add_biases_and_activate<Sigmoid>(shape, layer.biases.data(), layer.z.data());
  } else {
    add_biases_and_activate<Relu>(shape, layer.biases.data(), layer.z.data());
  }
}

void PeerNetwork::compute_loss(const std::uint8_t* labels, std::size_t rows) {
  Layer& last = layers_.back();
  const Rows shape{rows, last.outputs, last.dense.stride()};
  const auto compute =
      options_.loss.kind == mote::Loss::sigmoid_cross_entropy ? sigmoid_cross_entropy : softmax_cross_entropy;
  LossSum sum;
  compute(shape, last.biases.data(), labels, 1.0f / static_cast<float>(rows), last.z.data(), last.bias_gradients.data(),
          sum);
  loss_ += sum.loss;
  correct_ += sum.correct;
}

void PeerNetwork::train_batch(const float* inputs, const std::uint8_t* labels, std::size_t rows) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    forward_product(l, inputs, rows);
    if (l + 1 < layers_.size()) activate_hidden(layers_[l], rows);
  }
  compute_loss(labels, rows);
  const float* deltas = layers_.back().z.data();
  for (std::size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = layers_[l];
    const float* below = l == 0 ? inputs : layers_[l - 1].z.data();
    const std::size_t below_stride = l == 0 ? layer.inputs : layers_[l - 1].dense.stride();
    if (l > 0) layer.dense.backward(rows, deltas, layers_[l - 1].deltas.data(), below_stride);
    layer.dense.step(rows, below, below_stride, deltas, options_.optimizer);
    apply(options_.optimizer, layer.dense.steps(), layer.bias_gradients.data(), layer.biases.data(),
          layer.bias_velocities.data(), layer.bias_squares.data(), layer.dense.stride());
    if (l == 0) return;
    Layer& previous = layers_[l - 1];
    const Rows shape{rows, previous.outputs, below_stride};
    if (previous.activation == Activation::sigmoid) {
      multiply_by_derivative<Sigmoid>(shape, below, previous.deltas.data(), previous.bias_gradients.data());
    } else {
      multiply_by_derivative<Relu>(shape, below, previous.deltas.data(), previous.bias_gradients.data());
    }
    deltas = previous.deltas.data();
  }
}

double PeerNetwork::train(const mote::Dataset& dataset, const std::uint32_t* order) {
  const FlushSubnormals flush;
  loss_ = 0.0;
  correct_ = 0;
  for (std::size_t first = 0; first < dataset.count; first += rows_) {
    const std::size_t rows = std::min(rows_, dataset.count - first);
    static_cast<void>(mote::gather(dataset, order, first, rows, inputs_.data()));
    mote::gather_labels(dataset, order, first, rows, labels_.data());
    mote::prefetch(dataset, order, first + rows, rows_);
    train_batch(inputs_.data(), labels_.data(), rows);
  }
  return loss_ / static_cast<double>(dataset.count);
}

mote::MatrixView PeerNetwork::infer(const float* images, std::size_t count) {
  Layer& last = layers_.back();
  std::size_t rows = 0;
  for (std::size_t first = 0; first < count; first += rows_) {
    rows = std::min(rows_, count - first);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      forward_product(l, images + first * topology_.inputs, rows);
      if (l + 1 < layers_.size()) activate_hidden(layers_[l], rows);
    }
    add_biases_and_softmax({rows, last.outputs, last.dense.stride()}, last.biases.data(), last.z.data());
  }
  return {last.z.data(), rows, last.outputs, last.dense.stride()};
}

}  // namespace peers
