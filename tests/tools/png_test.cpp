// SPDX-License-Identifier: MIT
#include "pictures/png.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

/// The CRC of the specification, bit by bit.
std::uint32_t slow_crc(const std::string& bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

/// The chunks of a file by their types, each checked.
std::map<std::string, std::string> chunks_of(const std::string& file) {
  std::map<std::string, std::string> chunks;
  EXPECT_EQ(file.substr(0, 8), "\x89PNG\r\n\x1a\n");
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t size = number_at(file, at);
    chunks[file.substr(at + 4, 4)] = file.substr(at + 8, size);
    EXPECT_EQ(number_at(file, at + 8 + size), slow_crc(file.substr(at + 4, 4 + size)));
    at += 12 + size;
  }
  return chunks;
}

/// The contents of a zlib stream of stored blocks.
std::string unpack(const std::string& stream) {
  EXPECT_EQ(stream.substr(0, 2), "\x78\x01");
  std::string bytes;
  std::size_t at = 2;
  for (bool last = false; !last;) {
    last = stream.at(at) == 1;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(stream.at(at + i)); };
    const unsigned size = byte(1) | static_cast<unsigned>(byte(2)) << 8;
    EXPECT_EQ(size ^ 0xffffu, byte(3) | static_cast<unsigned>(byte(4)) << 8);
    bytes += stream.substr(at + 5, size);
    at += 5 + size;
  }
  std::uint64_t a = 1, b = 0;
  for (const char byte : bytes) b += a += static_cast<unsigned char>(byte);
  EXPECT_EQ(number_at(stream, at), (b % 65521 << 16) + a % 65521);
  EXPECT_EQ(at + 4, stream.size());
  return bytes;
}

TEST(Png, HoldsPixelsAndColors) {
  const std::string file = tools::png({0, 1, 1, 0, 1, 0}, 2, 3, {{1, 2, 3, 4}, {250, 251, 252, 253}});
  const std::map<std::string, std::string> chunks = chunks_of(file);
  EXPECT_EQ(chunks.at("IHDR"), std::string("\0\0\0\3\0\0\0\2\x08\x03\0\0\0", 13));
  EXPECT_EQ(chunks.at("PLTE"), "\x01\x02\x03\xfa\xfb\xfc");
  EXPECT_EQ(chunks.at("tRNS"), "\x04\xfd");
  EXPECT_EQ(unpack(chunks.at("IDAT")), std::string("\0\0\1\1\0\0\1\0", 8));
  EXPECT_EQ(chunks.at("IEND"), "");
}

TEST(Png, TakesPicturesOfManyBlocks) {
  std::vector<std::uint8_t> pixels(300 * 500);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 % 251);
  const std::string lines = unpack(chunks_of(tools::png(pixels, 300, 500, std::vector<tools::Color>(256))).at("IDAT"));
  ASSERT_EQ(lines.size(), 300u * 501u);
  for (std::size_t row = 0; row < 300; ++row) {
    ASSERT_EQ(lines[row * 501], '\0');
    ASSERT_TRUE(std::equal(lines.begin() + static_cast<std::ptrdiff_t>(row * 501 + 1),
                           lines.begin() + static_cast<std::ptrdiff_t>((row + 1) * 501),
                           pixels.begin() + static_cast<std::ptrdiff_t>(row * 500),
                           [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }));
  }
}

TEST(Png, Base64IsThatOfRfc4648) {
  const char* cases[][2] = {{"", ""},
                            {"f", "Zg=="},
                            {"fo", "Zm8="},
                            {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="},
                            {"fooba", "Zm9vYmE="},
                            {"foobar", "Zm9vYmFy"},
                            {"\xff\xfe\xfb", "//77"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(tools::base64(bytes), text);
}

}  // namespace
