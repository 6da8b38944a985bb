// SPDX-License-Identifier: MIT
// CRC-32.
#ifndef MOTE_CHECKSUM_HPP
#define MOTE_CHECKSUM_HPP

#include <cstddef>
#include <cstdint>

#include "mote/memory.hpp"

namespace mote {

/// CRC-32 as in gzip and Ethernet (reflected 0x04c11db7). previous: the CRC of the bytes before these, or 0.
std::uint32_t crc32(Bytes bytes, std::uint32_t previous = 0);
/// CRC-32 of `count` numbers of `size` bytes each, as little-endian bytes on every machine.
std::uint32_t crc32_of_numbers(const void* numbers, std::size_t size, std::size_t count, std::uint32_t previous = 0);

}  // namespace mote

#endif  // MOTE_CHECKSUM_HPP
