// SPDX-License-Identifier: MIT
// The writer and the reader of every file format: numbers are stored with the least significant byte first.
#pragma once

#include "mote/bytes.hpp"

namespace mote::detail {

inline constexpr std::size_t kBufferBytes = 256;

/// For print(): a hexadecimal number.
struct Hex {
  std::uint32_t value;
  int digits = 8;
};
/// For print(): a float as C's %a prints it; finite.
struct HexFloat {
  float value;
};

/// Writes to a sink through a buffer; counts the bytes and computes their CRC-32. Without a sink it writes nothing.
class ByteWriter {
 public:
  explicit ByteWriter(const ByteSink* sink) : sink_(sink) {}

  void bytes(Bytes bytes) {
    for (const unsigned char byte : bytes) put(byte);
  }
  void word32(std::uint32_t value);
  void word64(std::uint64_t value) {
    word32(static_cast<std::uint32_t>(value));
    word32(static_cast<std::uint32_t>(value >> 32));
  }
  void float32(float x);
  /// Prints strings, whole numbers, Hex and HexFloat, one after the other.
  template <typename... Parts>
  void print(const Parts&... parts) {
    (print_one(parts), ...);
  }
  /// Prints the inside of a JSON string.
  void print_escaped(Bytes text);
  void flush();

  std::uint64_t size() const { return size_ + used_; }
  /// CRC-32 of the bytes before the last flush().
  std::uint32_t crc() const { return crc_; }
  bool ok() const { return ok_; }

 private:
  void put(unsigned char byte) {
    buffer_[used_++] = byte;
    if (used_ == kBufferBytes) flush();
  }
  void print_one(const char* text) {
    for (; *text != '\0'; ++text) put(static_cast<unsigned char>(*text));
  }
  void print_one(Hex number);
  void print_one(HexFloat number);
  void print_one(std::uint64_t number);

  const ByteSink* sink_;
  unsigned char buffer_[kBufferBytes];
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;
  std::uint32_t crc_ = 0;
  bool ok_ = true;
};

/// Reads the bytes [begin, end) of a source through a buffer. After a failure, or past the end, ok() is false and
/// numbers are 0.
class ByteReader {
 public:
  ByteReader(const ByteSource& source, std::uint64_t begin, std::uint64_t end)
      : source_(source), next_(begin), end_(end) {}

  std::uint32_t word32();
  std::uint64_t word64() {
    const std::uint64_t low = word32();
    return low | std::uint64_t{word32()} << 32;
  }
  float float32();
  /// Offset of the next number in the source.
  std::uint64_t position() const { return next_ - size_ + at_; }
  bool ok() const { return ok_; }

 private:
  void refill();

  ByteSource source_;
  std::uint64_t next_, end_;  // offsets in the source; the buffer ends before next_
  unsigned char buffer_[kBufferBytes];
  std::size_t size_ = 0, at_ = 0;
  bool ok_ = true;
};

/// Reads `to.size()` bytes from `offset` on.
bool read_bytes(const ByteSource& source, std::uint64_t offset, Memory to);

/// Continues a CRC-32 over the bytes [begin, end) of a source; false when reading fails.
bool add_crc(const ByteSource& source, std::uint64_t begin, std::uint64_t end, std::uint32_t& crc);

}  // namespace mote::detail
