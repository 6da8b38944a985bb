// SPDX-License-Identifier: MIT
#include "data/row_split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "mote/dataset.hpp"
#include "mote/random.hpp"

namespace tools {
namespace {

constexpr std::uint64_t kPurpose = 0x73706c6974;  // "split": keeps its numbers apart from those of training

std::size_t held_out_count(std::size_t rows, double share) {
  if (rows < 2 || share <= 0.0) return 0;
  const std::size_t count = static_cast<std::size_t>(std::lround(share * static_cast<double>(rows)));
  return std::clamp(count, std::size_t{1}, rows - 1);
}

/// Held-out rows of each class by the largest remainder method: the shares rounded down, then one more for the classes
/// that lost most by that. Ties go to the lower class.
std::vector<std::uint32_t> held_out_of_classes(const std::vector<std::uint32_t>& sizes, std::size_t rows,
                                               double share) {
  std::vector<std::uint32_t> held(sizes.size());
  std::vector<std::size_t> candidates;
  std::size_t left = held_out_count(rows, share);
  const auto exact = [&](std::size_t c) { return share * sizes[c]; };
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    held[c] = static_cast<std::uint32_t>(exact(c));
    left -= std::min<std::size_t>(left, held[c]);
    if (held[c] + 1 < sizes[c] && exact(c) > held[c]) candidates.push_back(c);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](std::size_t a, std::size_t b) { return exact(a) - held[a] > exact(b) - held[b]; });
  for (const std::size_t c : candidates) {
    if (left == 0) break;
    ++held[c];
    --left;
  }
  return held;
}

/// held: rows of each class that are held out. class_of(row): its class.
template <typename ClassOf>
RowSplit split_with(std::size_t rows, const std::vector<std::uint32_t>& held, std::uint64_t seed, ClassOf class_of) {
  RowSplit split;
  std::vector<std::uint32_t> left = held;
  split.order.resize(rows);
  std::iota(split.order.begin(), split.order.end(), 0u);
  mote::Random random(mote::derived_seed(seed, kPurpose), mote::Stream::shuffle);
  mote::permute({split.order.data(), rows}, random);
  std::vector<std::uint32_t> held_out;
  for (const std::uint32_t row : split.order) {
    std::uint32_t& left_of_class = left[class_of(row)];
    if (left_of_class != 0) {
      --left_of_class;
      held_out.push_back(row);
    } else {
      split.order[split.training++] = row;
    }
  }
  std::copy(held_out.begin(), held_out.end(), split.order.begin() + static_cast<std::ptrdiff_t>(split.training));
  return split;
}

template <typename Label>
RowSplit split_labels(mote::Span<const Label> labels, double share, std::uint64_t seed) {
  std::vector<std::uint32_t> sizes(labels.empty() ? 0 : 1 + *std::max_element(labels.begin(), labels.end()));
  for (const Label label : labels) ++sizes[label];
  return split_with(labels.size(), held_out_of_classes(sizes, labels.size(), share), seed,
                    [&](std::uint32_t row) { return labels[row]; });
}

}  // namespace

RowSplit split_rows(std::size_t rows, double share, std::uint64_t seed) {
  const std::uint32_t held_out = static_cast<std::uint32_t>(held_out_count(rows, share));
  return split_with(rows, {held_out}, seed, [](std::uint32_t) { return std::size_t{0}; });
}

RowSplit split_by_class(mote::Span<const std::uint8_t> labels, double share, std::uint64_t seed) {
  return split_labels(labels, share, seed);
}

RowSplit split_by_class(mote::Span<const std::uint16_t> labels, double share, std::uint64_t seed) {
  return split_labels(labels, share, seed);
}

}  // namespace tools
