// SPDX-License-Identifier: MIT
// Finds the active inputs of a chunk, which are not 0 in at least one sample. The first layer skips the others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/detail/products.hpp"
#include "mote/detail/vector_math.hpp"

namespace mote {

/// Whether inactive inputs are searched: among elements of one byte, if 0 stays 0. A search among floats would cost
/// more than it saves.
inline bool has_zero_bytes(const Inputs& inputs) {
  return size_of(inputs.type) == 1 && inputs.keeps_zeros();
}

/// Sets mask[f] to 0 if feature f is 0 in every sample that gather() reads with these arguments, else to another value.
/// mask: [inputs.features].
inline void mark_active(const Inputs& inputs, const std::uint32_t* order, std::size_t first, std::size_t rows,
                        std::uint8_t* mask) {
  __builtin_memset(mask, 0, inputs.features);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t sample = order == nullptr ? first + i : order[first + i];
    or_bytes(static_cast<const std::uint8_t*>(inputs.row(sample)), mask, inputs.features);
  }
}

/// Writes the inputs whose mask is not 0 to `list`, which has room for mask.size().
inline ActiveInputs list_active(Span<const std::uint8_t> mask, std::uint32_t* list) {
  std::size_t count = 0, i = 0;
  const auto add = [&] {  // branch-free: pixels defeat branch prediction
    list[count] = static_cast<std::uint32_t>(i);
    count += mask.data()[i++] != 0 ? 1 : 0;
  };
  std::uint64_t word;
  while (i + sizeof word <= mask.size()) {
    __builtin_memcpy(&word, mask.data() + i, sizeof word);
    if (word == 0) {
      i += sizeof word;
      continue;
    }
    for (std::size_t j = 0; j < sizeof word; ++j) add();
  }
  while (i < mask.size()) add();
  return count == mask.size() ? ActiveInputs{} : ActiveInputs{list, count};
}

}  // namespace mote
