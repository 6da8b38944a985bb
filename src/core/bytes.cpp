// SPDX-License-Identifier: MIT
#include "mote/bytes.hpp"

namespace mote {
namespace {

bool read_memory(void* context, std::uint64_t offset, Memory to) {
  const Bytes part = static_cast<const Bytes*>(context)->subspan(static_cast<std::size_t>(offset), to.size());
  if (!part.empty()) __builtin_memcpy(to.data(), part.data(), part.size());
  return true;
}

}  // namespace

ByteSource source_of(const Bytes& bytes) {
  return {bytes.size(), read_memory, const_cast<Bytes*>(&bytes)};
}

}  // namespace mote
