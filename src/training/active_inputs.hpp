// SPDX-License-Identifier: MIT
// Finding the inputs that are not 0 in all samples of a mini-batch: the first layer leaves out the others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/dataset.hpp"
#include "mote/detail/products.hpp"

namespace mote {

/// Sets mask[f], [dataset.features], to 0 exactly where feature f is 0 in all samples that gather() with these
/// arguments reads.
void mark_active(const Dataset& dataset, const std::uint32_t* order, std::size_t first, std::size_t rows,
                 std::uint8_t* mask);

/// The inputs whose mask is not 0, written to `list`, which has room for mask.size().
ActiveInputs list_active(Span<const std::uint8_t> mask, std::uint32_t* list);

}  // namespace mote
