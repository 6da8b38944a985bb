// SPDX-License-Identifier: MIT
// mote against the matrix products of OpenBLAS, oneDNN and Eigen: the same trainings, the same inference, the same
// products, side by side. The peers do each in the fastest way that could be found for them.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/bench_options.hpp"
#include "benchmarks/peak.hpp"
#include "benchmarks/workloads.hpp"
#include "closeness.hpp"
#include "common/error.hpp"
#include "common/names.hpp"
#include "common/run_memory.hpp"
#include "common/table.hpp"
#include "data/image_files.hpp"
#include "environment.hpp"
#include "peer_network.hpp"
#include "peers.hpp"
#include "product_race.hpp"
#include "race.hpp"

namespace peers {
namespace {

using tools::Error;
using tools::Table;
using tools::Workload;

constexpr double kMicro = 1e-6;
// Trainings from the same start differ only in the rounding of sums, so their mean losses can hardly differ.
constexpr double kLossTolerance = 0.02;
constexpr float kOutputTolerance = 1e-3f;

struct Bench {
  tools::BenchOptions options;
  std::vector<Library> libraries;
  tools::ImageSet images;
  std::vector<Table> tables;

  std::vector<std::string> names() const {
    std::vector<std::string> all = {"mote"};
    for (const Library& library : libraries) all.push_back(library.name);
    return all;
  }
  void add(const Table& table) {
    tables.push_back(table);
    if (options.json) return;
    std::printf("%s", to_text(table).c_str());
    std::fflush(stdout);
  }
};

/// One epoch a round, each from the same parameters and on the same order of the images.
class PeerTraining {
 public:
  PeerTraining(const Library& library, const Workload& workload, std::size_t samples)
      : network_(library, workload, workload.options.batch_size, true),
        random_(workload.options.seed, mote::Stream::shuffle),
        order_(samples) {}

  void prepare(const float* parameters) { network_.set_parameters(parameters); }
  void run(const mote::Dataset& train) {
    mote::shuffle({order_.data(), order_.size()}, random_);
    loss = network_.train(train, order_.data());
  }

  const std::string& description() const { return network_.description(); }

  double loss = 0.0;

