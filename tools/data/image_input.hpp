// SPDX-License-Identifier: MIT
// Images for a network to look at.
#pragma once

#include <string>

#include "mote/mote.hpp"

namespace tools {

/// A binary PGM image, 8 bits a pixel: "P5", width, height and the largest value, with white space between and perhaps
/// comments, one white space, the pixels.
struct Pgm {
  std::uint32_t width = 0, height = 0, largest = 0;
  mote::Bytes pixels;
};

/// Reads its header and checks that exactly its pixels follow. Returns an empty string or what is wrong with it.
std::string parse_pgm(mote::Bytes file, Pgm& image);

/// Reads an IDX file of images or a PGM file into `memory`, brings pixels into the range of 0 to 255, and checks that
/// they are what the model takes. Throws an Error that names the file.
mote::Dataset load_images(const std::string& path, mote::Memory memory, const mote::ModelDescription& model);

}  // namespace tools
