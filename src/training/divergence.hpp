// SPDX-License-Identifier: MIT
// Finding numbers that are not finite.
#pragma once

#include <cstddef>

#include "mote/detail/backpropagation.hpp"
#include "mote/memory.hpp"
#include "mote/topology.hpp"

namespace mote {

namespace detail {
bool all_finite(Span<const float> values);
}  // namespace detail

/// The first layer with a number that is not finite in an array laid out as the parameters; topology.layer_count when
/// there is none.
std::size_t first_not_finite(const Topology& topology, Span<const float> parameters);
/// The first layer whose kept activations are not all finite; topology.layer_count when there is none.
std::size_t first_not_finite(const Topology& topology, const Backpropagation& backpropagation);

}  // namespace mote
