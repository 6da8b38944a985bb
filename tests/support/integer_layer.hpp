// SPDX-License-Identifier: MIT
// A layer of integers for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mote/detail/integer_product.hpp"

namespace integers {

using Bytes = std::vector<std::int8_t>;

/// A layer that owns its arrays, which connect() shows to its view.
struct Layer {
  mote::IntegerLayer view;
  Bytes weights, shifts, input, output;
  std::vector<std::int32_t> biases, multipliers;

  /// Folds an input's zero into the biases.
  void connect(std::int32_t zero) {
    for (std::size_t j = 0; j < view.outputs; ++j) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < view.inputs; ++k) sum += weights[j * view.inputs + k];
      biases[j] -= zero * sum;
    }
    view.weights = weights.data();
    view.biases = biases.data();
    view.multipliers = multipliers.data();
    view.shifts = shifts.data();
  }
};

}  // namespace integers
