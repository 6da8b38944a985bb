// SPDX-License-Identifier: MIT
// The README's firmware, and nothing that reports: as small as inference gets.
#include "device.hpp"
#include "model.hpp"

static mote::Storage<mote::compact_bytes(model::kTopology)> scratch;
static mote::CompactNetwork network;

int recognise(const unsigned char* pixels) {  // -1: flash is damaged
  if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) return -1;
  return static_cast<int>(mote::argmax(network.forward(pixels, 1.0f / 255.0f)));
}

int device_main() {
  return recognise(model::kGoldenInputs) == static_cast<int>(mote::argmax(model::kGoldenOutputs)) ? 0 : 1;
}
