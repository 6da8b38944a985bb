// SPDX-License-Identifier: MIT
#include "data/pnm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace {

std::string read(const std::string& file, tools::GrayImage& image) {
  return tools::read_pnm({reinterpret_cast<const unsigned char*>(file.data()), file.size()}, image);
}

std::vector<int> pixels_of(const std::string& file) {
  tools::GrayImage image;
  EXPECT_EQ(read(file, image), "") << file;
  EXPECT_EQ(image.pixels.size(), std::size_t{image.width} * image.height);
  return {image.pixels.begin(), image.pixels.end()};
}

TEST(Pnm, ReadsGrayAndColorInBytesAndText) {
  const std::vector<int> expected = {0, 51, 255, 102, 0, 255};
  EXPECT_EQ(pixels_of(std::string("P5 3 2 255\n\0\x33\xff\x66\0\xff", 17)), expected);
  EXPECT_EQ(pixels_of("P2\n# three columns\n3 2\n5 # largest\n0 1 5\n2 0 5\n"), expected);
  EXPECT_EQ(pixels_of("P2 3 2 5 0 1 5 # first row\n2 0 5\n# last row"), expected);
  EXPECT_EQ(pixels_of(std::string("P5 3 2 1285\n\0\0\1\1\5\5\2\2\0\0\5\5", 24)), expected) << "two bytes a pixel";
  // 0.299, 0.587 and 0.114 of red, green and blue.
  EXPECT_EQ(pixels_of("P3 4 1 255 255 0 0 0 255 0 0 0 255 255 255 255"), (std::vector<int>{76, 150, 29, 255}));
  EXPECT_EQ(pixels_of(std::string("P6 1 1 255\n\xff\0\0", 14)), std::vector<int>{76});
}

TEST(Pnm, NamesWhatIsWrong) {
  const struct {
    std::string file, problem;
  } cases[] = {
      {"", "expected a PGM or PPM image (P2, P3, P5 or P6); make one with: convert FILE digit.pgm"},
      {"P4 1 1 \1", "expected a PGM or PPM image (P2, P3, P5 or P6); make one with: convert FILE digit.pgm"},
      {"P52 1 255\n\1\2", "expected white space after P5"},
      {"P5 0 1 255\n", "width: expected a number greater than 0"},
      {"P5 1 x 255\n", "height: expected a number greater than 0"},
      {"P5 1 1 65536\n\1", "largest value: found 65536, expected 1 to 65535"},
      {"P5 1 1 -1\n\1", "largest value: expected a number from 1 to 65535"},
      {"P5 1 1", "largest value: expected a number from 1 to 65535"},
      {"P5 1 1 255", "truncated header"},
      {"P5 2 1 255\n\1", "found 1 bytes of pixels, expected 2"},
      {"P5 2 1 255\n\1\1\1", "found 3 bytes of pixels, expected 2"},
      {"P5 1 1 3\n\4", "found a pixel of 4, the largest possible is 3"},
      {"P2 2 2 9\n1 2 3 \n", "pixels: found 3 numbers, expected 4"},
      {"P2 1 1 9\n1 2", "found text after the last pixel"},
      {"P2 9999999 9999999 9\n1 2", "found 3 bytes, too few for 9999999 x 9999999 pixels"},
      {"P5 4294967296 4294967296 9\n1 2", "found 3 bytes, too few for 4294967295 x 4294967295 pixels"},
  };
  for (const auto& c : cases) {
    tools::GrayImage image;
    EXPECT_EQ(read(c.file, image), c.problem) << c.file;
  }
}

/// Light paper with a dark rectangle, or its negative.
tools::GrayImage rectangle(std::uint32_t width, std::uint32_t height, std::uint32_t left, std::uint32_t top,
                           std::uint32_t wide, std::uint32_t tall, int paper, int ink) {
  tools::GrayImage image{width, height, std::vector<unsigned char>(std::size_t{width} * height)};
  std::fill(image.pixels.begin(), image.pixels.end(), static_cast<unsigned char>(paper));
  for (std::uint32_t y = top; y < top + tall; ++y) {
    for (std::uint32_t x = left; x < left + wide; ++x) {
      image.pixels[std::size_t{y} * width + x] = static_cast<unsigned char>(ink);
    }
  }
  return image;
}

TEST(Digit, FillsItsBoxInTheMiddleWhateverThePaperAndTheSize) {
  const tools::GrayImage expected = rectangle(28, 28, 12, 4, 4, 20, 0, 255);
  const tools::GrayImage large = rectangle(300, 200, 250, 10, 30, 150, 230, 20),
                         tiny = rectangle(9, 9, 0, 1, 1, 5, 255, 0), bright = rectangle(64, 64, 40, 3, 8, 40, 0, 90);
  for (const tools::GrayImage& image : {large, tiny, bright}) {
    const tools::GrayImage digit = tools::fit_digit(image, 28, 28);
    EXPECT_EQ(digit.width, 28u);
    EXPECT_EQ(digit.height, 28u);
    EXPECT_EQ(digit.pixels, expected.pixels) << image.width;
  }
}

TEST(Digit, HasItsCenterOfMassInTheMiddle) {
  // A thick and a thin stroke: the mass is on the left.
  tools::GrayImage image = rectangle(100, 100, 10, 20, 20, 60, 255, 0);
  for (std::size_t y = 20; y < 80; ++y) std::fill_n(image.pixels.begin() + static_cast<long>(y * 100 + 62), 8, 0);
  const tools::GrayImage digit = tools::fit_digit(image, 28, 28);
  double mass = 0.0, x = 0.0, y = 0.0;
  for (std::size_t i = 0; i < digit.pixels.size(); ++i) {
    mass += digit.pixels[i];
    x += (static_cast<double>(i % 28) + 0.5) * digit.pixels[i],
        y += (static_cast<double>(i / 28) + 0.5) * digit.pixels[i];
  }
  EXPECT_NEAR(x / mass, 14.0, 0.51);
  EXPECT_NEAR(y / mass, 14.0, 0.51);
}

TEST(Digit, KeepsThinStrokesAndLeavesOutWeakMarks) {
  tools::GrayImage image = rectangle(200, 200, 100, 40, 2, 120, 200, 40);
  image.pixels[5 * 200 + 5] = 190;  // a stain far away
  const tools::GrayImage digit = tools::fit_digit(image, 28, 28);
  EXPECT_EQ(*std::max_element(digit.pixels.begin(), digit.pixels.end()), 255);
  EXPECT_EQ(std::count_if(digit.pixels.begin(), digit.pixels.end(), [](unsigned char p) { return p != 0; }), 20);
}

TEST(Digit, IsNoneOnBlankPaper) {
  EXPECT_TRUE(tools::fit_digit(rectangle(30, 30, 0, 0, 0, 0, 255, 0), 28, 28).pixels.empty());
  EXPECT_TRUE(tools::fit_digit(rectangle(1, 1, 0, 0, 0, 0, 7, 0), 28, 28).pixels.empty());
  EXPECT_EQ(tools::fit_digit(rectangle(2, 1, 0, 0, 1, 1, 70, 0), 1, 1).pixels.size(), 1u);
  EXPECT_EQ(tools::fit_digit(rectangle(9, 9, 4, 4, 1, 1, 255, 239), 28, 28).pixels.size(), 784u);
  EXPECT_TRUE(tools::fit_digit(rectangle(9, 9, 4, 4, 1, 1, 255, 240), 28, 28).pixels.empty()) << "noise";
}

}  // namespace
