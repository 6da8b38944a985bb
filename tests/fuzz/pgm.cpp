// SPDX-License-Identifier: MIT
// Binary PGM files.
#include "data/image_input.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mote::Bytes file(data, size);
  tools::Pgm image;
  if (!tools::parse_pgm(file, image).empty()) return 0;
  fuzz::require(image.width != 0 && image.height != 0, "an image has pixels");
  fuzz::require(image.largest >= 1 && image.largest <= 255, "pixels are bytes");
  fuzz::require(image.pixels.size() == std::uint64_t{image.width} * image.height, "there are as many as it says");
  fuzz::require(image.pixels.end() == file.end() && image.pixels.data() > file.data(), "they end the file");
  return 0;
}
