// SPDX-License-Identifier: MIT
#include "byte_writer.hpp"

#include "little_endian.hpp"

namespace mote::detail {

void ByteWriter::put(unsigned char byte) {
  buffer_[used_++] = byte;
  if (used_ == kPiece) flush();
}

void ByteWriter::bytes(Bytes bytes) {
  for (const unsigned char byte : bytes) put(byte);
}

void ByteWriter::word(std::uint32_t value) {
  unsigned char stored[4];
  store32(value, stored);
  bytes(stored);
}

void ByteWriter::long_word(std::uint64_t value) {
  word(static_cast<std::uint32_t>(value));
  word(static_cast<std::uint32_t>(value >> 32));
}

void ByteWriter::bits(float x) {
  unsigned char stored[4];
  store_float(x, stored);
  bytes(stored);
}

void ByteWriter::text(const char* text) {
  for (; *text != '\0'; ++text) put(static_cast<unsigned char>(*text));
}

void ByteWriter::number(std::uint64_t value) {
  std::uint64_t power = 1;
  while (value / power >= 10) power *= 10;
  for (; power != 0; power /= 10) put(static_cast<unsigned char>('0' + value / power % 10));
}

void ByteWriter::hex(std::uint32_t value, int digits) {
  while (digits-- > 0) put(static_cast<unsigned char>("0123456789abcdef"[value >> 4 * digits & 15u]));
}

void ByteWriter::fraction(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const std::uint32_t exponent = bits >> 23;
  text(exponent == 0 ? "0x0." : "0x1.");
  hex((bits & 0x7fffff) << 1, 6);
  text(exponent < 127 ? "p-" : "p+");
  number(exponent == 0 ? 126 : exponent < 127 ? 127 - exponent : exponent - 127);
}

void ByteWriter::escaped(Bytes bytes) {
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

void ByteWriter::flush() {
  const Bytes piece(buffer_, used_);
  size_ += used_;
  crc_ = crc32(piece, crc_);
  if (sink_ != nullptr) ok_ = ok_ && sink_->write(sink_->context, piece);
  used_ = 0;
}

}  // namespace mote::detail
