// SPDX-License-Identifier: MIT
// A trained network as C++ source, for programs without a file system.
#pragma once

#include <cstdint>
#include <string>

#include "common/atomic_file.hpp"
#include "mote/mote.hpp"

namespace tools {

/// What is to become a header.
struct Export {
  mote::Topology topology;             ///< without batch normalization
  mote::Span<const float> parameters;  ///< as topology.hpp says
  const mote::Dataset& test;           ///< the first sample becomes the golden input
  mote::WeightFormat format;
};

/// Throws an Error where there is something that is no such header.
void check_header_path(const std::string& path);

/// Writes it, the same bytes for the same network, in a namespace called as the file is. Returns what is to be said:
/// bytes of the model, and its accuracy on the test samples if they have labels. Throws an Error when a weight has no
/// place in the format.
std::string write_header(AtomicFile& file, const Export& what);

}  // namespace tools
