// SPDX-License-Identifier: MIT
// Measures time and memory to save and load the largest network that fits the tools' memory: file_costs FOLDER.
#include <cstdio>
#include <fstream>
#include <string>

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/input_file.hpp"
#include "common/program.hpp"
#include "common/table.hpp"
#include "common/timing.hpp"
#include "mote/mote.hpp"
#include "run/model_files.hpp"

namespace {

constexpr std::size_t kSamples = 60000, kRounds = 3;

mote::Storage<std::size_t{MOTE_MEMORY_MB} << 20> memory;

mote::Topology topology_with(std::uint32_t hidden) {
  return {784, {hidden, mote::Activation::relu}, {hidden, mote::Activation::relu}, {10, mote::Activation::softmax}};
}

/// Largest number of units in each of two hidden layers that fits the memory.
std::uint32_t largest_hidden(const mote::TrainingOptions& options) {
  std::uint32_t low = 1, high = 65536;
  while (high - low > 1) {
    const std::uint32_t middle = (low + high) / 2;
    (mote::training_bytes(topology_with(middle), options, kSamples) <= memory.size() ? low : high) = middle;
  }
  return low;
}

/// A line of /proc/self/status, in KiB.
double status_of(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1));
  }
  throw tools::Error("/proc/self/status has no " + name + "; this is for Linux", tools::kExitFailed);
}

/// Runs an action several times; returns the best time, and the rise of the peak of resident memory.
tools::Row measured(const std::string& name, double bytes, const tools::Work& work) {
  std::ofstream("/proc/self/clear_refs") << 5;  // resets the peak
  const double before = status_of("VmHWM");
  double best = tools::seconds_of(work);
  for (std::size_t round = 1; round < kRounds; ++round) best = std::min(best, tools::seconds_of(work));
  return {name, {bytes / 1e6, best, bytes / 1e6 / best, status_of("VmHWM") - before}};
}

int run(const std::string& folder) {
  mote::TrainingOptions options;
  options.batch_size = options.memory_rows = 64;
  options.optimizer.method = mote::Optimizer::adam;
  const std::uint32_t hidden = largest_hidden(options);
  mote::ModelDescription model;
  model.topology = topology_with(hidden);
  model.loss = mote::Loss::cross_entropy;
  mote::Trainer trainer;
  tools::require(trainer.bind(model.topology, options, kSamples, memory));
  trainer.initialize(mote::WeightInit::he_normal, mote::BiasInit::zero);
  const std::uint32_t before = mote::fingerprint(model.topology, trainer.parameters());

  // Blank images, in the number that bind() was given; their contents do not matter.
  static std::uint8_t pixels[kSamples * 784], labels[kSamples];
  const mote::Dataset dataset = {pixels, labels, kSamples, 784, 10, 1.0f / 255.0f};

  const std::string path = folder + "/costs.safetensors", checkpoint = folder + "/costs.ck";
  const double model_bytes = static_cast<double>(model.topology.parameter_count() * sizeof(float));
  const double checkpoint_bytes = static_cast<double>(mote::checkpoint_bytes(trainer, 0));
  tools::Table table;
  table.title = "784-" + std::to_string(hidden) + "-" + std::to_string(hidden) + "-10 with Adam, the largest in " +
                std::to_string(MOTE_MEMORY_MB) + " MiB; best of " + std::to_string(kRounds) + ", fsync included";
  table.columns = {{"MB", 0}, {"seconds", 2}, {"MB/s", 0}, {"memory_KiB", 0}};
  table.rows.push_back(measured("save a model", model_bytes, [&] {
    tools::AtomicFile file("model", path, tools::model_kind());
    save_model(file, model, trainer.parameters(), trainer.running_statistics());
  }));
  table.rows.push_back(measured("load a model", model_bytes, [&] {
    tools::ModelFile file(path);
    file.load(trainer.parameters(), trainer.running_statistics());
  }));
  table.rows.push_back(measured("write a checkpoint", checkpoint_bytes, [&] {
    tools::AtomicFile file("checkpoint", checkpoint, {"a checkpoint", mote::kCheckpointMagic});
    tools::require(write_checkpoint(trainer, {}, sink_of(file)));
    file.commit();
  }));
  table.rows.push_back(measured("read a checkpoint", checkpoint_bytes, [&] {
    tools::InputFile file(checkpoint, "a checkpoint");
    tools::require(read_checkpoint(file.source(), dataset, trainer));
  }));
  std::printf("%s", to_text(table).c_str());
  std::remove(path.c_str());
  std::remove(checkpoint.c_str());
  if (mote::fingerprint(model.topology, trainer.parameters()) != before) {
    throw tools::Error("what was loaded is not what was saved", tools::kExitFailed);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const auto help = [] { return std::string("Usage: file_costs [FOLDER]\n"); };
  return tools::run_program("file_costs", count, arguments, help, [&] { return run(count == 2 ? arguments[1] : "."); });
}
