// SPDX-License-Identifier: MIT
// Learns sin(x) on [-pi, pi] from floats that may be negative, with the lines of the README, and looks up the worst
// answer.
#include "device.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/trainer.hpp"
#include "report.hpp"

constexpr mote::Topology topology{1, {16, mote::Activation::tanh}, {1}};
constexpr mote::TrainingOptions options{mote::Loss::quadratic, {mote::Optimizer::nadam, 0.01f}, 0.0f, 4};
static mote::Storage<mote::training_bytes(topology, options, 64)> memory;

static bool learn(mote::Trainer& trainer, const float* x, const float* y) {  // 64 numbers x, y = sin(x)
  if (!trainer.bind(topology, options, 64, memory).ok()) return false;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::gaussian);
  for (int epoch = 0; epoch < 400; ++epoch)
    if (!trainer.train_epoch({mote::Inputs{x, 64, 1}, mote::MatrixView{y, 64, 1, 1}}).ok()) return false;
  return true;
}

namespace {

constexpr std::size_t kPoints = 64;
struct Table {
  float x[kPoints], y[kPoints];
};

/// Computed by the compiler, so that every machine learns equal numbers.
constexpr Table make_table() {
  Table table{};
  for (std::size_t i = 0; i < kPoints; ++i) {
    table.x[i] = static_cast<float>(3.141592653589793 * (2.0 * static_cast<double>(i) / (kPoints - 1) - 1.0));
    const double x = static_cast<double>(table.x[i]);
    double sum = 0.0, term = x;
    for (int n = 1; n < 30; n += 2) {  // Taylor's series
      sum += term;
      term *= -x * x / ((n + 1) * (n + 2));
    }
    table.y[i] = static_cast<float>(sum);
  }
  return table;
}
constexpr Table kTable = make_table();

mote::Trainer trainer;
mote::Storage<mote::inference_bytes(topology, kPoints)> scratch;
#ifdef MOTE_MICROCONTROLLER
static_assert(sizeof memory + sizeof trainer + sizeof scratch <= 14 * 1024);
#endif

}  // namespace

int image_main() {
  const std::uint32_t start = device::clock();
  if (!learn(trainer, kTable.x, kTable.y)) device::exit(1);
  const std::uint32_t instructions = device::instructions_since(start);
  mote::Network network;
  require(network.bind(topology, trainer.parameters(), kPoints, scratch));
  const mote::MatrixView answers = network.forward(kTable.x, kPoints);
  float worst = 0.0f;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const float error = answers.row(i)[0] - kTable.y[i], size = error < 0.0f ? -error : error;
    if (worst < size) worst = size;
  }
  report("largest_error_e6", static_cast<std::uint32_t>(worst * 1e6f));
  report_bits("fingerprint", mote::fingerprint(topology, trainer.parameters()));
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  report("instructions_an_epoch", instructions / 400);
  report("memory_bytes", sizeof memory + sizeof scratch);
  report("state_bytes", sizeof trainer);
  report("stack_bytes", device::stack_used());
  return 0;
}
