// SPDX-License-Identifier: MIT
// PGM and PPM images, binary or text, and digits in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mote/memory.hpp"

namespace tools {

/// Difference of brightness, of 255, between paper and strokes; less is noise of a camera or a scanner.
inline constexpr int kLeastContrast = 16;

/// Gray values from 0 to 255, row by row.
struct GrayImage {
  std::uint32_t width = 0, height = 0;
  std::vector<unsigned char> pixels;
};

/// Reads a PGM image (P2, P5) or the luminance of a PPM image (P3, P6), with values of up to 16 bits: white space or
/// comments between the numbers of the header, and nothing after the pixels. Returns the problem, or an empty string.
std::string read_pnm(mote::Bytes file, GrayImage& image);

/// Calls f(row, column) for each pixel on the border of an image.
template <typename F>
void for_each_border_pixel(std::size_t rows, std::size_t columns, F f) {
  for (std::size_t row = 0; row < rows; ++row) {
    const bool is_inside = row != 0 && row + 1 != rows && columns > 1;
    for (std::size_t column = 0; column < columns; column += is_inside ? columns - 1 : 1) f(row, column);
  }
}

/// Fits the digit of an image of any size into an image like MNIST's: bright strokes on black, in a box of 5/7 of the
/// width and height (20 x 20 of 28 x 28), with the center of mass in the middle. Dark strokes on light paper are
/// inverted. Returns no pixels where the image has no strokes.
GrayImage fit_digit(const GrayImage& image, std::uint32_t width, std::uint32_t height);

}  // namespace tools
