// SPDX-License-Identifier: MIT
// A trained network as a header, for programs without a file system: in C++, and as integers in C99 too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/atomic_file.hpp"
#include "common/names.hpp"
#include "mote/mote.hpp"

namespace tools {

/// How every exported header begins.
inline constexpr const char* kHeaderStart = "// A network trained by mote, written by tools/train --export-header.";

/// Input of write_header().
struct Export {
  mote::Topology topology;             ///< without batch normalization
  mote::Span<const float> parameters;  ///< laid out as in topology.hpp
  const mote::Dataset& training;       ///< its samples show the ranges of integers
  const mote::Dataset& test;           ///< the first sample becomes the golden input
  HeaderFormat format;
  mote::Calibration calibration;  ///< of integers
  mote::ScalePer scale_per;       ///< of integers
  mote::LossOptions loss;
  mote::LossTotals trained;               ///< of the trained network on the test samples
  std::string comment;                    ///< about inputs and outputs: lines that begin with "//"; may be empty
  std::vector<std::string> output_names;  ///< [outputs], or empty
  bool is_c = false;                      ///< C99 instead of C++; format is integer
};

struct Exported {
  std::string line;     ///< bytes of the model, its loss and, with labels, its accuracy on the test samples
  std::string details;  ///< loss of each layer in integers; or empty
  std::string warning;  ///< loss of accuracy by the format, if it is large; or empty
};

/// The files that an exported header may replace. Throws an Error if `path` names the library's header.
FileKind header_kind(const std::string& path);

/// Writes the header, with a namespace named after the file. Equal networks give equal bytes. Throws an Error when the
/// format cannot hold a weight.
Exported write_header(AtomicFile& file, const Export& what);

}  // namespace tools
