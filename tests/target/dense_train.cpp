// SPDX-License-Identifier: MIT
// Training without zeros to leave out: 40 random samples, seen twice. Counts instructions a sample.
#include "dense.hpp"
#include "device.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/static_trainer.hpp"
#include "report.hpp"

namespace {

using mote::Activation;
using mote::Loss;
using mote::Optimizer;
using Options = mote::TrainingOptions;

constexpr std::size_t kSamples = 40, kMostInputs = 784, kClasses = 10;
std::uint8_t bytes[kSamples * kMostInputs], labels[kSamples];

constexpr mote::Topology kDigits{784, {30, Activation::sigmoid}, {10, Activation::sigmoid}};
constexpr mote::Topology kSmall{196, {8, Activation::relu}, {10, Activation::softmax}};
constexpr Options kDigits1{Loss::quadratic, {Optimizer::sgd, 0.1f}, 0.0f, 1};
constexpr Options kDigits4{Loss::quadratic, {Optimizer::sgd, 0.1f}, 0.0f, 4};
constexpr Options kDigitsAdam{Loss::quadratic, {Optimizer::adam, 0.001f}, 0.0f, 1};
constexpr Options kSmall1{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.0f, 1};
constexpr Options kSmall4{Loss::cross_entropy, {Optimizer::sgd, 0.1f}, 0.0f, 4};

template <const mote::Topology& kTopology, const Options& kOptions>
void measure(const char* name) {
  static mote::StaticTrainer<kTopology, kOptions, kSamples> trainer;
  trainer.initialize(mote::WeightInit::glorot_uniform, mote::BiasInit::zero);
  const mote::Dataset dataset{bytes, labels, kSamples, kTopology.inputs, kClasses};
  std::uint32_t instructions = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    require(trainer.begin_epoch(dataset));
    while (trainer.samples_left() != 0) {
      const std::uint32_t start = device::clock();
      require(trainer.train_batch());
      instructions += device::instructions_since(start) / static_cast<std::uint32_t>(2 * kSamples);
    }
  }
  report(name, instructions);
  report_bits("fingerprint", mote::fingerprint(kTopology, trainer.parameters()));
}

}  // namespace

int image_main() {
  dense::Numbers numbers;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(1u + numbers.bits() % 255u);
  for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(numbers.bits() % kClasses);
  measure<kDigits, kDigits1>("instructions_of_784_1");
  measure<kDigits, kDigits4>("instructions_of_784_4");
  measure<kDigits, kDigitsAdam>("instructions_of_784_adam");
  measure<kSmall, kSmall1>("instructions_of_196_1");
  measure<kSmall, kSmall4>("instructions_of_196_4");
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  return 0;
}
