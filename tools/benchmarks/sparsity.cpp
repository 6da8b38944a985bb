// SPDX-License-Identifier: MIT
#include "benchmarks/sparsity.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "benchmarks/workloads.hpp"
#include "common/timing.hpp"

namespace tools {
namespace {

OwningTrainer make_trainer(const Workload& workload, std::size_t samples, bool skip_zero_inputs) {
  mote::TrainingOptions options = workload.options;
  options.skip_zero_inputs = skip_zero_inputs;
  return OwningTrainer(workload.topology, options, workload.weight_init, samples);
}

/// Seconds of an epoch with each of two trainers. They alternate many times within the epoch, so that a change in the
/// machine's speed affects both equally.
std::array<double, 2> seconds_of_epoch(std::array<OwningTrainer*, 2> trainers, const Workload& workload,
                                       const mote::Dataset& data) {
  constexpr std::size_t kTurns = 50;
  for (OwningTrainer* trainer : trainers) {
    (*trainer)->initialize(workload.weight_init, mote::BiasInit::zero);
    require((*trainer)->begin_epoch(data));
  }
  std::array<double, 2> seconds = {};
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    const std::size_t done = mote::share_of(data.count, kTurns, turn).end;
    for (const std::size_t i : {turn % 2, (turn + 1) % 2}) {
      mote::Trainer& trainer = **trainers[i];
      seconds[i] += seconds_of([&] {
        while (trainer.samples_left() > data.count - done) require(trainer.train_batch());
      });
    }
  }
  return seconds;
}

/// Medians of the seconds with skipping on and off, and of their ratio in each round.
std::vector<double> race(const Workload& workload, const mote::Dataset& data, std::size_t rounds) {
  OwningTrainer on = make_trainer(workload, data.count, true), off = make_trainer(workload, data.count, false);
  std::vector<double> on_seconds, off_seconds, ratios;
  for (std::size_t round = 0; round <= rounds; ++round) {
    const std::array<double, 2> seconds = seconds_of_epoch({&on, &off}, workload, data);
    if (round == 0) continue;  // warm-up: first touch of the memory
    on_seconds.push_back(seconds[0]);
    off_seconds.push_back(seconds[1]);
    ratios.push_back(seconds[0] / seconds[1]);
  }
  return {summarize(on_seconds).median, summarize(off_seconds).median, summarize(ratios).median};
}

}  // namespace

Table measure_sparsity(const mote::Dataset& train, std::size_t repeats) {
  Table table{"sparsity",
              "Leaving out inputs that are 0 in a whole batch: seconds an epoch with it on and off",
              {{"on_s", 4}, {"off_s", 4}, {"on/off", 3}},
              {}};
  const auto* bytes = static_cast<const std::uint8_t*>(train.data);
  std::vector<std::uint8_t> pixels(bytes, bytes + train.count * train.features);
  std::replace(pixels.begin(), pixels.end(), std::uint8_t{0}, std::uint8_t{1});
  mote::Dataset dense = train;
  dense.data = pixels.data();
  for (const Workload& workload : training_workloads()) {
    constexpr std::size_t kManyParameters = 500000;
    const std::size_t rounds = workload.topology.parameter_count() < kManyParameters ? repeats : (repeats + 3) / 4;
    const std::string name(workload.name, 2);
    table.rows.push_back({name + " as it is", race(workload, train, rounds)});
    table.rows.push_back({name + " without zeros", race(workload, dense, rounds)});
  }
  return table;
}

}  // namespace tools
