// SPDX-License-Identifier: MIT
// Images for a trained network: IDX, PGM and PPM files.
#pragma once

#include <string>

#include "mote/mote.hpp"

namespace tools {

struct Images {
  mote::Dataset samples;
  std::size_t rows = 0, columns = 0;
};

/// Reads an IDX file of images, or a PGM or PPM file as gray values from 0 to 255, into `memory`, and checks that the
/// model takes images of this size. IDX files may be of any type and number of dimensions, and compressed by
/// gzip. Throws an Error that names the file.
Images load_images(const std::string& path, mote::Memory memory, const mote::ModelDescription& model);

/// Reads a digit from a PGM or PPM file of any size and fits it into an image of the model, as fit_digit() says. Throws
/// an Error that names the file.
Images load_digit(const std::string& path, mote::Memory memory, const mote::ModelDescription& model);

/// Says that images look like dark strokes on white paper; empty for others.
std::string brightness_hint(const Images& images);

}  // namespace tools
