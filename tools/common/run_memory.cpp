// SPDX-License-Identifier: MIT
#include "common/run_memory.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/error.hpp"

namespace tools {
namespace {

mote::Memory reserve(const char* what, const char* variable, std::size_t mebibytes) {
  const std::size_t bytes = mebibytes << 20;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) return {static_cast<unsigned char*>(memory), bytes};
  throw Error(std::string("memory for ") + what + ": " + std::to_string(mebibytes) + " MiB cannot be reserved: " +
                  std::strerror(errno) + "; raise the limit (ulimit -v), or rebuild with less: make " + variable + "=" +
                  std::to_string(mebibytes / 8 + 1),
              kExitFailed);
}

}  // namespace

mote::Memory network_memory() {
  static const mote::Memory memory = reserve("networks", "MEMORY_MB", MOTE_MEMORY_MB);
  return memory;
}

mote::Memory data_memory() {
  static const mote::Memory memory = reserve("data", "DATA_MB", MOTE_DATA_MB);
  return memory;
}

}  // namespace tools