 private:
  PeerNetwork network_;
  mote::Random random_;
  std::vector<std::uint32_t> order_;
};

void show_methods(const std::string& work, const Library& library, const std::string& description) {
  std::fprintf(stderr, "%s, %s: weights %s\n", work.c_str(), library.name.c_str(), description.c_str());
}

void race_training(Bench& bench, const Workload& workload, const mote::Dataset& train, const std::string& name,
                   Table& table) {
  tools::OwningTrainer trainer(workload.topology, workload.options, workload.weight_init, train.count);
  const std::vector<float> start(trainer->parameters().begin(), trainer->parameters().end());
  std::vector<Contender> contenders = {{"mote",
                                        [&] { trainer->initialize(workload.weight_init, mote::BiasInit::zero); },
                                        [&] { tools::require(trainer->train_epoch(train)); }, 1}};
  std::vector<std::unique_ptr<PeerTraining>> peers;
  for (const Library& library : bench.libraries) {
    peers.push_back(std::make_unique<PeerTraining>(library, workload, train.count));
    PeerTraining* peer = peers.back().get();
    show_methods(workload.key, library, peer->description());
    contenders.push_back(
        {library.name, [peer, &start] { peer->prepare(start.data()); }, [peer, &train] { peer->run(train); }, 1});
  }
  race(contenders, 1);  // first touch of all memory
  const RaceResult result = race(contenders, bench.options.repeats);
  table.rows.push_back({name, time_values(result, 1.0)});
  const auto loss = static_cast<double>(trainer->epoch_totals().mean_loss());
  for (std::size_t i = 0; i < peers.size(); ++i) {
    require_close(peers[i]->loss, loss, kLossTolerance * loss, bench.libraries[i].name + ": training loss");
  }
}

void race_trainings(Bench& bench) {
  Table table{"training",
              "Training: seconds an epoch, including order and gathering; ratios of time, below 1 mote is faster",
              time_columns(bench.names(), "s", 4),
              {}};
  tools::FloatArray floats;
  const mote::Dataset dense = tools::without_zeros(bench.images.train, floats);
  for (const Workload& workload : tools::training_workloads()) {
    if (!bench.options.wants(workload.key)) continue;
    race_training(bench, workload, bench.images.train, workload.name, table);
    race_training(bench, workload, dense, std::string(workload.name, 2) + " on floats without zeros", table);
  }
  if (!table.rows.empty()) bench.add(table);
}

void race_inference(Bench& bench) {
  const Workload& workload = tools::inference_workload();
  Table table{"inference",
              "W4: inference with the network of W2, microseconds an image; ratios of time, below 1 mote is faster",
              time_columns(bench.names(), "us", 3),
              {}};
  const mote::Dataset& test = bench.images.test;
  const tools::FloatArray images = tools::to_floats(test);
  tools::OwningTrainer trainer(workload.topology, workload.options, workload.weight_init, test.count);
  for (const std::size_t batch : tools::kInferenceBatches) {
    const tools::OwningNetwork network(workload.topology, trainer->parameters(), batch);
    std::vector<Contender> contenders = {{"mote", {}, [&] { network.run(images.data(), test.count); }}};
    const mote::MatrixView expected = network.run(images.data(), test.count);
    std::vector<std::unique_ptr<PeerNetwork>> peers;
    for (const Library& library : bench.libraries) {
      peers.push_back(std::make_unique<PeerNetwork>(library, workload, batch, false));
      PeerNetwork* peer = peers.back().get();
      show_methods("w4, batch " + std::to_string(batch), library, peer->description());
      peer->set_parameters(trainer->parameters().data());
      contenders.push_back({library.name, {}, [peer, &images, &test] { peer->infer(images.data(), test.count); }});
      const mote::MatrixView outputs = peer->infer(images.data(), test.count);
      for (std::size_t j = 0; j < outputs.columns; ++j) {
        require_close(static_cast<double>(outputs.row(0)[j]), static_cast<double>(expected.row(0)[j]),
                      static_cast<double>(kOutputTolerance), library.name + ": output " + std::to_string(j));
      }
    }
    const RaceResult result = race(contenders, bench.options.repeats);
    table.rows.push_back(
        {"batch " + std::to_string(batch), time_values(result, kMicro * static_cast<double>(test.count))});
  }
  bench.add(table);
}

/// Says on standard error, so that --json stays clean, who takes part and who does not.
std::vector<Library> find_libraries() {
  std::vector<Library> found;
  std::string missing;
  for (const Library& library : all_libraries()) {
    if (library.is_built_in()) {
      std::fprintf(stderr, "%-9s %s\n", library.name.c_str(), library.version.c_str());
      found.push_back(library);
    } else {
      std::fprintf(stderr, "%-9s MISSING, left out: apt-get install %s, then make bench-peers again\n",
                   library.name.c_str(), library.package.c_str());
      missing += " " + library.package;
    }
  }
  if (found.empty()) throw Error("nothing to compare with; apt-get install" + missing);
  return found;
}

void run(const tools::BenchOptions& options) {
  if (options.instruction_set) tools::require(mote::select(*options.instruction_set));
  const std::string set(name_of(tools::kInstructionSets, mote::selected()));
  std::fprintf(stderr, "%-9s instruction set %s\n", "mote", set.c_str());
  Bench bench{options, find_libraries(), tools::load_image_set(options.data, tools::data_memory()), {}};
  if (!is_pinned())
    std::fprintf(stderr, "Not pinned to one processor: run it under taskset -c 0 for steadier figures.\n");
  race_trainings(bench);
  if (options.wants("w4")) race_inference(bench);
  if (options.wants("kernels")) {
    bench.add(race_products(bench.libraries, options.repeats, tools::measure_peak(mote::selected())));
  }
  if (options.json) std::printf("%s", to_json(bench.tables).c_str());
}

const tools::BenchProgram kProgram{
    "Usage: bench_peers [options]\nCompares mote with OpenBLAS, oneDNN and Eigen on one core.\n",
    "--rounds",
    7,
    {"w1", "w2", "w3", "w4", "kernels"}};

}  // namespace
}  // namespace peers

int main(int count, char** arguments) {
  try {
    const tools::BenchOptions options = tools::parse_bench_options(peers::kProgram, count, arguments);
    if (options.help) {
      std::printf("%s", tools::help_text(peers::kProgram).c_str());
      return 0;
    }
    peers::require_fair_environment(arguments);
    peers::run(options);
    return 0;
  } catch (const tools::Error& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "bench_peers: %s\n", error.what());
    return error.status;
  }
}
