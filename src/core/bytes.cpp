// SPDX-License-Identifier: MIT
#include "mote/bytes.hpp"

namespace mote {
namespace {

bool read_memory(void* context, std::uint64_t offset, Memory to) {
  const auto* bytes = static_cast<const unsigned char*>(context);
  if (!to.empty()) __builtin_memcpy(to.data(), bytes + static_cast<std::size_t>(offset), to.size());
  return true;
}

}  // namespace

ByteSource source_of(Bytes bytes) {
  return {bytes.size(), read_memory, const_cast<unsigned char*>(bytes.data())};
}

}  // namespace mote
