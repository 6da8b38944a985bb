// SPDX-License-Identifier: MIT
// Inference in integers without zeros to leave out: random inputs and weights, in RAM, for 784-30-10 and for the
// anomaly network of MLPerf Tiny, with activations of 8 and of 16 bits. Counts instructions; the outputs are equal on
// every machine.
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
std::int16_t inputs16[784], table[257];
std::int32_t biases[kMostOutputs], multipliers[kMostOutputs];
mote::Storage<768 * sizeof(std::int16_t)> scratch;

template <typename T>
struct Network {
  mote::BasicIntegerLayer<T> layers[kMostLayers];
  mote::BasicIntegerModel<T> model;
  mote::BasicIntegerNetwork<T> network;
};
Network<std::int8_t> of_int8;
Network<std::int16_t> of_int16;

/// table_of_first: of the first layer, or null.
template <typename T, std::size_t Sizes>
void measure(const char* name, Network<T>& of, const std::uint32_t (&sizes)[Sizes], const T* x,
             const T* table_of_first) {
  auto& [layers, model, network] = of;
  std::size_t weight = 0, output = 0;
  for (std::size_t l = 0; l + 1 < Sizes; ++l) {
    mote::BasicIntegerLayer<T>& layer = layers[l] = {};
    layer.inputs = sizes[l];
    layer.outputs = sizes[l + 1];
    layer.weights = weights + weight;
    layer.biases = biases + output;
    layer.multipliers = multipliers + output;
    layer.shifts = shifts + output;
    layer.table = l == 0 ? table_of_first : nullptr;
    if (l + 2 != Sizes && layer.table == nullptr) layer.least = 0;  // ReLU
    weight += layer.inputs * layer.outputs;
    output += layer.outputs;
  }
  model.layers = {layers, Sizes - 1};
#ifdef MOTE_CMSIS_NN
  if constexpr (sizeof(T) == 1) model.product = cmsis_nn_product;
#endif
  require(network.bind(model, scratch));
  const std::uint32_t start = device::clock();
  const mote::Span<const T> outputs = network.forward(x);
  report(name, device::instructions_since(start));
  report_bits("outputs", mote::crc32_of_numbers(outputs.data(), sizeof(T), outputs.size()));
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
  measure<std::int8_t>("instructions_of_bytes", of_int8, kDigits, inputs, nullptr);
  measure<std::int8_t>("instructions_of_anomaly", of_int8, kAnomaly, inputs, nullptr);
  // At most mote::largest_int16(784).
  for (std::int16_t& input : inputs16) input = static_cast<std::int16_t>(1u + numbers.bits() % 10783u);
  for (std::int16_t& entry : table) entry = static_cast<std::int16_t>(numbers.bits() >> 16);
  for (std::int8_t& shift : shifts) shift = -9;
  measure<std::int16_t>("instructions_of_int16", of_int16, kDigits, inputs16, table);
  measure<std::int16_t>("instructions_of_anomaly_int16", of_int16, kAnomaly, inputs16, nullptr);
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  return 0;
}
