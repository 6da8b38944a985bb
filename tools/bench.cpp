// SPDX-License-Identifier: MIT
// Measures mote itself: training, inference, single products, and how the cost grows with the size of the network.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "benchmarks/bench_options.hpp"
#include "benchmarks/elementwise.hpp"
#include "benchmarks/peak.hpp"
#include "benchmarks/sparsity.hpp"
#include "benchmarks/workloads.hpp"
#include "common/error.hpp"
#include "common/names.hpp"
#include "common/program.hpp"
#include "common/run_memory.hpp"
#include "common/table.hpp"
#include "common/timing.hpp"
#include "data/image_files.hpp"

namespace tools {
namespace {

constexpr double kGiga = 1e9;
constexpr double kMicro = 1e-6;
const Column kGflopsColumn{"GFLOP/s", 1};
const Column kShareColumn{"%_of_peak", 0};

/// Options, images and results of a run.
struct Bench {
  BenchOptions options;
  double peak = 0.0;  // of the processor, operations a second
  ImageSet images;
  std::vector<Table> tables;

  double share(double operations_per_second) const { return 100.0 * operations_per_second / peak; }
  void add(const Table& table) {
    tables.push_back(table);
    if (options.json) return;
    std::printf("%s", to_text(table).c_str());
    std::fflush(stdout);
  }
};

Row time_training(const Bench& bench, const Workload& workload, const mote::Dataset& train, const std::string& name) {
  OwningTrainer trainer(workload.topology, workload.options, workload.weight_init, train.count);
  std::vector<double> seconds;
  for (std::size_t epoch = 0; epoch <= bench.options.repeats; ++epoch) {
    seconds.push_back(seconds_of([&] { require(trainer->train_epoch(train)); }));
  }
  seconds.erase(seconds.begin());  // warm-up: first touch of the memory
  const Summary epoch = summarize(seconds);
  const double speed = training_operations(workload.topology) * static_cast<double>(train.count) / epoch.median;
  return {name, {epoch.median, epoch.min, epoch.max, speed / kGiga, bench.share(speed)}};
}

void measure_training(Bench& bench) {
  Table table{"training",
              "Training: seconds an epoch of " + std::to_string(bench.images.train.count) + " images",
              {{"median_s", 4}, {"min_s", 4}, {"max_s", 4}, kGflopsColumn, kShareColumn},
              {}};
  FloatArray floats;
  for (const Workload& workload : training_workloads()) {
    if (!bench.options.wants(workload.key)) continue;
    const mote::Dataset& train = bench.images.train;
    const mote::Dataset dense = without_zeros(train, floats);
    table.rows.push_back(time_training(bench, workload, train, workload.name));
    table.rows.push_back(
        time_training(bench, workload, dense, std::string(workload.name, 2) + " on floats without zeros"));
  }
  if (!table.rows.empty()) bench.add(table);
}

void measure_inference(Bench& bench) {
  const Workload& workload = inference_workload();
  Table table{"inference",
              "W4: inference with the network of W2",
              {{"us_per_image", 3}, {"images_per_s", 0}, kGflopsColumn, kShareColumn},
              {}};
  const mote::Dataset& test = bench.images.test;
  if (test.features != workload.topology.inputs) {
    require({mote::Status::input_size_mismatch, test.features, workload.topology.inputs});
  }
  const FloatArray images = to_floats(test);
  OwningTrainer trainer(workload.topology, workload.options, workload.weight_init, test.count);
  for (const std::size_t batch : kInferenceBatches) {
    const OwningNetwork network(workload.topology, trainer->parameters(), batch);
    const Summary pass = time_per_call([&] { network.run(images.data(), test.count); });
    const double seconds = pass.median / static_cast<double>(test.count);
    const double speed = inference_operations(workload.topology) / seconds;
    table.rows.push_back(
        {"batch " + std::to_string(batch), {seconds / kMicro, 1.0 / seconds, speed / kGiga, bench.share(speed)}});
  }
  bench.add(table);
}

void measure_kernels(Bench& bench) {
  Table table{"kernels", "Matrix products, batch x inputs x outputs: GFLOP/s, and % of the peak", {}, {}};
  for (const char* name : kProductNames) {
    table.columns.insert(table.columns.end(), {{name, 1}, {std::string(name) + "_%", 0}});
  }
  for (const Shape& shape : kernel_shapes()) {
    ProductBench products(shape);
    Row row{to_string(shape), {}};
    for (const Product product : kProducts) {
      const double speed = shape.operations() / time_per_call([&] { products.run(product); }).median;
      row.values.insert(row.values.end(), {speed / kGiga, bench.share(speed)});
    }
    table.rows.push_back(row);
  }
  bench.add(table);
}

/// Batch 1 does two operations per weight that it reads: its limit is the bandwidth of reading.
void measure_reading(Bench& bench) {
  Table table{"reading",
              "Forward with batch 1, inputs x outputs: GB/s of weights, GB/s of plain reading, and their ratio",
              {{"KB", 0}, {"forward", 1}, {"reading", 1}, {"%", 0}},
              {}};
  constexpr Shape kShapes[] = {{1, 64, 128},   {1, 128, 64},    {1, 784, 128},  {1, 512, 512},
                               {1, 784, 1024}, {1, 2048, 2048}, {1, 4096, 8192}};
  for (const Shape& shape : kShapes) {
    ProductBench products(shape);
    const std::size_t floats = shape.inputs * products.output_stride;
    const double bytes = static_cast<double>(floats * sizeof(float));
    std::vector<double> shares;
    double forward = 0.0, reading = 0.0;
    for (std::size_t i = 0; i < kSamples; ++i) {  // alternately, because the speed of the machine may change
      forward = bytes / time_per_call([&] { products.run(Product::forward); }, 1).median;
      reading = measure_read_bandwidth(mote::selected(), products.weights.data(), floats);
      shares.push_back(forward / reading);
    }
    const std::string name = std::to_string(shape.inputs) + "x" + std::to_string(shape.outputs);
    table.rows.push_back({name, {bytes / 1024, forward / kGiga, reading / kGiga, 100.0 * summarize(shares).median}});
  }
  bench.add(table);
}

/// Seconds of a training step of 784-width-10, from bytes to new parameters, per image.
double seconds_per_image(const mote::Dataset& train, std::uint32_t width, std::size_t batch) {
  const mote::Topology topology{static_cast<std::uint32_t>(train.features),
                                {width, mote::Activation::relu},
                                {static_cast<std::uint32_t>(train.classes), mote::Activation::softmax}};
  mote::TrainingOptions options;
  options.batch_size = batch;
  options.shuffle = false;
  options.optimizer.learning_rate = 0.01f;
  OwningTrainer trainer(topology, options, mote::WeightInit::he_normal, train.count);
  const Summary step = time_per_call([&] {
    if (trainer->samples_left() < batch) require(trainer->begin_epoch(train));
    require(trainer->train_batch());
  });
  return step.median / static_cast<double>(batch);
}

void measure_growth(Bench& bench) {
  Table table{"growth", "Cost growth: microseconds an image of a training step of 784-width-10, by batch size", {}, {}};
  constexpr std::size_t kBatches[] = {1, 4, 16, 64, 256, 1024};
  for (const std::size_t batch : kBatches) table.columns.push_back({"batch_" + std::to_string(batch), 2});
  for (std::uint32_t width = 32; width <= 2048; width *= 2) {
    Row row{"width " + std::to_string(width), {}};
    for (const std::size_t batch : kBatches) {
      row.values.push_back(seconds_per_image(bench.images.train, width, batch) / kMicro);
    }
    table.rows.push_back(row);
  }
  bench.add(table);
}

void run(const BenchOptions& options) {
  Bench bench;
  bench.options = options;
  if (options.instruction_set) require(mote::select(*options.instruction_set));
  bench.images = load_image_set(options.data, data_memory());
  bench.peak = measure_peak(mote::selected());
  bench.add({"machine",
             "Instruction set " + std::string(name_of(kInstructionSets, mote::selected())) +
                 ": peak of multiply-adds in registers, one core",
             {kGflopsColumn},
             {{std::string(name_of(kInstructionSets, mote::selected())), {bench.peak / kGiga}}}});
  measure_training(bench);
  if (options.wants("w4")) measure_inference(bench);
  if (options.wants("kernels")) measure_kernels(bench);
  if (options.wants("reading")) measure_reading(bench);
  if (options.wants("growth")) measure_growth(bench);
  if (options.wants("elementwise")) bench.add(measure_elementwise());
  if (options.wants("sparsity")) bench.add(measure_sparsity(bench.images.train, options.repeats));
  if (options.json) std::printf("%s", to_json(bench.tables).c_str());
}

const BenchProgram kProgram{"Usage: bench [options]\nMeasures the speed of mote on one core.\n",
                            "--epochs",
                            5,
                            {"w1", "w2", "w3", "w4", "kernels", "reading", "growth", "elementwise", "sparsity"}};

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  const auto help = [] { return tools::help_text(tools::kProgram); };
  return tools::run_program("bench", count, arguments, help, [&] {
    tools::run(tools::parse_bench_options(tools::kProgram, count, arguments));
    return 0;
  });
}
