// SPDX-License-Identifier: MIT
// The firmware of the README without reports: the smallest inference.
#include "device.hpp"

#ifdef MOTE_INTEGERS
#include "model.hpp"

static mote::Storage<mote::integer_network_bytes(model::kModel.layers)> scratch;
static MOTE_INTEGERS network;

static bool start() {
  return network.bind(model::kModel, scratch).ok() && verify(network, model::kGolden).ok();
}

template <typename T>
static std::size_t recognize(const T* inputs) {  // int8: pixels less 128; int16: pixels
  return mote::argmax(network.forward(inputs));
}

#else
#include "model.hpp"

static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
static mote::FlashNetwork network;

static bool start() {  // once; false: flash is damaged
  return network.bind(model::kModel, scratch).ok() && verify(network, model::kGolden).ok();
}

static std::size_t recognize(const unsigned char* pixels) {
  return mote::argmax(network.forward(pixels, 1.0f / 255.0f));
}

#endif

int image_main() {
  if (!start()) return 1;
  return recognize(model::kGoldenInputs) != mote::argmax(model::kGoldenOutputs);
}
