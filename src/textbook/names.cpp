// SPDX-License-Identifier: MIT
#include "mote/activation.hpp"
#include "mote/loss.hpp"

namespace mote {

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::identity: return "identity";
    case Activation::sigmoid: return "sigmoid";
    case Activation::tanh: return "tanh";
    case Activation::relu: return "relu";
    case Activation::softmax: return "softmax";
    case Activation::leaky_relu: return "leaky-relu";
    case Activation::elu: return "elu";
    case Activation::selu: return "selu";
    case Activation::gelu: return "gelu";
    case Activation::silu: return "silu";
    case Activation::softplus: return "softplus";
  }
  return nullptr;
}

const char* name_of(Loss loss) {
  switch (loss) {
    case Loss::quadratic: return "quadratic";
    case Loss::sigmoid_cross_entropy: return "sigmoid-cross-entropy";
    case Loss::cross_entropy: return "cross-entropy";
    case Loss::mean_absolute_error: return "mae";
    case Loss::huber: return "huber";
  }
  return nullptr;
}

}  // namespace mote
