// SPDX-License-Identifier: MIT
// PGM and PPM files, and digits in them.
#include "data/pnm.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mote::Bytes file(data, size);
  tools::GrayImage image;
  if (!tools::read_pnm(file, image).empty()) return 0;
  fuzz::require(image.width != 0 && image.height != 0, "an image has pixels");
  fuzz::require(image.pixels.size() == std::uint64_t{image.width} * image.height, "there are as many as it says");
  const tools::GrayImage digit = tools::fit_digit(image, 28, 28);
  fuzz::require(digit.pixels.empty() || digit.pixels.size() == 28 * 28, "a digit has the size asked for");
  return 0;
}
