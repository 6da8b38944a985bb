// SPDX-License-Identifier: MIT
#include "data/image_input.hpp"

#include "common/error.hpp"
#include "common/input_file.hpp"

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
  for (number = 0; at < file.size() && file[at] >= '0' && file[at] <= '9' && number < 100000000; ++at) {
    number = 10 * number + (file[at] - std::uint32_t{'0'});
  }
  return at > start;
}

std::string size_text(std::uint64_t rows, std::uint64_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

/// Throws an Error unless images of rows x columns pixels are inputs of the model.
void check_size(const std::string& path, const mote::ModelDescription& model, std::uint64_t rows,
                std::uint64_t columns) {
  const bool is_known = model.rows != 0;
  if (is_known ? rows == model.rows && columns == model.columns : rows * columns == model.topology.inputs) return;
  throw Error(path + ": found an image of " + size_text(rows, columns) + " pixels, expected " +
              (is_known ? size_text(model.rows, model.columns) : std::to_string(model.topology.inputs) + " pixels"));
}

}  // namespace

std::string parse_pgm(mote::Bytes file, Pgm& image) {
  std::size_t at = 2;
  if (file.size() < 2 || file[0] != 'P' || file[1] != '5') return "not a binary PGM file";
  if (!take_number(file, at, image.width) || image.width == 0) return "width: expected a number greater than 0";
  if (!take_number(file, at, image.height) || image.height == 0) return "height: expected a number greater than 0";
  if (!take_number(file, at, image.largest) || image.largest == 0 || image.largest > 255) {
    return "largest value: expected 1 to 255";
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

mote::Dataset load_images(const std::string& path, mote::Memory memory, const mote::ModelDescription& model) {
  InputFile input(path, "an IDX or PGM file");
  mote::Bytes file;
  if (!input.read_all(memory, file)) {
    throw Error(
        path + ": file too large for the " + std::to_string(memory.size()) +
        " bytes of static memory built in; rebuild with: make DATA_MB=" + std::to_string((input.size() >> 20) + 1));
  }
  mote::Dataset images;
  if (!file.empty() && file[0] == 'P') {
    Pgm image;
    if (const std::string wrong = parse_pgm(file, image); !wrong.empty()) throw Error(path + ": " + wrong);
    check_size(path, model, image.height, image.width);
    unsigned char* pixels = memory.data() + (image.pixels.data() - memory.data());
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      if (pixels[i] > image.largest) {
        throw Error(path + ": found a pixel of " + std::to_string(pixels[i]) + ", the largest possible is " +
                    std::to_string(image.largest));
      }
      // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): parse_pgm() rejects a largest value of 0.
      pixels[i] = static_cast<unsigned char>((pixels[i] * 255u + image.largest / 2) / image.largest);
    }
    images = mote::Dataset(pixels, nullptr, 1, image.pixels.size(), 0);
  } else {
    mote::Idx idx;
    if (const mote::Result result = mote::parse_idx(file, 3, idx); !result.ok()) {
      throw Error(path + ": " + describe(result));
    }
    check_size(path, model, idx.dimensions[1], idx.dimensions[2]);
    images = mote::Dataset(idx.elements.data(), nullptr, idx.count(), idx.item_size(), 0);
  }
  return images;
}

}  // namespace tools
