// SPDX-License-Identifier: MIT
// Which number of a network is not finite.
#pragma once

#include <cstddef>

#include "mote/detail/backpropagation.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

namespace detail {
bool all_finite(Span<const float> values);
}  // namespace detail

/// The first layer with a number that is not finite among its parameters, or what is laid out as they are;
/// topology.layer_count when there is none.
std::size_t first_not_finite(const Topology& topology, Span<const float> parameters);
/// The same for the activations of the first `rows` rows that were last computed.
std::size_t first_not_finite(const Topology& topology, const Backpropagation& backpropagation, std::size_t rows);

}  // namespace mote
