// SPDX-License-Identifier: MIT
// Learns on the device: the last layer of the network of examples/iris.hpp adapts to a sensor that measures 1 cm too
// much, and a record in flash keeps what it learned through a restart. Flash is an array here. Prints
//
//   before: 10 of 15 right
//   after 60 lessons: 15 of 15 right
//   after a restart: 15 of 15 right
#include <cstdio>
#include <cstring>

#include "examples/iris.hpp"
#include "mote/mote.hpp"

constexpr float kFlowers[][4] = {
    {5.1f, 3.5f, 1.4f, 0.2f}, {4.9f, 3.0f, 1.4f, 0.2f}, {4.7f, 3.2f, 1.3f, 0.2f}, {4.6f, 3.1f, 1.5f, 0.2f},
    {5.0f, 3.6f, 1.4f, 0.2f}, {7.0f, 3.2f, 4.7f, 1.4f}, {6.4f, 3.2f, 4.5f, 1.5f}, {6.9f, 3.1f, 4.9f, 1.5f},
    {5.5f, 2.3f, 4.0f, 1.3f}, {6.5f, 2.8f, 4.6f, 1.5f}, {6.3f, 3.3f, 6.0f, 2.5f}, {5.8f, 2.7f, 5.1f, 1.9f},
    {7.1f, 3.0f, 5.9f, 2.1f}, {6.3f, 2.9f, 5.6f, 1.8f}, {6.5f, 3.0f, 5.8f, 2.2f}};  // five of each class
constexpr mote::FineTuningOptions options =
    mote::FineTuningOptions().set_layers(1).set_optimizer({mote::Optimizer::sgd, 0.02f});

static unsigned char flash_bytes[2 * 4096];
static const mote::Flash flash = {4096,
                                  4,
                                  [](void*, std::uint32_t offset, mote::Memory to) {
                                    return std::memcpy(to.data(), flash_bytes + offset, to.size()) != nullptr;
                                  },
                                  [](void*, std::uint32_t offset, std::uint32_t size) {
                                    return std::memset(flash_bytes + offset, 0xff, size) != nullptr;
                                  },
                                  [](void*, std::uint32_t offset, mote::Bytes bytes) {
                                    return std::memcpy(flash_bytes + offset, bytes.data(), bytes.size()) != nullptr;
                                  },
                                  nullptr};

/// A sensor that measures 1 cm too much.
static mote::Inputs measure(std::size_t i, float (&x)[4]) {
  for (std::size_t f = 0; f < 4; ++f) x[f] = kFlowers[i][f] + 1.0f;
  return iris::inputs(x);
}

static void test(const char* name, mote::FineTuning& tuning) {
  int right = 0;
  float x[4];
  for (std::size_t i = 0; i < 15; ++i) right += mote::argmax(tuning.forward_pre_activations(measure(i, x))) == i / 5;
  std::printf("%s: %d of 15 right\n", name, right);
}

int main() {
  static mote::StaticFineTuning<iris::kModel, options> tuning;
  test("before", tuning);
  float x[4];
  for (std::size_t lesson = 0; lesson < 60; ++lesson) {
    const std::size_t i = lesson * 4 % 15;
    if (!tuning.train(measure(i, x), static_cast<std::uint8_t>(i / 5)).ok()) return 1;
  }
  test("after 60 lessons", tuning);

  if (!write_record(flash, tuning.learned()).ok()) return 1;

  static mote::StaticFineTuning<iris::kModel, options> restarted;  // reads the newest record, wherever power was lost
  static unsigned char memory[mote::learned_bytes(iris::kTopology, options)];
  mote::Bytes learned;
  if (!read_record(flash, memory, learned).ok() || !restarted.restore(learned).ok()) return 1;
  test("after a restart", restarted);
}
