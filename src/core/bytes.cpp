// SPDX-License-Identifier: MIT
#include "bytes.hpp"

#include "arithmetic.hpp"
#include "little_endian.hpp"
#include "mote/checksum.hpp"

namespace mote {
namespace {

bool read_memory(void* context, std::uint64_t offset, Memory to) {
  const auto* bytes = static_cast<const unsigned char*>(context);
  if (!to.empty()) __builtin_memcpy(to.data(), bytes + static_cast<std::size_t>(offset), to.size());
  return true;
}

/// The smaller of the two.
std::size_t limited(std::uint64_t left, std::size_t most) {
  return left < most ? static_cast<std::size_t>(left) : most;
}

}  // namespace

ByteSource source_of(Bytes bytes) {
  return {bytes.size(), read_memory, const_cast<unsigned char*>(bytes.data())};
}

namespace detail {

void ByteWriter::word32(std::uint32_t value) {
  unsigned char stored[4];
  store32(value, stored);
  bytes(stored);
}

void ByteWriter::float32(float x) {
  word32(bits_of(x));
}

void ByteWriter::print_one(std::uint64_t number) {
  std::uint64_t power = 1;
  while (number / power >= 10) power *= 10;
  for (; power != 0; power /= 10) put(static_cast<unsigned char>('0' + number / power % 10));
}

void ByteWriter::print_one(Hex number) {
  while (number.digits-- > 0) {
    put(static_cast<unsigned char>("0123456789abcdef"[number.value >> 4 * number.digits & 15u]));
  }
}

void ByteWriter::print_one(HexFloat number) {
  const std::uint32_t bits = bits_of(number.value), exponent = bits >> 23 & 255u;
  print(bits >> 31 == 0 ? "" : "-", exponent == 0 ? "0x0." : "0x1.", Hex{(bits & 0x7fffff) << 1, 6},
        exponent < 127 ? "p-" : "p+");
  print_one(std::uint64_t{exponent == 0 ? 126 : exponent < 127 ? 127 - exponent : exponent - 127});
}

void ByteWriter::print_escaped(Bytes text) {
  for (const unsigned char byte : text) {
    if (byte < 0x20) {
      print("\\u", Hex{byte, 4});
      continue;
    }
    if (byte == '"' || byte == '\\') put('\\');
    put(byte);
  }
}

void ByteWriter::flush() {
  const Bytes written(buffer_, used_);
  size_ += used_;
  crc_ = crc32(written, crc_);
  if (sink_ != nullptr) ok_ = ok_ && sink_->write(sink_->context, written);
  used_ = 0;
}

std::uint32_t ByteReader::word32() {
  if (at_ == size_) refill();
  at_ += 4;
  return load32(buffer_ + at_ - 4);
}

float ByteReader::float32() {
  return float_of(word32());
}

void ByteReader::refill() {
  size_ = limited(end_ - next_, kBufferBytes) / 4 * 4;
  ok_ = ok_ && size_ != 0 && read_bytes(source_, next_, {buffer_, size_});
  if (!ok_) {
    size_ = 4;
    __builtin_memset(buffer_, 0, size_);
  }
  next_ += ok_ ? size_ : 0;
  at_ = 0;
}

bool read_bytes(const ByteSource& source, std::uint64_t offset, Memory to) {
  MOTE_ASSERT(offset <= source.size && to.size() <= source.size - offset);
  return source.read(source.context, offset, to);
}

bool add_crc(const ByteSource& source, std::uint64_t begin, std::uint64_t end, std::uint32_t& crc) {
  unsigned char buffer[kBufferBytes];
  while (begin != end) {
    const Memory piece(buffer, limited(end - begin, kBufferBytes));
    if (!read_bytes(source, begin, piece)) return false;
    crc = crc32(piece, crc);
    begin += piece.size();
  }
  return true;
}

}  // namespace detail
}  // namespace mote
