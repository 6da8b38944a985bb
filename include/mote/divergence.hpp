// SPDX-License-Identifier: MIT
// Where training went wrong: which number is not finite, and when that was seen.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/backpropagation.hpp"
#include "mote/span.hpp"
#include "mote/topology.hpp"

namespace mote {

struct Divergence {
  enum class What : std::uint8_t { nothing, loss, gradient, parameter };
  What what = What::nothing;
  /// 0: the first after the inputs. Of a loss: the first layer whose activations are not finite, or the last if all
  /// are.
  std::size_t layer = 0;
  std::size_t epoch = 0;  ///< 0: the first since bind() or initialize()
  std::size_t batch = 0;  ///< of the epoch, 0: the first; that in which it was seen
};

namespace detail {
bool all_finite(Span<const float> values);
}  // namespace detail

/// The first layer with a number that is not finite among its parameters, or what is laid out as they are;
/// topology.layer_count when there is none.
std::size_t first_not_finite(const Topology& topology, Span<const float> parameters);
/// The same for the activations of the first `rows` rows that were last computed.
std::size_t first_not_finite(const Topology& topology, const Backpropagation& backpropagation, std::size_t rows);

}  // namespace mote
