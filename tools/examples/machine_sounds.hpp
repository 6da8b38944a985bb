// SPDX-License-Identifier: MIT
// A generator of sounds of a rotating machine as features: energies of 128 mel bands in 5 frames, on a logarithmic
// scale. The data of MLPerf Tiny's anomaly detection (ToyADMOS) is not part of this repository; figures with these
// sounds say nothing about real machines. A seed gives equal features on every machine.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "mote/random.hpp"

namespace examples {

inline constexpr std::size_t kBands = 128, kFrames = 5, kFeatures = kBands * kFrames;

enum class Condition : std::uint8_t { normal, clicks, side_bands, lost_harmonic, raised_noise };
inline constexpr const char* kConditions[] = {"normal", "bearing clicks", "side bands", "lost harmonic",
                                              "raised noise"};

/// Binary logarithm by additions, multiplications and divisions of doubles, which every machine rounds equally.
/// The last bit of std::log2 differs between machines.
inline double log2_of(double x) {
  int exponent;
  const double fraction = std::frexp(x, &exponent), s = (fraction - 0.75) / (fraction + 0.75), square = s * s;
  double sum = 0.0;
  for (int k = 21; k > 0; k -= 2) sum = sum * square + 1.0 / k;
  constexpr double kLog2OfThreeQuarters = -0.41503749927884376, kTwoOverLn2 = 2.8853900817779268;
  return exponent + kLog2OfThreeQuarters + kTwoOverLn2 * s * sum;
}

class MachineSounds {
 public:
  explicit MachineSounds(std::uint64_t seed) : random_(seed, mote::Stream::bootstrap) {}

  /// Fills features, [kFrames][kBands], with another sound: mean about 0, deviation about 0.9.
  void record(Condition condition, float* features) {
    const double speed = uniform(45.0, 55.0), load = uniform(0.5, 2.0), severity = uniform(0.1, 1.5);
    const double floor = load * (condition == Condition::raised_noise ? 1.0 + severity : 1.0);
    double energy[kBands];
    for (std::size_t b = 0; b < kBands; ++b) energy[b] = floor * 20.0 / (20.0 + static_cast<double>(b));
    const auto lost = condition == Condition::lost_harmonic ? 2.0 + random_.below(9) : 0.0;
    for (double k = 1.0; k <= 16.0; ++k) {  // of the shaft
      const double share = k == lost ? 1.0 - severity / 1.5 : 1.0;
      add_tone(k * speed, share * load * uniform(0.8, 1.25) * 200.0 / (k + 3.0), energy);
    }
    add_tone(kTeeth * speed, load * load * uniform(0.8, 1.25) * 30.0, energy);  // of the gear
    add_tone(2.0 * kTeeth * speed, load * load * uniform(0.8, 1.25) * 10.0, energy);
    if (condition == Condition::side_bands) {
      for (const double side : {-2.0, -1.0, 1.0, 2.0}) add_tone((kTeeth + side) * speed, 8.0 * severity, energy);
    }
    for (std::size_t frame = 0; frame < kFrames; ++frame) {
      const bool clicks = condition == Condition::clicks && random_.below(3) == 0;
      for (std::size_t b = 0; b < kBands; ++b) {
        const double distance = (static_cast<double>(b) - 95.0) / 12.0;  // from the resonance of the housing
        const double click = clicks ? severity / (1.0 + distance * distance) : 0.0;
        const double measured = log2_of(energy[b] + click) + 0.5 * static_cast<double>(random_.gaussian());
        features[frame * kBands + b] = static_cast<float>((measured + 0.4) / 3.0);
      }
    }
  }

 private:
  static constexpr double kTeeth = 23.0;

  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(random_.uniform()); }

  /// Shares the energy of a tone between the two nearest bands, whose centers have equal distances in mel.
  static void add_tone(double frequency, double energy, double* bands) {
    const auto mel = [](double hertz) { return log2_of(1.0 + hertz / 700.0); };
    const double place = static_cast<double>(kBands) * mel(frequency) / mel(8000.0) - 0.5;
    const double below = std::floor(place), share = place - below;
    if (below >= 0.0 && below < kBands) bands[static_cast<std::size_t>(below)] += (1.0 - share) * energy;
    if (below + 1.0 < kBands) bands[static_cast<std::size_t>(below + 1.0)] += share * energy;
  }

  mote::Random random_;
};

}  // namespace examples
