// SPDX-License-Identifier: MIT
// Small pixel images inside a web page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

/// Color and opacity of a palette entry.
struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  std::uint8_t opacity = 255;
};

/// A PNG file (RFC 2083): pixels [rows][columns], each an index into `palette`, of 1 to 256 colors. Not compressed.
std::string png(const std::vector<std::uint8_t>& pixels, std::size_t rows, std::size_t columns,
                const std::vector<Color>& palette);

/// Encodes bytes by RFC 4648, section 4.
std::string base64(std::string_view bytes);

}  // namespace tools
