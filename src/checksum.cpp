// SPDX-License-Identifier: MIT
#include "mote/checksum.hpp"

#include "little_endian.hpp"

namespace mote {
namespace {

std::uint32_t add_row(const float* row, std::size_t columns, std::uint32_t crc) {
  for (std::size_t j = 0; j < columns; ++j) {
    unsigned char bytes[4];
    detail::store_float(row[j], bytes);
    crc = crc32(bytes, crc);
  }
  return crc;
}

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t previous) {
  // Half a byte at a time: a table of 64 bytes instead of 1 KiB.
  static constexpr std::uint32_t kTable[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                               0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                               0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  std::uint32_t crc = ~previous;
  for (const unsigned char byte : bytes) {
    crc = (crc >> 4) ^ kTable[(crc ^ byte) & 15u];
    crc = (crc >> 4) ^ kTable[(crc ^ (byte >> 4)) & 15u];
  }
  return ~crc;
}

std::uint32_t fingerprint(const Topology& topology, Span<const float> parameters) {
  MOTE_ASSERT(parameters.size() == topology.parameter_count());
  std::uint32_t crc = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const float* weights = parameters.data() + topology.weights_offset(l);
    for (std::size_t i = 0; i < topology.inputs_of(l); ++i) {
      crc = add_row(weights + i * topology.stride_of(l), topology.outputs_of(l), crc);
    }
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    crc = add_row(parameters.data() + topology.biases_offset(l), topology.outputs_of(l), crc);
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (!topology.layers[l].batch_norm) continue;
    crc = add_row(parameters.data() + topology.scales_offset(l), topology.outputs_of(l), crc);
  }
  return crc;
}

}  // namespace mote
