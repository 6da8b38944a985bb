// SPDX-License-Identifier: MIT
// Splits rows into a training part and a held-out part.
#pragma once

#include <algorithm>
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

/// Moves row order[i] of `rows` to row i, for all i; a row has `columns` values. order: each row once.
template <typename T>
void arrange_rows(mote::Span<T> rows, std::size_t columns, mote::Span<const std::uint32_t> order) {
  std::vector<bool> is_done(order.size());
  std::vector<T> first(columns);
  const auto row = [&](std::size_t i) { return rows.data() + i * columns; };
  for (std::size_t start = 0; start < order.size(); ++start) {
    if (is_done[start]) continue;
    std::copy_n(row(start), columns, first.begin());
    std::size_t to = start;
    for (; order[to] != start; to = order[to]) {  // a cycle of the permutation
      std::copy_n(row(order[to]), columns, row(to));
      is_done[to] = true;
    }
    std::copy_n(first.begin(), columns, row(to));
    is_done[to] = true;
  }
}

/// Stratified: of each class, the number of held-out rows differs from share * rows of the class by less than one, and
/// their sum is that of split_rows() where possible. A class keeps at least one training row.
RowSplit split_by_class(mote::Span<const std::uint8_t> labels, double share, std::uint64_t seed);
RowSplit split_by_class(mote::Span<const std::uint16_t> labels, double share, std::uint64_t seed);

}  // namespace tools
