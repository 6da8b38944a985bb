// SPDX-License-Identifier: MIT
// Adapts a network trained on MNIST, 784-256-10 with int8 weights in 205 KB of flash, to inverted digits: black on
// white. The last layer learns in RAM, as half floats. With MOTE_FLOATS, on the host: with float weights everywhere.
#include "device.hpp"
#include "images.hpp"
#include "model.hpp"
#include "mote/checksum.hpp"
#include "mote/fine_tuning.hpp"
#include "mote/instruction_set.hpp"
#include "report.hpp"

MOTE_FLASH_BYTES(images, MOTE_MNIST "/t10k-images-idx3-ubyte", 16, 1568000);
MOTE_FLASH_BYTES(labels, MOTE_MNIST "/t10k-labels-idx1-ubyte", 8, 2000);

namespace {

constexpr std::size_t kLearned = 1000;  // the others test it

#ifdef MOTE_FLOATS
constexpr bool kHalfWeights = false;
#else
constexpr bool kHalfWeights = true;
#endif
constexpr mote::FineTuningOptions kOptions =
    mote::FineTuningOptions().set_half_weights(kHalfWeights).set_optimizer({mote::Optimizer::sgd, 0.01f});

mote::Storage<mote::fine_tuning_bytes(model::kTopology, kOptions)> memory;
mote::FineTuning tuning;
#ifdef MOTE_MICROCONTROLLER
static_assert(sizeof memory + sizeof tuning <= 8 * 1024);
#endif

/// (255 - pixel) / 255.
mote::Inputs inverted(std::size_t i) {
  constexpr std::size_t kPixels = model::kTopology.inputs;
  return mote::Inputs(images + i * kPixels, 1, kPixels, -1.0f / 255.0f).set_offset(255.0f);
}

std::uint32_t correct() {
  std::uint32_t count = 0;
  for (std::size_t i = kLearned; i < sizeof labels; ++i) {
    count += mote::argmax(tuning.forward_pre_activations(inverted(i))) == labels[i];
  }
  return count;
}

/// Without padding, which is wider on the host: 10 biases, then half weights.
std::uint32_t checksum_of(mote::Bytes learned) {
  constexpr std::size_t kWeights = 256 * 10 * sizeof(mote::Half);
  const std::uint32_t crc = mote::crc32(learned.subspan(0, 10 * sizeof(float)));
  return mote::crc32(learned.subspan(learned.size() - kWeights, kWeights), crc);
}

}  // namespace

int image_main() {
  require(tuning.bind(model::kModel, kOptions, memory));
  report("correct_before", correct());
  std::uint32_t instructions = 0;
  for (std::size_t i = 0; i < kLearned; ++i) {
    const std::uint32_t start = device::clock();
    require(tuning.train(inverted(i), labels[i]));
    instructions += device::instructions_since(start) / 1000;
  }
  report("correct_after", correct());
  report("tested", sizeof labels - kLearned);
  report_bits("learned", checksum_of(tuning.learned()));
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  report("instructions_a_sample", instructions * (1000 / kLearned));
  report("memory_bytes", sizeof memory);
  report("state_bytes", sizeof tuning);
  report("stack_bytes", device::stack_used());
  return 0;
}
