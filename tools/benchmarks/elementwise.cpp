// SPDX-License-Identifier: MIT
#include "benchmarks/elementwise.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "benchmarks/peak.hpp"
#include "benchmarks/workloads.hpp"
#include "common/timing.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/loss.hpp"

namespace tools {
namespace {

constexpr std::size_t kElements = 2048;  // arguments and results: 16 KiB, half of a first-level cache
constexpr std::size_t kRows = 128, kOutputs = 10;

using Function = void (*)(const float*, float*, std::size_t);

/// Computes f of every element in a plain loop, as a program would write it.
template <float (*f)(float)>
void each(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = f(x[i]);
}
float exp_of(float x) {
  return std::exp(x);
}
float log_of(float x) {
  return std::log(x);
}
float sigmoid_of(float x) {
  return 1.0f / (1.0f + std::exp(-x));
}
float tanh_of(float x) {
  return std::tanh(x);
}

struct Pair {
  const char* name;
  Function mote;
  Function libm;
  float low, high;  // range of arguments, typical of layers and losses
};
constexpr Pair kPairs[] = {{"exp", mote::exp, each<exp_of>, -10.0f, 10.0f},
                           {"log", mote::log, each<log_of>, 1e-3f, 10.0f},
                           {"sigmoid", mote::sigmoid, each<sigmoid_of>, -10.0f, 10.0f},
                           {"tanh", mote::tanh, each<tanh_of>, -5.0f, 5.0f}};

/// Returns the cycles of `own`, those of `libm`, and their quotient, each the best of several rounds. Every round
/// measures the clock too, because its speed depends on the load.
std::vector<double> compare(std::size_t count, const Work& own, const Work& libm) {
  constexpr int kRounds = 5;
  double cycle = HUGE_VAL, own_seconds = HUGE_VAL, libm_seconds = HUGE_VAL;
  for (int round = 0; round < kRounds; ++round) {
    cycle = std::min(cycle, measure_cycle());
    own_seconds = std::min(own_seconds, time_per_call(own).min);
    libm_seconds = std::min(libm_seconds, time_per_call(libm).min);
  }
  const double unit = cycle * static_cast<double>(count);
  return {own_seconds / unit, libm_seconds / unit, libm_seconds / own_seconds};
}

/// Computes the result of mote::loss_and_deltas() for cross-entropy with the C library.
std::uint32_t softmax_cross_entropy(const float* z, std::size_t stride, const std::uint8_t* labels, float scale,
                                    float* deltas, float* losses) {
  std::uint32_t correct = 0;
  for (std::size_t m = 0; m < kRows; ++m, z += stride, deltas += stride) {
    const float* largest = std::max_element(z, z + kOutputs);
    correct += largest == z + labels[m] ? 1 : 0;
    const float highest = *largest;
    float sum = 0.0f;
    for (std::size_t j = 0; j < kOutputs; ++j) sum += deltas[j] = std::exp(z[j] - highest);
    losses[m] = std::log(sum) + highest - z[labels[m]];
    for (std::size_t j = 0; j < kOutputs; ++j) deltas[j] *= scale / sum;
    deltas[labels[m]] -= scale;
  }
  return correct;
}

Row softmax_row() {
  constexpr std::size_t kStride = mote::row_stride(kOutputs);
  constexpr float kScale = 1.0f / kRows;
  const FloatArray z = random_floats(kRows * kStride, 1);
  FloatArray deltas(kRows * kStride), losses(kRows);
  std::uint8_t labels[kRows];
  volatile std::uint32_t correct = 0;  // keeps the result in use
  for (std::size_t m = 0; m < kRows; ++m) labels[m] = static_cast<std::uint8_t>(m % kOutputs);
  const Work own = [&] {
    correct = mote::loss_and_deltas(mote::Loss::cross_entropy, mote::Activation::softmax, kRows, kOutputs, kStride,
                                    z.data(), labels, kScale, deltas.data(), losses.data());
  };
  const Work libm = [&] {
    correct = softmax_cross_entropy(z.data(), kStride, labels, kScale, deltas.data(), losses.data());
  };
  return {"softmax, cross-entropy and gradient, row of " + std::to_string(kOutputs), compare(kRows, own, libm)};
}

}  // namespace

Table measure_elementwise() {
  Table table{"elementwise",
              "Functions: processor cycles an element, or a row",
              {{"mote_cycles", 2}, {"libm_cycles", 2}, {"libm/mote", 1}},
              {}};
  FloatArray x(kElements), y(kElements);
  for (const Pair& pair : kPairs) {
    mote::Random random(1, mote::Stream::initialization);
    for (std::size_t i = 0; i < kElements; ++i) x.data()[i] = random.uniform(pair.low, pair.high);
    table.rows.push_back({pair.name, compare(
                                         kElements, [&] { pair.mote(x.data(), y.data(), kElements); },
                                         [&] { pair.libm(x.data(), y.data(), kElements); })});
  }
  table.rows.push_back(softmax_row());
  return table;
}

}  // namespace tools
