// SPDX-License-Identifier: MIT
// Shared code of the fuzz targets. Each target is a program for libFuzzer that passes bytes to one reader, under the
// address and undefined-behavior sanitizers, and checks the promises of the reader for accepted and rejected bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "mote/bytes.hpp"
#include "mote/checksum.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// Changes bytes at random. A target can replace it, to repair checksums and sizes that random changes break.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room, unsigned seed);
/// The mutator of libFuzzer.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

namespace fuzz {

/// Ends the program where a promise is broken; libFuzzer then reports the bytes.
inline void require(bool is_kept, const char* promise) {
  if (is_kept) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

inline bool append(void* text, mote::Bytes bytes) {
  static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

/// A sink that collects all bytes.
inline mote::ByteSink sink_to(std::string& text) {
  return {append, &text};
}

/// Takes numbers from the front of the bytes; 0 after the end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  std::uint32_t byte() {
    if (rest_.empty()) return 0;
    const std::uint32_t value = rest_[0];
    rest_ = rest_.subspan(1, rest_.size() - 1);
    return value;
  }
  std::uint32_t two_bytes() {
    const std::uint32_t low = byte();
    return low | byte() << 8;
  }
  mote::Bytes rest() const { return rest_; }

 private:
  mote::Bytes rest_;
};

}  // namespace fuzz
