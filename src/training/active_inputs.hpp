// SPDX-License-Identifier: MIT
// Finds the active inputs of a chunk, which are not 0 in at least one sample. The first layer skips the others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/detail/products.hpp"

namespace mote {

/// Sets mask[f] to 0 if feature f is 0 in every sample that gather() reads with these arguments, else to another value.
/// mask: [dataset.features].
void mark_active(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
                 std::uint8_t* mask);

/// Writes the inputs whose mask is not 0 to `list`, which has room for mask.size().
ActiveInputs list_active(Span<const std::uint8_t> mask, std::uint32_t* list);

}  // namespace mote
