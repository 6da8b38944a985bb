// SPDX-License-Identifier: MIT
// Bytes and text on their way to a sink.
#pragma once

#include "mote/checksum.hpp"
#include "mote/stream.hpp"

namespace mote::detail {

/// Counts what is written, and takes its CRC; hands it on to a sink, unless that is null, in pieces.
class Output {
 public:
  explicit Output(const ByteSink* sink) : sink_(sink) {}

  void put(unsigned char byte) {
    buffer_[used_++] = byte;
    if (used_ == kPiece) flush();
  }
  void text(const char* text) {
    for (; *text != '\0'; ++text) put(static_cast<unsigned char>(*text));
  }
  void number(std::uint64_t value) {
    std::uint64_t power = 1;
    while (value / power >= 10) power *= 10;
    for (; power != 0; power /= 10) put(static_cast<unsigned char>('0' + value / power % 10));
  }
  void hex(std::uint32_t value, int digits) {
    while (digits-- > 0) put(static_cast<unsigned char>("0123456789abcdef"[value >> 4 * digits & 15u]));
  }
  /// As C's %a has it. x: finite, >= 0.
  void fraction(float x) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    const std::uint32_t exponent = bits >> 23;
    text(exponent == 0 ? "0x0." : "0x1.");
    hex((bits & 0x7fffff) << 1, 6);
    text(exponent < 127 ? "p-" : "p+");
    number(exponent == 0 ? 126 : exponent < 127 ? 127 - exponent : exponent - 127);
  }
  /// What is in a string of JSON.
  void escaped(Bytes bytes) {
    for (const unsigned char byte : bytes) {
      if (byte < 0x20) {
        text("\\u");
        hex(byte, 4);
        continue;
      }
      if (byte == '"' || byte == '\\') put('\\');
      put(byte);
    }
  }
  void flush() {
    const Bytes piece(buffer_, used_);
    size_ += used_;
    crc_ = crc32(piece, crc_);
    if (sink_ != nullptr) ok_ = ok_ && sink_->write(sink_->context, piece);
    used_ = 0;
  }

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
