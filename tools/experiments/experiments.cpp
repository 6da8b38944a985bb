// SPDX-License-Identifier: MIT
#include "experiments/experiments.hpp"

namespace tools {

const char* title_of(Text text) {
  switch (text) {
    case Text::unstable_gradients: return "Unstable gradients (Nielsen, chapter 5)";
    case Text::bounds: return "Bounds on the gradient (norms of products)";
    case Text::signals: return "Signals by layer (Glorot & Bengio 2010)";
    case Text::optimization: break;
  }
  return "A lesson on optimization";
}

const std::vector<Experiment>& experiments() {
  constexpr Text kUnstable = Text::unstable_gradients, kBounds = Text::bounds, kSignals = Text::signals;
  constexpr Text kOptimization = Text::optimization;
  static const std::vector<Experiment> all = {
      {"depth", "Accuracy by number of hidden layers", kUnstable,
       "validation accuracy with 1 to 4 hidden layers, beside published ones", 3, 30, 1, 1, measure_depth},
      {"deeper", "Where depth beats width", kUnstable,
       "tasks for which depth beats width at equal numbers of parameters", 9, 200, 3, 60, measure_deeper},
      {"norms", "Speed of learning by layer at the start", kUnstable,
       "speed of learning by layer at the start, 1 to 100 hidden layers, beside published draws", 100, 0, 5, 0,
       measure_norms},
      {"training", "Speed of learning by layer in training", kUnstable,
       "speed of learning by layer during 500 steps, beside published curves", 8, 0, 1, 0, measure_training},
      {"opposite", "Exploding gradients: late layers are stuck", kUnstable,
       "exploding gradients: early layers learn while late ones are stuck", 5, 30, 2, 10, measure_opposite},
      {"curves", "Activations and their slopes", kUnstable,
       "activations and their slopes: sigmoid, tanh, ReLU and relatives", 1, 0, 1, 0, show_curves},
      {"chain", "One neuron per layer: a product", kUnstable,
       "one neuron per layer: the gradient as a product of weights and slopes", 500, 0, 50, 0, measure_chains},
      {"explode", "Where gradients grow", kUnstable,
       "where products of weights and slopes grow: a chain, a formula, a sweep of weight scales", 5, 0, 1, 0,
       measure_explosions},
      {"cure", "Recipes for deep networks", kUnstable,
       "accuracy with 1 to 100 hidden layers, by activation, initializer, optimizer and more", 2, 3, 1, 1,
       measure_cures},
      {"factors", "The factors of a gradient, layer by layer", kBounds,
       "slopes, norms, gradients, estimates and bounds by layer, for sigmoid and tanh", 20, 0, 3, 0, measure_factors},
      {"bound", "How loose the bounds are", kBounds,
       "gradients of single images against products of spectral norms and slopes", 5, 0, 1, 0, measure_bounds},
      {"variance", "Sizes of signals by initializer", kSignals,
       "sizes of activations and gradients by layer, initializer and activation", 5, 0, 1, 0, measure_variances},
      {"saturation", "Saturation and means by layer and width", kSignals,
       "size of z, saturated activations and means by layer and width", 5, 0, 1, 0, measure_saturation},
      {"updates", "How far training moves each layer", kSignals, "how far training moves the weights of each layer", 3,
       3, 1, 1, measure_updates},
      {"decisions", "Two outputs decide", kOptimization,
       "a network of two outputs decides; quadratic loss and cross-entropy", 5, 10, 2, 2, measure_decisions},
      {"entropy", "Entropy and cross-entropy", kOptimization,
       "entropy of sources, cross-entropy of predictions, worked", 1, 0, 1, 0, show_entropies},
      {"batches", "Online, mini-batch and full batch", kOptimization,
       "online, mini-batch and full batch learning by epoch and by time", 3, 5, 1, 2, measure_batches},
      {"saddle", "A saddle, and the plateau around it", kOptimization,
       "networks of one neuron a layer that start near a saddle, by number of layers", 1, 0, 1, 0, walk_past_saddles},
      {"surface", "The loss around and between networks", kOptimization,
       "loss around a trained network, between networks, and on a plateau", 10, 30, 3, 20, measure_surface},
      {"valley", "Optimizers in a narrow valley", kOptimization,
       "paths of the optimizers in a narrow valley, by learning rate and method", 1, 0, 1, 0, walk_valleys},
      {"rates", "Learning rates from low to very high", kOptimization,
       "learning rates low, good, high and very high, and optimizers, on MNIST", 3, 5, 1, 2, measure_rates},
      {"adagrad", "Effective rates of AdaGrad and RMSProp", kOptimization,
       "the effective learning rate of AdaGrad and RMSProp over time", 1, 5, 1, 2, measure_effective_rates},
      {"optimizers", "Five sigmoid layers by optimizer", kOptimization,
       "five sigmoid layers by optimizer; RMSProp's epsilon inside and outside the root", 3, 5, 1, 3,
       measure_optimizers},
      {"penalties", "L2 and L1 penalties", kOptimization, "L2 and L1 with fewer observations than features", 5, 2000, 2,
       1000, measure_penalties},
      {"overfitting", "Overfitting and early stopping", kOptimization,
       "validation loss turns while training loss falls; early stopping", 5, 60, 1, 20, measure_overfitting},
      {"bagging", "Bagging by number of members", kOptimization,
       "error against the number of members, 1 to 30, of one shape and of several", 1, 15, 1, 3, measure_bagging},
      {"dropout", "Dropout by rate", kOptimization,
       "rates too low and too high, rates of single layers, an ensemble in disguise", 3, 60, 1, 5, measure_dropout},
      {"cost", "Cost of activations", kOptimization, "time of sigmoid, tanh and ReLU, alone and in a layer, by width",
       5, 0, 2, 0, measure_costs},
  };
  return all;
}

}  // namespace tools
