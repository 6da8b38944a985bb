// SPDX-License-Identifier: MIT
// What the fuzz targets share. Each is a program of libFuzzer's that hands bytes to one reader, under the address and
// undefined-behaviour sanitizers, and holds the reader to what it promises of bytes that it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "mote/bytes.hpp"
#include "mote/checksum.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// Changes bytes at random; a target that has one of its own repairs afterwards what chance would never get right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room, unsigned seed);
/// libFuzzer's own changes.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

namespace fuzz {

/// Ends the program, which libFuzzer reports together with the bytes, where a promise is broken.
inline void require(bool is_kept, const char* promise) {
  if (is_kept) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

inline bool append(void* text, mote::Bytes bytes) {
  static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

/// Collects what is written.
inline mote::ByteSink sink_to(std::string& text) {
  return {append, &text};
}

/// Takes numbers off the front of the bytes, 0 after the end.
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
