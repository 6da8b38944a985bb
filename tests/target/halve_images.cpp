// SPDX-License-Identifier: MIT
// Halves both sides of the first images of an IDX file, for boards with little memory: each pixel of the result is the
// rounded mean of four. Usage: halve_images IMAGES COUNT > bytes, without a header.
#include <cstdio>
#include <cstdlib>

#include "mote/idx.hpp"
#include "mote/memory.hpp"

namespace {

mote::Storage<std::size_t{64} << 20> memory;

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: halve_images IMAGES COUNT\n"), 2;
  FILE* file = std::fopen(arguments[1], "rb");
  if (file == nullptr) return std::fprintf(stderr, "%s cannot be opened\n", arguments[1]), 1;
  const mote::Memory bytes = memory;
  const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  mote::Idx images;
  const std::size_t wanted = std::strtoul(arguments[2], nullptr, 10);
  const mote::Result result = mote::parse_idx(bytes.subspan(0, size), 3, images);
  if (!result.ok() || images.count() < wanted) {
    return std::fprintf(stderr, "%s: %s\n", arguments[1], mote::to_string(result.status)), 1;
  }
  const std::size_t rows = images.dimensions[1], columns = images.dimensions[2];
  const unsigned char* image = images.elements.data();
  for (std::size_t i = 0; i < wanted; ++i, image += rows * columns) {
    for (std::size_t y = 0; y + 1 < rows; y += 2) {
      for (std::size_t x = 0; x + 1 < columns; x += 2) {
        const unsigned char* four = image + y * columns + x;
        std::putchar((four[0] + four[1] + four[columns] + four[columns + 1] + 2) / 4);
      }
    }
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
