// SPDX-License-Identifier: MIT
// Initial parameters. m inputs, n outputs of a layer:
//
//   glorot_uniform   U(-sqrt(6/(m+n)), sqrt(6/(m+n)))   "normalized initialization", Glorot & Bengio 2010, eq. 16
//   he_normal        N(0, 2/m)                          He et al. 2015, for ReLU
//   scaled_gaussian  N(0, 1/m)                          Nielsen, chapter 3
//   gaussian         N(0, 1)                            Nielsen, chapter 1
//
// (N(mean, variance).) Biases: zero, or N(0, 1).
#pragma once

#include <cstdint>

#include "mote/random.hpp"
#include "mote/span.hpp"
#include "mote/topology.hpp"

namespace mote {

enum class WeightInit : std::uint8_t { glorot_uniform, he_normal, scaled_gaussian, gaussian };
enum class BiasInit : std::uint8_t { zero, gaussian };

/// Fills `parameters` (topology.parameter_count() floats, padding included): layer by layer, the weights row by row,
/// then the biases. The same numbers on every target.
void initialize(const Topology& topology, WeightInit weight_init, BiasInit bias_init, Random& random,
                Span<float> parameters);

}  // namespace mote
