// SPDX-License-Identifier: MIT
// Gradients of single images compared with their bounds.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/names.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

constexpr std::size_t kImages = 200;           // checked one by one
constexpr std::size_t kTrainingImages = 5000;  // one epoch, for the trained networks
constexpr float kRounding = 1e-5f;             // relative excess over the bound that rounding may cause

/// Counts and ratios for one kind of network.
struct Tally {
  std::size_t checks = 0, above_bound = 0, above_sample_bound = 0, above_weight_bound = 0;
  std::vector<double> looseness, sample_looseness;  // bound / gradient of the first layer, for gradients other than 0

  /// Adds one image. diagnostics: of that image, with its weight gradients.
  void add(const std::vector<mote::LayerBound>& bounds, const std::vector<mote::LayerDiagnostics>& diagnostics) {
    for (std::size_t l = 0; l < bounds.size(); ++l) {
      const mote::LayerBound& layer = bounds[l];
      ++checks;
      const float limit = 1.0f + kRounding;
      above_bound += layer.bias_gradient > layer.bound * limit ? 1 : 0;
      above_sample_bound += layer.bias_gradient > layer.sample_bound * limit ? 1 : 0;
      above_weight_bound += diagnostics[l].weight_gradient > layer.bound * layer.input_norm * limit ? 1 : 0;
    }
    const mote::LayerBound& first = bounds.front();
    if (first.bias_gradient == 0.0f) return;
    looseness.push_back(static_cast<double>(first.bound / first.bias_gradient));
    sample_looseness.push_back(static_cast<double>(first.sample_bound / first.bias_gradient));
  }
};

void check_images(Subject& subject, const mote::Dataset& images, Tally& tally) {
  const mote::Topology& topology = subject.trainer.topology();
  const mote::Span<const float> parameters = subject.trainer.parameters();
  const std::size_t layers = topology.layer_count;
  std::vector<float> norms(layers);
  std::vector<mote::LayerBound> bounds(layers);
  require(mote::spectral_norms(topology, parameters, subject.scratch(), {norms.data(), layers}));
  for (std::size_t image = 0; image < images.count; ++image) {
    require(mote::gradient_bounds(topology, parameters, mote::Loss::quadratic, images, image, {norms.data(), layers},
                                  subject.scratch(), {bounds.data(), layers}));
    tally.add(bounds, subject.diagnose(images.subset(image, 1)));
  }
}

Row row_of(const std::string& name, const Tally& tally) {
  return {name,
          {static_cast<double>(tally.checks), static_cast<double>(tally.above_bound),
           static_cast<double>(tally.above_sample_bound), static_cast<double>(tally.above_weight_bound),
           quantile(tally.looseness, 0.0), median(tally.looseness), quantile(tally.sample_looseness, 0.0),
           median(tally.sample_looseness)}};
}

}  // namespace

void measure_bounds(Laboratory& laboratory) {
  const mote::Dataset images = laboratory.first_images(kImages), train = laboratory.first_images(kTrainingImages);
  for (const mote::Activation activation :
       {mote::Activation::sigmoid, mote::Activation::tanh, mote::Activation::relu}) {
    const std::string name(name_of(kActivations, activation));
    Table table{"bound_" + name,
                name + ": gradients above their bounds, and bound / gradient of the first layer",
                {{"checks", 0},
                 {"above", 0},
                 {"above_own", 0},
                 {"above_dW", 0},
                 {"least", 3, true},
                 {"median", 3, true},
                 {"least_own", 3, true},
                 {"median_own", 3, true}},
                {}};
    for (const std::size_t hidden : {1u, 2u, 3u, 4u, 6u, 10u}) {
      Tally fresh, trained;
      for (std::size_t i = 0; i < laboratory.seeds; ++i) {
        laboratory.progress(name + ", " + std::to_string(hidden) + " hidden layers");
        const mote::Topology topology = deep_network(images, hidden, 30, activation, activation);
        mote::TrainingOptions options;
        options.loss = mote::Loss::quadratic;
        options.optimizer = {mote::Optimizer::sgd, 0.01f};
        options.seed = laboratory.seed + i;
        options.batch_size = 10;
        Subject subject(laboratory, topology, options, train.count, kPublishedStart);
        check_images(subject, images, fresh);
        require(subject.trainer.train_epoch(train));
        check_images(subject, images, trained);
      }
      const std::string depth = std::to_string(hidden) + " hidden";
      table.rows.push_back(row_of(depth + ", start", fresh));
      table.rows.push_back(row_of(depth + ", trained", trained));
    }
    laboratory.add(table);
  }
  laboratory.note(
      "\nabove: gradients above the bound with gamma; own: above the bound with the image's own largest slopes;\n"
      "dW: ||dC/dW|| above the bound times ||a||. Widths 30, quadratic loss; trained: one epoch of 5000 images,\n"
      "learning rate 0.01. Rounding may lift a gradient by 1e-5 of its bound.");
}

}  // namespace tools
