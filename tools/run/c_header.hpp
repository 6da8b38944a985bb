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
  mote::LossOptions loss;
  mote::LossTotals trained;  ///< of the trained network on the test samples
  std::string comment;       ///< about inputs and outputs: lines that begin with "//"; may be empty
};

struct Exported {
  std::string line;     ///< bytes of the model, its loss and, with labels, its accuracy on the test samples
  std::string warning;  ///< what the weight format costs, if that is much; or empty
};

/// Throws an Error if `path` is a file that is not an exported header.
void check_header_path(const std::string& path);

/// Writes the header, with a namespace named after the file. Equal networks give equal bytes. Throws an Error when the
/// format cannot hold a weight.
Exported write_header(AtomicFile& file, const Export& what);

}  // namespace tools
