// SPDX-License-Identifier: MIT
// Splits rows into a training part and a held-out part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mote/memory.hpp"

namespace tools {

struct RowSplit {
  std::vector<std::uint32_t> order;  ///< each row once: the training rows, then the held-out rows, both shuffled
  std::size_t training = 0;          ///< number of training rows
};

/// Holds out `share` of the rows, rounded to the nearest number; at least one row where share > 0, and never all of
/// them. 0 <= share < 1. A seed gives one order on every machine.
RowSplit split_rows(std::size_t rows, double share, std::uint64_t seed);

/// Stratified: of each class, the number of held-out rows differs from share * rows of the class by less than one, and
/// their sum is that of split_rows() where possible. A class keeps at least one training row.
RowSplit split_by_class(mote::Span<const std::uint8_t> labels, double share, std::uint64_t seed);
RowSplit split_by_class(mote::Span<const std::uint16_t> labels, double share, std::uint64_t seed);

}  // namespace tools
