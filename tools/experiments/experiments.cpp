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
      {"depth",
       kUnstable,
       "validation accuracy with 1 to 4 hidden layers, beside published ones",
       {3, 30},
       {1, 1},
       measure_depth},
      {"norms",
       kUnstable,
       "speed of learning by layer at the start, 1 to 100 hidden layers, beside published draws",
       {100},
       {5},
       measure_norms},
      {"training",
       kUnstable,
       "speed of learning by layer during 500 steps, beside published curves",
       {8},
       {1},
       measure_training},
      {"curves", kUnstable, "activations and their slopes: sigmoid, tanh, ReLU and relatives", {1}, {1}, show_curves},
      {"chain",
       kUnstable,
       "one neuron per layer: the gradient as a product of weights and slopes",
       {500},
       {50},
       measure_chains},
      {"explode",
       kUnstable,
       "where products of weights and slopes grow: a chain, a formula, a sweep of weight scales",
       {5},
       {1},
       measure_explosions},
      {"cure",
       kUnstable,
       "accuracy with 1 to 100 hidden layers, by activation, initializer, optimizer and more",
       {2, 3},
       {1, 1},
       measure_cures},
      {"factors",
       kBounds,
       "slopes, norms, gradients, estimates and bounds by layer, for sigmoid and tanh",
       {20},
       {3},
       measure_factors},
      {"bound",
       kBounds,
       "gradients of single images against products of spectral norms and slopes",
       {5},
       {1},
       measure_bounds},
      {"variance",
       kSignals,
       "sizes of activations and gradients by layer, initializer and activation",
       {5},
       {1},
       measure_variances},
      {"saturation",
       kSignals,
       "size of z, saturated activations and means by layer and width",
       {5},
       {1},
       measure_saturation},
      {"updates", kSignals, "how far training moves the weights of each layer", {3, 3}, {1, 1}, measure_updates},
      {"entropy", kOptimization, "entropy of sources, cross-entropy of predictions, worked", {1}, {1}, show_entropies},
  };
  return all;
}

}  // namespace tools
