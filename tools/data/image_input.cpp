// SPDX-License-Identifier: MIT
#include "data/image_input.hpp"

#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/file_format.hpp"
#include "common/option_values.hpp"
#include "data/idx_numbers.hpp"
#include "data/packed_file.hpp"
#include "data/pnm.hpp"

namespace tools {
namespace {

std::string size_text(std::uint64_t rows, std::uint64_t columns) {
  return std::to_string(columns) + " x " + std::to_string(rows);  // width first, as everybody writes it
}

/// Throws an Error unless images of rows x columns pixels are inputs of the model. One row of features fits any shape.
void check_size(const std::string& path, const mote::ModelDescription& model, std::uint64_t rows,
                std::uint64_t columns) {
  const bool is_known = model.rows > 1;
  if (is_known ? rows == model.rows && columns == model.columns : rows * columns == model.topology.inputs) return;
  throw Error(path + ": found an image of " + size_text(rows, columns) + " pixels, expected " +
              (is_known ? size_text(model.rows, model.columns) : std::to_string(model.topology.inputs) + " pixels") +
              (is_known ? "; predict --fit fits a digit of any size" : ""));
}

/// Copies an image to `memory`.
Images as_inputs(const GrayImage& image, const std::string& path, mote::Memory memory) {
  if (image.pixels.size() > memory.size()) refuse_size(path, memory.size(), image.pixels.size());
  std::copy(image.pixels.begin(), image.pixels.end(), memory.begin());
  return {mote::Dataset(memory.data(), nullptr, 1, image.pixels.size(), 0), image.height, image.width};
}

GrayImage image_of(const std::string& path, mote::Bytes file) {
  GrayImage image;
  if (const std::string wrong = read_pnm(file, image); !wrong.empty()) throw Error(path + ": " + wrong);
  return image;
}

/// Throws an Error that names the format of a file, if it is known and not the expected one.
void require_known_format(const std::string& path, mote::Bytes file, const char* expected) {
  const std::string format = format_by_start(file);
  if (format.empty()) return;
  const bool is_image = format.find("image") != std::string::npos;
  throw Error(path + ": found " + format + ", expected " + expected +
              (is_image ? "; `convert " + quoted(path) + " -colorspace gray image.pgm` of ImageMagick makes one" : ""));
}

}  // namespace

Images load_digit(const std::string& path, mote::Memory memory, const mote::ModelDescription& model) {
  if (model.rows < 2) throw Error("--fit: the inputs of the network are no image");
  const mote::Bytes file = read_packed(path, "a PGM or PPM image", memory);
  require_known_format(path, file, "a PGM or PPM image");
  const GrayImage digit = fit_digit(image_of(path, file), model.columns, model.rows);
  if (digit.pixels.empty()) {
    throw Error(path + ": found no strokes: no pixel differs from the border by " + std::to_string(kLeastContrast) +
                " of 255");
  }
  return as_inputs(digit, path, memory);
}

Images load_images(const std::string& path, mote::Memory memory, const mote::ModelDescription& model) {
  const mote::Bytes file = read_packed(path, "an IDX, PGM or PPM file", memory);
  if (!file.empty() && file[0] == 'P' && format_by_start(file).empty()) {
    const GrayImage image = image_of(path, file);
    check_size(path, model, image.height, image.width);
    return as_inputs(image, path, memory);
  }
  mote::Idx idx;
  if (const mote::Result result = mote::parse_idx(file, idx); !result.ok()) {
    require_known_format(path, file, "an IDX or PGM file");
    const bool is_other = result.status == mote::Status::idx_bad_magic;
    throw Error(path + ": " + describe(result) +
                (is_other ? "; expected an IDX, PGM or PPM file, such as: convert FILE digit.pgm" : ""));
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
    for_each_border_pixel(images.rows, images.columns, [&](std::size_t row, std::size_t column) {
      sum += static_cast<double>(mote::element_at(images.samples, i, row * images.columns + column));
      ++pixels;
    });
  }
  if (sum < 192.0 * pixels) return "";
  return "bright borders, " + std::to_string(std::lround(sum / pixels)) +
         " of 255 on average; a network that learned bright strokes on black, as MNIST has them, needs the image "
         "inverted";
}

}  // namespace tools
