// SPDX-License-Identifier: MIT
// Inference in integers without zeros to leave out: random inputs and weights, in RAM, for 784-30-10 and for the
// anomaly network of MLPerf Tiny. Counts instructions; the outputs are equal on every machine.
#include "dense.hpp"
#include "device.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "mote/integer_network.hpp"
#include "report.hpp"
#ifdef MOTE_CMSIS_NN
#include "cmsis_nn.hpp"
#endif

namespace {

constexpr std::uint32_t kDigits[] = {784, 30, 10};
constexpr std::uint32_t kAnomaly[] = {640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640};
constexpr std::size_t kMostLayers = 10, kMostWeights = 264192, kMostOutputs = 1672;

std::int8_t weights[kMostWeights], shifts[kMostOutputs], inputs[784];
std::int32_t biases[kMostOutputs], multipliers[kMostOutputs];
mote::IntegerLayer layers[kMostLayers];
mote::IntegerModel model;
mote::Storage<768> scratch;
mote::IntegerNetwork network;

template <std::size_t Sizes>
void measure(const char* name, const std::uint32_t (&sizes)[Sizes]) {
  std::size_t weight = 0, output = 0;
  for (std::size_t l = 0; l + 1 < Sizes; ++l) {
    mote::IntegerLayer& layer = layers[l] = {};
    layer.inputs = sizes[l];
    layer.outputs = sizes[l + 1];
    layer.weights = weights + weight;
    layer.biases = biases + output;
    layer.multipliers = multipliers + output;
    layer.shifts = shifts + output;
    layer.least = l + 2 == Sizes ? -128 : 0;  // ReLU
    weight += layer.inputs * layer.outputs;
    output += layer.outputs;
  }
  model.layers = {layers, Sizes - 1};
#ifdef MOTE_CMSIS_NN
  model.product = cmsis_nn_product;
#endif
  require(network.bind(model, scratch));
  const std::uint32_t start = device::clock();
  const mote::Span<const std::int8_t> outputs = network.forward(inputs);
  report(name, device::instructions_since(start));
  report_bits("outputs", mote::crc32({reinterpret_cast<const unsigned char*>(outputs.data()), outputs.size()}));
}

}  // namespace

int image_main() {
  dense::Numbers numbers;
  for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>(numbers.bits() >> 24);
  for (std::int8_t& input : inputs) input = static_cast<std::int8_t>(1u + numbers.bits() % 127u);
  for (std::size_t j = 0; j < kMostOutputs; ++j) {
    biases[j] = static_cast<std::int32_t>(numbers.bits() >> 20) - 2048;
    multipliers[j] = static_cast<std::int32_t>((1u << 30) + (numbers.bits() >> 2));
    shifts[j] = -10;
  }
  measure("instructions_of_bytes", kDigits);
  measure("instructions_of_anomaly", kAnomaly);
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  return 0;
}
