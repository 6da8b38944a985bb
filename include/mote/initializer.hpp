// SPDX-License-Identifier: MIT
// Initial parameters. m inputs, n outputs of a layer; N(mean, variance), U(low, high):
//
//   glorot_uniform   U(-sqrt(6/(m+n)), sqrt(6/(m+n)))   "normalized initialization", Glorot & Bengio 2010, eq. 16
//   glorot_normal    N(0, 2/(m+n))                      the same variance, eq. 12
//   he_uniform       U(-sqrt(6/m), sqrt(6/m))           the variance of he_normal
//   he_normal        N(0, 2/m)                          He et al. 2015, eq. 10, for ReLU
//   scaled_gaussian  N(0, 1/m)                          LeCun et al. 1998, "Efficient BackProp", 4.6 ("LeCun normal");
//                                                       Nielsen, chapter 3
//   gaussian         N(0, 1)                            Nielsen, chapter 1
//   uniform          U(-1, 1)
//   orthogonal       orthonormal columns, or rows where there are fewer: Saxe et al. 2014, from the Gram-Schmidt
//                    process on N(0, 1), uniform among all such matrices
//
// Everything here is computed with separate multiply and add: one seed gives the same initial parameters, to the bit,
// on every target of both arithmetic classes.
#pragma once

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

/// What weights start as: WeightInit::he_normal, or {WeightInit::gaussian, 0.01f}.
struct InitialWeights {
  WeightInit distribution;
  float scale;  ///< factor on every weight, finite: gaussian's standard deviation, uniform's bound, orthogonal's gain

  constexpr InitialWeights(WeightInit d, float s = 1.0f) : distribution(d), scale(s) {}
};

/// What biases start as: BiasInit::zero, BiasInit::gaussian, N(0, 1), or {BiasInit::constant, 0.1f}.
struct InitialBiases {
  BiasInit distribution;
  float value;  ///< constant's, finite; the others ignore it

  constexpr InitialBiases(BiasInit d, float v = 0.0f) : distribution(d), value(v) {}
};

/// Fills `parameters` (topology.parameter_count() floats, padding included): layer by layer, the weights row by row
/// (orthogonal: vector by vector), then the biases; the scales of batch normalization are 1. Orthogonal weights take
/// about 4 m n min(m, n) operations.
void initialize(const Topology& topology, InitialWeights weights, InitialBiases biases, Random& random,
                Span<float> parameters);

}  // namespace mote
