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
      {"depth", kUnstable, "validation accuracy with 1 to 4 hidden layers, beside published ones", 3, 30, 1, 1,
       measure_depth},
      {"deeper", kUnstable, "tasks for which depth beats width at equal numbers of parameters", 9, 200, 3, 60,
       measure_deeper},
      {"norms", kUnstable, "speed of learning by layer at the start, 1 to 100 hidden layers, beside published draws",
       100, 0, 5, 0, measure_norms},
      {"training", kUnstable, "speed of learning by layer during 500 steps, beside published curves", 8, 0, 1, 0,
       measure_training},
      {"opposite", kUnstable, "exploding gradients: early layers learn while late ones are stuck", 5, 30, 2, 10,
       measure_opposite},
      {"curves", kUnstable, "activations and their slopes: sigmoid, tanh, ReLU and relatives", 1, 0, 1, 0, show_curves},
      {"chain", kUnstable, "one neuron per layer: the gradient as a product of weights and slopes", 500, 0, 50, 0,
       measure_chains},
      {"explode", kUnstable, "where products of weights and slopes grow: a chain, a formula, a sweep of weight scales",
       5, 0, 1, 0, measure_explosions},
      {"cure", kUnstable, "accuracy with 1 to 100 hidden layers, by activation, initializer, optimizer and more", 2, 3,
       1, 1, measure_cures},
      {"factors", kBounds, "slopes, norms, gradients, estimates and bounds by layer, for sigmoid and tanh", 20, 0, 3, 0,
       measure_factors},
      {"bound", kBounds, "gradients of single images against products of spectral norms and slopes", 5, 0, 1, 0,
       measure_bounds},
      {"variance", kSignals, "sizes of activations and gradients by layer, initializer and activation", 5, 0, 1, 0,
       measure_variances},
      {"saturation", kSignals, "size of z, saturated activations and means by layer and width", 5, 0, 1, 0,
       measure_saturation},
      {"updates", kSignals, "how far training moves the weights of each layer", 3, 3, 1, 1, measure_updates},
      {"decisions", kOptimization, "a network of two outputs decides; quadratic loss and cross-entropy", 5, 10, 2, 2,
       measure_decisions},
      {"entropy", kOptimization, "entropy of sources, cross-entropy of predictions, worked", 1, 0, 1, 0,
       show_entropies},
      {"batches", kOptimization, "online, mini-batch and full batch learning by epoch and by time", 3, 5, 1, 2,
       measure_batches},
      {"surface", kOptimization, "loss around a trained network, between networks, and on a plateau", 10, 30, 3, 20,
       measure_surface},
      {"valley", kOptimization, "paths of the optimizers in a narrow valley, by learning rate and method", 1, 0, 1, 0,
       walk_valleys},
      {"rates", kOptimization, "learning rates low, good, high and very high, and optimizers, on MNIST", 3, 5, 1, 2,
       measure_rates},
      {"adagrad", kOptimization, "the effective learning rate of AdaGrad and RMSProp over time", 1, 5, 1, 2,
       measure_effective_rates},
      {"optimizers", kOptimization, "five sigmoid layers by optimizer; RMSProp's epsilon inside and outside the root",
       3, 5, 1, 3, measure_optimizers},
      {"penalties", kOptimization, "L2 and L1 with fewer observations than features", 5, 2000, 2, 1000,
       measure_penalties},
      {"overfitting", kOptimization, "validation loss turns while training loss falls; early stopping", 5, 60, 1, 20,
       measure_overfitting},
      {"bagging", kOptimization, "error against the number of members, 1 to 30, of one shape and of several", 1, 15, 1,
       3, measure_bagging},
      {"dropout", kOptimization, "rates too low and too high, rates of single layers, an ensemble in disguise", 3, 60,
       1, 5, measure_dropout},
  };
  return all;
}

}  // namespace tools
