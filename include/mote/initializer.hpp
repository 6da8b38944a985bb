// SPDX-License-Identifier: MIT
// Initial parameters of a layer with m inputs and n outputs; N(mean, variance), U(low, high):
//
//   glorot_uniform   U(-sqrt(6/(m+n)), sqrt(6/(m+n)))   "normalized initialization", Glorot & Bengio 2010, eq. 16
//   glorot_normal    N(0, 2/(m+n))                      variance of glorot_uniform, eq. 12
//   he_uniform       U(-sqrt(6/m), sqrt(6/m))           variance of he_normal
//   he_normal        N(0, 2/m)                          He et al. 2015, eq. 10, for ReLU
//   scaled_gaussian  N(0, 1/m)                          LeCun et al. 1998, "Efficient BackProp", 4.6 ("LeCun normal");
//                                                       Nielsen, chapter 3
//   gaussian         N(0, 1)                            Nielsen, chapter 1
//   uniform          U(-1, 1)
//   orthogonal       orthonormal columns, or rows if m < n: Saxe et al. 2014; Gram-Schmidt process on N(0, 1), so
//                    that all such matrices are equally likely
//
// All arithmetic is separate multiply and add: one seed gives the same bits on every target of both arithmetic classes.
#ifndef MOTE_INITIALIZER_HPP
#define MOTE_INITIALIZER_HPP

#include <cstdint>

#include "mote/memory.hpp"
#include "mote/random.hpp"
#include "mote/topology.hpp"

namespace mote {

enum class WeightInit : std::uint8_t {
  glorot_uniform,
  glorot_normal,
  he_uniform,
  he_normal,
  scaled_gaussian,
  gaussian,
  uniform,
  orthogonal
};
enum class BiasInit : std::uint8_t { zero, constant, gaussian };

/// Distribution of the initial weights: WeightInit::he_normal, or {WeightInit::gaussian, 0.01f}.
struct InitialWeights {
  WeightInit distribution;
  float scale;  ///< factor on every weight, finite: gaussian's standard deviation, uniform's bound, orthogonal's gain

  constexpr InitialWeights(WeightInit d, float s = 1.0f) : distribution(d), scale(s) {}
};

/// Distribution of the initial biases: BiasInit::zero, BiasInit::gaussian (N(0, 1)), or {BiasInit::constant, 0.1f}.
struct InitialBiases {
  BiasInit distribution;
  float value;  ///< of constant, finite; zero and gaussian ignore it

  constexpr InitialBiases(BiasInit d, float v = 0.0f) : distribution(d), value(v) {}
};

namespace detail {
/// Draws weights [inputs][outputs], row stride `stride`. scratch: [outputs].
using DrawWeights = void (*)(float* weights, std::size_t inputs, std::size_t outputs, std::size_t stride,
                             InitialWeights init, Random& random, float* scratch);
void draw_uniform(float* weights, std::size_t inputs, std::size_t outputs, std::size_t stride, InitialWeights init,
                  Random& random, float* scratch);
void draw_normal(float* weights, std::size_t inputs, std::size_t outputs, std::size_t stride, InitialWeights init,
                 Random& random, float* scratch);
void draw_orthogonal(float* weights, std::size_t inputs, std::size_t outputs, std::size_t stride, InitialWeights init,
                     Random& random, float* scratch);

constexpr DrawWeights draw_function(WeightInit distribution) {
  switch (distribution) {
    case WeightInit::orthogonal: return draw_orthogonal;
    case WeightInit::glorot_uniform:
    case WeightInit::he_uniform:
    case WeightInit::uniform: return draw_uniform;
    case WeightInit::glorot_normal:
    case WeightInit::he_normal:
    case WeightInit::scaled_gaussian:
    case WeightInit::gaussian: break;
  }
  return draw_normal;
}

void initialize(const Topology& topology, InitialWeights weights, InitialBiases biases, Random& random,
                Span<float> parameters, DrawWeights draw);
}  // namespace detail

/// Fills `parameters`, topology.parameter_count() floats: layer by layer, draws the weights row by row (orthogonal:
/// vector by vector), then the biases; sets the scales of batch normalization to 1 and padding to 0. Orthogonal weights
/// cost about 4 m n min(m, n) operations. Always inlined: a constant distribution links no other.
[[gnu::always_inline]] inline void initialize(const Topology& topology, InitialWeights weights, InitialBiases biases,
                                              Random& random, Span<float> parameters) {
  MOTE_ASSERT(weights.distribution <= WeightInit::orthogonal && biases.distribution <= BiasInit::gaussian);
  detail::initialize(topology, weights, biases, random, parameters, detail::draw_function(weights.distribution));
}

}  // namespace mote

#endif  // MOTE_INITIALIZER_HPP
