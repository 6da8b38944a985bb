// SPDX-License-Identifier: MIT
#include "core/bytes.hpp"

#include <gtest/gtest.h>

#include <string>

#include "mote/checksum.hpp"

namespace {

using mote::detail::ByteReader;
using mote::detail::ByteWriter;
using mote::detail::Hex;
using mote::detail::HexFloat;

bool append(void* to, mote::Bytes bytes) {
  static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

mote::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

TEST(Bytes, AreReadFromAnyOffset) {
  const unsigned char memory[] = {1, 2, 3, 4, 5};
  const mote::ByteSource source = mote::source_of(mote::Bytes(memory));  // keeps no address of the temporary view
  EXPECT_EQ(source.size, 5u);
  EXPECT_EQ(source.context, memory);
  unsigned char two[2] = {};
  ASSERT_TRUE(source.read(source.context, 3, mote::Memory(two)));
  EXPECT_EQ(two[0], 4);
  EXPECT_EQ(two[1], 5);
  EXPECT_TRUE(source.read(source.context, 5, {}));
  EXPECT_DEATH(static_cast<void>(mote::detail::read_bytes(source, 4, mote::Memory(two))), "");
}

/// Numbers that fill several buffers, after `before` bytes that shift them.
std::string written(std::size_t before, std::uint32_t& crc) {
  std::string bytes;
  const mote::ByteSink sink{append, &bytes};
  ByteWriter writer(&sink);
  for (std::size_t i = 0; i < before; ++i) writer.print("x");
  for (std::uint32_t i = 0; i < 100; ++i) {
    writer.word32(0x01020304u * i);
    writer.word64(0x0102030405060708u * i);
    writer.float32(0.1f * static_cast<float>(i));
  }
  EXPECT_EQ(writer.size(), before + 1600);
  writer.flush();
  EXPECT_TRUE(writer.ok());
  crc = writer.crc();
  return bytes;
}

TEST(Bytes, ReadTheNumbersThatWereWritten) {
  for (const std::size_t before : {0u, 1u, 7u, 256u}) {
    std::uint32_t crc = 0, found = 0;
    const std::string bytes = written(before, crc);
    ASSERT_EQ(bytes.size(), before + 1600);
    EXPECT_EQ(bytes.substr(before + 16, 4), "\x04\x03\x02\x01");
    const mote::ByteSource source = mote::source_of(bytes_of(bytes));
    ByteReader reader(source, before, bytes.size());
    for (std::uint32_t i = 0; i < 100; ++i) {
      EXPECT_EQ(reader.position(), before + 16 * i);
      ASSERT_EQ(reader.word32(), 0x01020304u * i);
      ASSERT_EQ(reader.word64(), 0x0102030405060708u * i);
      ASSERT_EQ(reader.float32(), 0.1f * static_cast<float>(i));
    }
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(crc, mote::crc32(bytes_of(bytes)));
    EXPECT_TRUE(mote::detail::add_crc(source, 0, 700, found) &&
                mote::detail::add_crc(source, 700, bytes.size(), found));
    EXPECT_EQ(found, crc);
  }
}

TEST(Bytes, AreZeroAfterTheEndAndAfterAFailure) {
  const std::string bytes(13, '\7');
  ByteReader reader(mote::source_of(bytes_of(bytes)), 2, 13);
  EXPECT_EQ(reader.word64(), 0x0707070707070707u);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.word32(), 0u);  // three bytes are left
  EXPECT_FALSE(reader.ok());
  const mote::ByteSource broken{100, [](void*, std::uint64_t, mote::Memory) { return false; }, nullptr};
  ByteReader failing(broken, 0, 100);
  EXPECT_EQ(failing.word64(), 0u);
  EXPECT_FALSE(failing.ok());
  std::uint32_t crc = 5;
  EXPECT_FALSE(mote::detail::add_crc(broken, 0, 100, crc));
}

TEST(Bytes, ArePrintedAsText) {
  std::string text;
  const mote::ByteSink sink{append, &text};
  ByteWriter writer(&sink);
  writer.print("a", std::size_t{0}, ",", ~std::uint64_t{0}, " ", Hex{0xbeefu}, Hex{10, 1}, " ", HexFloat{0.75f}, " ",
               HexFloat{1e-45f});
  writer.print_escaped(bytes_of("\"\\\n"));
  writer.flush();
  EXPECT_EQ(text, "a0,18446744073709551615 0000beefa 0x1.800000p-1 0x0.000002p-126\\\"\\\\\\u000a");
  const mote::ByteSink full{[](void*, mote::Bytes) { return false; }, nullptr};
  ByteWriter refused(&full);
  refused.print("x");
  EXPECT_TRUE(refused.ok());
  refused.flush();
  EXPECT_FALSE(refused.ok());
}

TEST(Bytes, AWriteThatFailedIsNotForgotten) {
  int writes = 0;
  const mote::ByteSink sink{[](void* context, mote::Bytes) { return ++*static_cast<int*>(context) != 1; }, &writes};
  ByteWriter writer(&sink);
  writer.word32(1);
  writer.flush();
  writer.word32(2);
  writer.flush();
  EXPECT_EQ(writes, 1) << "nothing is written after a failure";
  EXPECT_FALSE(writer.ok());
}

}  // namespace
