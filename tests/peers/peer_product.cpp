// SPDX-License-Identifier: MIT
#include "peer_product.hpp"

#include "closeness.hpp"

namespace peers {

using tools::FloatArray;
using tools::Product;
using tools::Shape;

PeerProduct::PeerProduct(const Library& library, const tools::ProductBench& operands, Product product,
                         const Layout& layout)
    : operands_(operands), product_(product), outputs_(operands.outputs.size()), deltas_(operands.input_deltas.size()) {
  const Shape& shape = operands.shape;
  const auto make_layer = [&](const Method& method) {
    auto layer = std::make_unique<DenseLayer>(library, shape.inputs, shape.outputs, method);
    layer->set_weights(operands.weights.data());
    return layer;
  };
  std::vector<Method> candidates;
  for (const Method& method : methods(library, shape.batch, false, false)) {
    if (method.outputs_first == layout.outputs_first && method.padded == layout.padded) candidates.push_back(method);
  }
  const Method method = fastest(candidates, [&](const Method& candidate) {
    const std::shared_ptr<DenseLayer> layer = make_layer(candidate);
    return [this, layer] { run(*layer); };
  });
  layer_ = make_layer(method);
}

void PeerProduct::run(DenseLayer& layer) {
  const std::size_t rows = operands_.shape.batch, stride = operands_.input_stride;
  const float* deltas = operands_.deltas.data();
  switch (product_) {
    case Product::forward: return layer.forward(rows, operands_.activations.data(), stride, outputs_.data());
    case Product::weight_gradient: return layer.keep_gradient(rows, operands_.activations.data(), stride, deltas);
    case Product::backward: return layer.backward(rows, deltas, deltas_.data(), stride);
    case Product::update: break;  // not raced
  }
}

void PeerProduct::check(const std::string& who) const {
  const Shape& shape = operands_.shape;
  const double tolerance = 1e-5 * static_cast<double>(shape.batch + shape.inputs + shape.outputs);
  const bool is_gradient = product_ == Product::weight_gradient, is_backward = product_ == Product::backward;
  const std::size_t rows = is_gradient ? shape.inputs : shape.batch;
  const std::size_t columns = is_backward ? shape.inputs : shape.outputs;
  const std::size_t stride = is_backward ? operands_.input_stride : operands_.output_stride;
  const FloatArray& found = is_backward ? deltas_ : outputs_;
  const FloatArray& expected =
      is_gradient ? operands_.gradients : (is_backward ? operands_.input_deltas : operands_.outputs);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const float element = is_gradient ? layer_->gradient(i, j) : found.data()[i * stride + j];
      require_close(static_cast<double>(element), static_cast<double>(expected.data()[i * stride + j]), tolerance, who);
    }
  }
}

}  // namespace peers
