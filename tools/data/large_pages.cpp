// SPDX-License-Identifier: MIT
#include "data/large_pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace tools {

void prefer_large_pages([[maybe_unused]] mote::Memory memory) {
#ifdef MADV_HUGEPAGE
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t skipped = (page - reinterpret_cast<std::uintptr_t>(memory.data()) % page) % page;
  if (skipped >= memory.size()) return;
  // A failure is harmless: small pages remain.
  static_cast<void>(madvise(memory.data() + skipped, memory.size() - skipped, MADV_HUGEPAGE));
#endif
}

}  // namespace tools
