// SPDX-License-Identifier: MIT
// Bytes and text on their way to a sink.
#pragma once

#include "mote/bytes.hpp"
#include "mote/checksum.hpp"

namespace mote::detail {

/// Counts what is written, and takes its CRC; hands it on to a sink, unless that is null, in pieces.
class ByteWriter {
 public:
  explicit ByteWriter(const ByteSink* sink) : sink_(sink) {}

  void put(unsigned char byte);
  void bytes(Bytes bytes);
  // Binary, the least significant byte first.
  void word(std::uint32_t value);
  void long_word(std::uint64_t value);
  void bits(float x);
  // Text.
  void text(const char* text);
  void number(std::uint64_t value);
  void hex(std::uint32_t value, int digits);
  /// As C's %a has it. x: finite, >= 0.
  void fraction(float x);
  /// What is in a string of JSON.
  void escaped(Bytes bytes);
  void flush();

  std::uint64_t size() const { return size_ + used_; }
  std::uint32_t crc() const { return crc_; }
  bool ok() const { return ok_; }

 private:
  static constexpr std::size_t kPiece = 256;  // bytes
  const ByteSink* sink_;
  unsigned char buffer_[kPiece];
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;
  std::uint32_t crc_ = 0;
  bool ok_ = true;
};

}  // namespace mote::detail
