// SPDX-License-Identifier: MIT
// Single matrix products, and the three of a layer together, by mote and by its peers.
#pragma once

#include <cstddef>
#include <vector>

#include "common/table.hpp"
#include "peers.hpp"

namespace peers {

/// A table of all shapes of workloads.hpp. peak: operations a second that mote's instruction set could do.
tools::Table race_products(const std::vector<Library>& libraries, std::size_t rounds, double peak);

}  // namespace peers
