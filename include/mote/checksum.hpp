// SPDX-License-Identifier: MIT
// CRC-32, and the fingerprint by which two runs are compared bit for bit.
#pragma once

#include <cstdint>

#include "mote/span.hpp"
#include "mote/topology.hpp"

namespace mote {

/// CRC-32 as in gzip and Ethernet (reflected 0x04c11db7). `previous`: the CRC of what came before these bytes, 0 at
/// first.
std::uint32_t crc32(Bytes bytes, std::uint32_t previous = 0);

/// CRC-32 over every weight (layer by layer, row by row), then every bias, then every scale of batch normalization, as
/// little-endian IEEE floats without padding: equal on all targets exactly when the parameters are.
std::uint32_t fingerprint(const Topology& topology, Span<const float> parameters);

}  // namespace mote
