// SPDX-License-Identifier: MIT
// A trained network as C++ source, for programs without a file system.
#pragma once

#include <cstdint>
#include <string>

#include "common/atomic_file.hpp"
#include "mote/mote.hpp"

namespace tools {

/// Input of write_header().
struct Export {
  mote::Topology topology;             ///< without batch normalization
  mote::Span<const float> parameters;  ///< laid out as in topology.hpp
  const mote::Dataset& test;           ///< the first sample becomes the golden input
  mote::WeightFormat format;
};

/// Throws an Error if `path` is a file that is not an exported header.
void check_header_path(const std::string& path);

/// Writes the header, with a namespace named after the file. Equal networks give equal bytes. Returns the line to
/// print: bytes of the model, and its accuracy on the test samples if they have labels. Throws an Error when the format
/// cannot hold a weight.
std::string write_header(AtomicFile& file, const Export& what);

}  // namespace tools
