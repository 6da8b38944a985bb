// SPDX-License-Identifier: MIT
// Recognizes images of MNIST with a trained network, both in flash.
#include "device.hpp"
#include "images.hpp"
#include "model.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/network.hpp"
#include "report.hpp"

MOTE_FLASH_BYTES(images, MOTE_MNIST "/t10k-images-idx3-ubyte", 16, 78400);
MOTE_FLASH_BYTES(labels, MOTE_MNIST "/t10k-labels-idx1-ubyte", 8, 100);

namespace {

mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
mote::FlashNetwork network;
static_assert(sizeof scratch + sizeof network <= 1024);

}  // namespace

int image_main() {
  require(network.bind(model::kModel, scratch));
  require(verify(network, model::kGolden));
  std::uint32_t instructions = 0;
  std::uint32_t correct = 0, crc = 0;
  for (std::size_t i = 0; i < sizeof labels; ++i) {
    const std::uint32_t start = device::clock();
    const mote::Span<const float> outputs = network.forward(images + i * model::kTopology.inputs, 1.0f / 255.0f);
    instructions += device::instructions_since(start);
    correct += mote::argmax(outputs) == labels[i] ? 1 : 0;
    crc = mote::crc32({reinterpret_cast<const unsigned char*>(outputs.data()), outputs.size() * sizeof(float)}, crc);
  }
  report("correct", correct);
  report("images", sizeof labels);
  report_bits("outputs", crc);
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  report("instructions_an_image", instructions / sizeof labels);
  report("memory_bytes", sizeof scratch);
  report("state_bytes", sizeof network);
  report("stack_bytes", device::stack_used());
  return 0;
}
