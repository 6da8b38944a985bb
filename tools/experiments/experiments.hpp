// SPDX-License-Identifier: MIT
// The experiments of tools/lesson, by the text that they belong to. Each adds its results to the laboratory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/laboratory.hpp"

namespace tools {

/// The texts that the lesson follows, in its order.
enum class Text : std::uint8_t { unstable_gradients, bounds, signals, optimization };
const char* title_of(Text text);

struct Experiment {
  std::string name;
  std::string title;  ///< heading on the page
  Text text;
  std::string summary;  ///< for --list, without a full stop
  std::size_t seeds;    ///< default of --seeds
  std::size_t epochs;   ///< default of --epochs; 0: the experiment does not train for epochs
  std::size_t quick_seeds;
  std::size_t quick_epochs;
  void (*run)(Laboratory& laboratory);
};

/// In the order of the texts.
const std::vector<Experiment>& experiments();

// curves.cpp
void show_curves(Laboratory& laboratory);
// learning_speeds.cpp
void measure_norms(Laboratory& laboratory);
void measure_training(Laboratory& laboratory);
// chains.cpp
void measure_chains(Laboratory& laboratory);
// depths.cpp
void measure_depth(Laboratory& laboratory);
void measure_cures(Laboratory& laboratory);
// signal_sizes.cpp
void measure_variances(Laboratory& laboratory);
void measure_explosions(Laboratory& laboratory);
// bound_checks.cpp
void measure_bounds(Laboratory& laboratory);
void measure_factors(Laboratory& laboratory);
// signals.cpp
void measure_saturation(Laboratory& laboratory);
void measure_updates(Laboratory& laboratory);
// saddles.cpp
void walk_past_saddles(Laboratory& laboratory);
// costs.cpp
void measure_costs(Laboratory& laboratory);
// valleys.cpp
void walk_valleys(Laboratory& laboratory);
// rates.cpp
void measure_rates(Laboratory& laboratory);
void measure_batches(Laboratory& laboratory);
void measure_optimizers(Laboratory& laboratory);
void measure_effective_rates(Laboratory& laboratory);
// decisions.cpp
void measure_decisions(Laboratory& laboratory);
// surfaces.cpp
void measure_surface(Laboratory& laboratory);
// generalization.cpp
void measure_penalties(Laboratory& laboratory);
void measure_overfitting(Laboratory& laboratory);
// ensembles.cpp
void measure_bagging(Laboratory& laboratory);
void measure_dropout(Laboratory& laboratory);
// depth_tasks.cpp
void measure_deeper(Laboratory& laboratory);
void measure_opposite(Laboratory& laboratory);
// entropies.cpp
void show_entropies(Laboratory& laboratory);

}  // namespace tools
