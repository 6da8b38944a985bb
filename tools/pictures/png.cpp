// SPDX-License-Identifier: MIT
#include "pictures/png.hpp"

#include <algorithm>

#include "mote/checksum.hpp"

namespace tools {
namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xffu);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const std::uint32_t crc = mote::crc32({reinterpret_cast<const unsigned char*>(body.data()), body.size()});
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc);
}

std::uint32_t adler32(const std::string& bytes) {
  std::uint32_t a = 1, b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<unsigned char>(byte)) % 65521u;
    b = (b + a) % 65521u;
  }
  return b << 16 | a;
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
std::string stored(const std::string& bytes) {
  constexpr std::size_t kMostInBlock = 65535;
  std::string stream = "\x78\x01";
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t size = std::min(bytes.size() - done, kMostInBlock);
    const std::size_t complement = ~size;
    stream += static_cast<char>(done + size == bytes.size() ? 1 : 0);
    for (const std::size_t number : {size, complement}) {
      stream += static_cast<char>(number & 0xffu);
      stream += static_cast<char>(number >> 8 & 0xffu);
    }
    stream += bytes.substr(done, size);
    done += size;
  }
  return stream + big_endian(adler32(bytes));
}

}  // namespace

std::string png(const std::vector<std::uint8_t>& pixels, std::size_t rows, std::size_t columns,
                const std::vector<Color>& palette) {
  std::string lines, colors, opacities;
  for (std::size_t row = 0; row < rows; ++row) {
    lines += '\0';  // not filtered
    lines.append(pixels.begin() + static_cast<std::ptrdiff_t>(row * columns),
                 pixels.begin() + static_cast<std::ptrdiff_t>((row + 1) * columns));
  }
  for (const Color& color : palette) {
    for (const std::uint8_t part : {color.red, color.green, color.blue}) colors += static_cast<char>(part);
    opacities += static_cast<char>(color.opacity);
  }
  const std::string size =
      big_endian(static_cast<std::uint32_t>(columns)) + big_endian(static_cast<std::uint32_t>(rows));
  constexpr char kFormat[] = {8, 3, 0, 0, 0};  // 8 bits, palette; compression, filter and interlace methods 0
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", size + std::string(kFormat, sizeof kFormat)) + chunk("PLTE", colors) +
         chunk("tRNS", opacities) + chunk("IDAT", stored(lines)) + chunk("IEND", "");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[bits >> (18 - 6 * k) & 63u] : '=';
  }
  return text;
}

}  // namespace tools
