// SPDX-License-Identifier: MIT
// Learns a threshold from random sounds of one kind, and detects another. Scores and thresholds are equal on every
// machine.
#include "anomaly_network.hpp"
#include "device.hpp"
#include "mote/anomaly.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"
#include "report.hpp"

namespace {

dense::AnomalyNetwork weights;  // a firmware has them in flash

// The RAM of a firmware.
std::int8_t sample[dense::kAnomalyInputs];
mote::Storage<dense::kAnomalyScratch> scratch;
mote::IntegerNetwork network;
mote::AnomalyDetector<mote::IntegerNetwork> detector;
constexpr std::size_t kRam = sizeof sample + sizeof scratch + sizeof network + sizeof detector;

}  // namespace

int image_main() {
  constexpr std::int32_t kQuiet = 60, kLoud = 128;
  dense::Numbers numbers;
  weights.fill(numbers);
  require(network.bind(weights.model, scratch));
  require(detector.bind(network, 0.97f));
  report("memory_bytes", kRam);
  record(numbers, kQuiet, sample);
  std::uint32_t start = device::clock();
  const mote::Span<const std::int8_t> outputs = network.forward(sample);
  report("instructions_of_inference", device::instructions_since(start));
  report_bits("outputs", mote::crc32({reinterpret_cast<const unsigned char*>(outputs.data()), outputs.size()}));
  std::size_t zeros = 0;
  for (const unsigned char x : mote::Memory(scratch).subspan(0, 128)) zeros += x == 0x80 ? 1 : 0;  // of the last hidden
  report("zeros_of_128", zeros);
  start = device::clock();
  require(detector.learn(sample));
  report("instructions_of_learning", device::instructions_since(start));
  for (int i = 0; i < 30; ++i) {
    record(numbers, kQuiet, sample);
    require(detector.learn(sample));
  }
  report("threshold", detector.threshold());
  std::size_t false_alarms = 0, detected = 0;
  for (int i = 0; i < 10; ++i) {
    record(numbers, kQuiet, sample);
    false_alarms += detector.detect(sample) ? 1 : 0;
    record(numbers, kLoud, sample);
    detected += detector.detect(sample) ? 1 : 0;
  }
  report("score", mote::anomaly_score(network, sample));
  report("false_alarms_of_10", false_alarms);
  report("detected_of_10", detected);
  report("fused", mote::arithmetic_is_fused() ? 1 : 0);
  return 0;
}
