// SPDX-License-Identifier: MIT
// A trained network learns on the board to call 0 nine, 1 eight, and so on: its first layer stays in flash, its last
// layer learns in RAM.
#include "device.hpp"
#include "images.hpp"
#include "model.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/static_fine_tuning.hpp"
#include "report.hpp"

MOTE_FLASH_BYTES(images, MOTE_MNIST "/t10k-images-idx3-ubyte", 16, 78400);
MOTE_FLASH_BYTES(labels, MOTE_MNIST "/t10k-labels-idx1-ubyte", 8, 100);

namespace {

constexpr std::size_t kLearned = 60;  // the others test it
constexpr float kScale = 1.0f / 255.0f;

constexpr mote::FineTuningOptions make_options() {
  mote::FineTuningOptions options;
  options.optimizer = {mote::Optimizer::momentum, 0.05f, 0.9f};
  options.batch_size = 4;
  return options;
}
constexpr mote::FineTuningOptions kOptions = make_options();

#ifdef MOTE_INTEGERS
mote::StaticIntegerFineTuning<model::kTopology, model::kModel, kOptions> tuning;
constexpr std::size_t kMemory = mote::integer_fine_tuning_bytes(model::kTopology, kOptions);

mote::Inputs sample(std::size_t i) {
  return mote::Inputs(images + i * model::kTopology.inputs, 1, model::kTopology.inputs, kScale);
}
mote::Result train(std::size_t i, std::uint8_t label) {
  return tuning.train(sample(i), label);
}
mote::Span<const float> forward(std::size_t i) {
  return tuning.forward_pre_activations(sample(i));
}
#else
mote::StaticFineTuning<model::kModel, kOptions> tuning;
constexpr std::size_t kMemory = mote::fine_tuning_bytes(model::kTopology, kOptions);

mote::Result train(std::size_t i, std::uint8_t label) {
  return tuning.train(images + i * model::kTopology.inputs, kScale, label);
}
mote::Span<const float> forward(std::size_t i) {
  return tuning.forward_pre_activations(images + i * model::kTopology.inputs, kScale);
}
#endif
#ifdef MOTE_MICROCONTROLLER
static_assert(sizeof tuning <= 6 * 1024);
#endif

std::uint8_t new_name(std::size_t i) {
  return static_cast<std::uint8_t>(9 - labels[i]);
}

std::uint32_t correct() {
  std::uint32_t count = 0;
  for (std::size_t i = kLearned; i < sizeof labels; ++i) {
    count += mote::argmax(forward(i)) == new_name(i);
  }
  return count;
}

}  // namespace

int image_main() {
  report("correct_before", correct());
  std::uint32_t instructions = 0;
  constexpr int kEpochs = 10;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (std::size_t i = 0; i < kLearned; ++i) {
      const std::uint32_t start = device::clock();
      require(train(i, new_name(i)));
      instructions += device::instructions_since(start);
    }
  }
  report("correct_after", correct());
  report("tested", sizeof labels - kLearned);
  report_bits("fingerprint", mote::fingerprint(tuning.topology(), tuning.parameters()));
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  report("instructions_a_sample", instructions / (kEpochs * kLearned));
  report("memory_bytes", kMemory);
  report("state_bytes", sizeof tuning - kMemory);
  report("stack_bytes", device::stack_used());
  return 0;
}
