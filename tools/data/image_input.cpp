// SPDX-License-Identifier: MIT
#include "data/image_input.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "common/error.hpp"
#include "data/idx_numbers.hpp"
#include "data/packed_file.hpp"

namespace tools {
namespace {

bool is_space(unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Skips white space and comments from `at` on, and takes a number.
bool take_number(mote::Bytes file, std::size_t& at, std::uint32_t& number) {
  for (bool is_comment = false; at < file.size() && (is_comment || is_space(file[at]) || file[at] == '#'); ++at) {
    is_comment = file[at] == '#' || (is_comment && file[at] != '\n' && file[at] != '\r');
  }
  const std::size_t start = at;
  std::uint64_t value = 0;
  constexpr std::uint32_t kMost = ~std::uint32_t{0};  // stands for larger numbers
  for (; at < file.size() && file[at] >= '0' && file[at] <= '9'; ++at) {
    value = std::min<std::uint64_t>(10 * value + (file[at] - std::uint32_t{'0'}), kMost);
  }
  number = static_cast<std::uint32_t>(value);
  return at > start;
}

std::string size_text(std::uint64_t rows, std::uint64_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

/// The problem of a file that does not start like a binary PGM file.
std::string wrong_format(mote::Bytes file) {
  struct Format {
    std::string_view start, name;
  };
  constexpr Format kFormats[] = {{"P1", "a PBM image of text (P1)"},       {"P2", "a PGM image of text (P2)"},
                                 {"P3", "a PPM color image of text (P3)"}, {"P4", "a PBM bitmap (P4)"},
                                 {"P6", "a PPM color image (P6)"},         {"P7", "a PAM image (P7)"}};
  for (const Format& format : kFormats) {
    if (file.size() < 2 || file[0] != 'P' || file[1] != static_cast<unsigned char>(format.start[1])) continue;
    return "found " + std::string(format.name) + ", expected a binary PGM image of gray values (P5)";
  }
  return "not a binary PGM file";
}

/// Throws an Error unless images of rows x columns pixels are inputs of the model. One row of features fits any shape.
void check_size(const std::string& path, const mote::ModelDescription& model, std::uint64_t rows,
                std::uint64_t columns) {
  const bool is_known = model.rows > 1;
  if (is_known ? rows == model.rows && columns == model.columns : rows * columns == model.topology.inputs) return;
  throw Error(path + ": found an image of " + size_text(rows, columns) + " pixels, expected " +
              (is_known ? size_text(model.rows, model.columns) : std::to_string(model.topology.inputs) + " pixels"));
}

}  // namespace

std::string parse_pgm(mote::Bytes file, Pgm& image) {
  std::size_t at = 2;
  if (file.size() < 2 || file[0] != 'P' || file[1] != '5') return wrong_format(file);
  if (!take_number(file, at, image.width) || image.width == 0) return "width: expected a number greater than 0";
  if (!take_number(file, at, image.height) || image.height == 0) return "height: expected a number greater than 0";
  if (!take_number(file, at, image.largest) || image.largest == 0 || image.largest > 255) {
    return "largest value: found " + std::to_string(image.largest) + ", expected 1 to 255 (8 bits)";
  }
  if (at == file.size() || !is_space(file[at])) return "truncated header";
  ++at;
  const std::uint64_t expected = std::uint64_t{image.width} * image.height, found = file.size() - at;
  if (found != expected) {
    return "found " + std::to_string(found) + " bytes of pixels, expected " + std::to_string(expected);
  }
  image.pixels = file.subspan(at, file.size() - at);
  return "";
}

namespace {

/// The pixels of a PGM image, scaled to 0 to 255 where they lie.
mote::Dataset scaled_pixels(const std::string& path, mote::Memory memory, const Pgm& image) {
  unsigned char* pixels = memory.data() + (image.pixels.data() - memory.data());
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    if (pixels[i] > image.largest) {
      throw Error(path + ": found a pixel of " + std::to_string(pixels[i]) + ", the largest possible is " +
                  std::to_string(image.largest));
    }
    // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): parse_pgm() rejects a largest value of 0.
    pixels[i] = static_cast<unsigned char>((pixels[i] * 255u + image.largest / 2) / image.largest);
  }
  return {pixels, nullptr, 1, image.pixels.size(), 0};
}

}  // namespace

Images load_images(const std::string& path, mote::Memory memory, const mote::ModelDescription& model) {
  const mote::Bytes file = read_packed(path, "an IDX or PGM file", memory);
  if (!file.empty() && file[0] == 'P') {
    Pgm image;
    if (const std::string wrong = parse_pgm(file, image); !wrong.empty()) throw Error(path + ": " + wrong);
    check_size(path, model, image.height, image.width);
    return {scaled_pixels(path, memory, image), image.height, image.width};
  }
  mote::Idx idx;
  if (const mote::Result result = mote::parse_idx(file, idx); !result.ok()) {
    throw Error(path + ": " + describe(result));
  }
  const ImageShape shape = shape_of(idx);
  check_size(path, model, shape.rows, shape.columns);
  mote::Inputs inputs;
  require_numbers(mote::read_inputs(idx, memory.data() + (idx.elements.data() - memory.data()), inputs), idx, path);
  return {mote::Dataset(inputs, nullptr, 0), shape.rows, shape.columns};
}

std::string brightness_hint(const Images& images) {
  if (images.samples.type != mote::ElementType::uint8 || images.rows < 3 || images.columns < 3) return "";
  double sum = 0.0, pixels = 0.0;
  for (std::size_t i = 0; i < images.samples.count; ++i) {
    for (std::size_t row = 0; row < images.rows; ++row) {
      const bool is_inside = row != 0 && row + 1 != images.rows;
      for (std::size_t column = 0; column < images.columns; column += is_inside ? images.columns - 1 : 1) {
        sum += static_cast<double>(mote::element_at(images.samples, i, row * images.columns + column));
        ++pixels;
      }
    }
  }
  if (sum < 192.0 * pixels) return "";
  return "bright borders, " + std::to_string(std::lround(sum / pixels)) +
         " of 255 on average; a network that learned bright strokes on black, as MNIST has them, needs the image "
         "inverted";
}

}  // namespace tools
