// SPDX-License-Identifier: MIT
// Shapes and errors of IDX files.
#pragma once

#include <cstdint>
#include <string>

#include "mote/idx.hpp"

namespace tools {

struct ImageShape {
  std::uint32_t rows = 0, columns = 0;
};

/// Height and width of the images of a file. Dimensions of 1 beside two others are left out. Of three, colors as the
/// last (at most 4) make an image wider, as the first higher. Other numbers of dimensions: one row.
ImageShape shape_of(const mote::Idx& idx);

/// "sample 7 (the first is 0)"
std::string sample_text(std::size_t sample);

/// Throws an Error of the file unless result.ok(). The result of read_floats(), read_inputs() or read_labels() is told
/// with the sample and the number that was found.
void require_numbers(const mote::Result& result, const mote::Idx& idx, const std::string& path);

}  // namespace tools
