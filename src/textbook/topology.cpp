// SPDX-License-Identifier: MIT
#include "mote/topology.hpp"

#include "../core/arithmetic.hpp"
#include "../core/little_endian.hpp"
#include "mote/checksum.hpp"

namespace mote {
namespace {

std::uint32_t add_row(const float* row, std::size_t columns, std::uint32_t crc) {
  for (std::size_t j = 0; j < columns; ++j) {
    unsigned char bytes[4];
    detail::store32(detail::bits_of(row[j]), bytes);
    crc = crc32(bytes, crc);
  }
  return crc;
}

}  // namespace

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
