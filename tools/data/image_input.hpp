// SPDX-License-Identifier: MIT
// Images for a trained network: IDX and PGM files.
#pragma once

#include <string>

#include "mote/mote.hpp"

namespace tools {

/// A binary PGM image, 8 bits per pixel: "P5", width, height and largest value, separated by white space or comments;
/// then one white space, and the pixels.
struct Pgm {
  std::uint32_t width = 0, height = 0, largest = 0;
  mote::Bytes pixels;
};

/// Reads the header and checks that exactly its pixels follow. Returns the problem, or an empty string.
std::string parse_pgm(mote::Bytes file, Pgm& image);

struct Images {
  mote::Dataset samples;
  std::size_t rows = 0, columns = 0;
};

/// Reads an IDX file of images or a PGM file into `memory`, scales the pixels of a PGM file to 0 to 255, and checks
/// that the model takes images of this size. IDX files may be of any type and number of dimensions, and compressed by
/// gzip. Throws an Error that names the file.
Images load_images(const std::string& path, mote::Memory memory, const mote::ModelDescription& model);

/// Says that images look like dark strokes on white paper; empty for others.
std::string brightness_hint(const Images& images);

}  // namespace tools
