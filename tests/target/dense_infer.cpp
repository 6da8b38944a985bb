// SPDX-License-Identifier: MIT
// Inference without zeros to leave out: random inputs and weights, in RAM, for 784-30-10 and for the anomaly network of
// MLPerf Tiny. Counts instructions; the outputs are compared with the host's.
#include "dense.hpp"
#include "device.hpp"
#include "mote/checksum.hpp"
#include "mote/flash_network.hpp"
#include "mote/instruction_set.hpp"
#include "report.hpp"

#ifndef MOTE_WEIGHT
#define MOTE_WEIGHT float
#endif

namespace {

using Weight = MOTE_WEIGHT;
using mote::Activation;

constexpr mote::Topology kDigits{784, {30, Activation::sigmoid}, {10, Activation::softmax}};
constexpr mote::Layer kWide{128, Activation::relu};
constexpr mote::Topology kAnomaly{640,   kWide, kWide, kWide, kWide, {8, Activation::relu},
                                  kWide, kWide, kWide, kWide, {640}};

constexpr std::size_t kMostWeights = mote::flash_weight_count(kAnomaly), kMostRows = mote::flash_row_count(kAnomaly);
Weight weights[kMostWeights];
float biases[kMostRows], factors[kMostRows];  // biases of 0
std::uint8_t bytes[784];
float floats[784];
mote::Storage<mote::flash_network_bytes(kDigits)> small;
mote::Storage<mote::flash_network_bytes(kAnomaly)> large;
mote::FlashNetwork network;

template <typename W>
W random_weight(dense::Numbers& numbers) {
  if constexpr (std::is_same_v<W, float>) return 0.2f * numbers.next();
  if constexpr (std::is_same_v<W, std::int8_t>) return static_cast<W>(127.0f * numbers.next());
  if constexpr (std::is_same_v<W, mote::Half>) {  // of magnitude 2^-7 to 2^-2
    const std::uint32_t bits = numbers.bits();
    return {static_cast<std::uint16_t>((bits & 0x83ffu) | (8u + bits / 0x10000u % 5u) << 10)};
  }
}

template <typename W>
mote::FlashModel model_of(const mote::Topology& topology, mote::Span<const W> all) {
  const mote::Span<const W> w(all.data(), mote::flash_weight_count(topology));
  const mote::Span<const float> b(biases, mote::flash_row_count(topology));
  if constexpr (std::is_same_v<W, std::int8_t>) {
    return {topology, w, b, {factors, b.size()}};
  } else {
    return {topology, w, b};
  }
}

template <typename Forward>
void measure(const char* name, const mote::FlashModel& model, mote::Memory scratch, Forward forward) {
  require(network.bind(model, scratch));
  const std::uint32_t start = device::clock();
  const mote::Span<const float> outputs = forward();
  report(name, device::instructions_since(start));
  report_bits("outputs", mote::crc32({reinterpret_cast<const unsigned char*>(outputs.data()), 4 * outputs.size()}));
}

}  // namespace

int image_main() {
  dense::Numbers numbers;
  for (Weight& weight : weights) weight = random_weight<Weight>(numbers);
  for (float& factor : factors) factor = 0.2f / 127.0f;
  for (float& input : floats) input = 1.0f + numbers.next();
  for (std::uint8_t& input : bytes) input = static_cast<std::uint8_t>(1u + numbers.bits() % 255u);
  const mote::FlashModel digits = model_of<Weight>(kDigits, weights), anomaly = model_of<Weight>(kAnomaly, weights);
  measure("instructions_of_bytes", digits, small, [] { return network.forward(bytes, 1.0f / 255.0f); });
  measure("instructions_of_floats", digits, small, [] { return network.forward(mote::Inputs(floats, 1, 784)); });
  measure("instructions_of_anomaly", anomaly, large, [] { return network.forward(mote::Inputs(floats, 1, 640)); });
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  return 0;
}
