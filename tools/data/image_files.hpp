// SPDX-License-Identifier: MIT
// Image sets on disk: IDX files in a folder, with MNIST's layout and names, and labels or vectors of numbers.
#pragma once

#include <cstdint>
#include <string>

#include "mote/dataset.hpp"
#include "mote/memory.hpp"

namespace tools {

/// Target of a network for an image: its class, a vector of numbers, or the image itself.
enum class Aim { labels, numbers, inputs };

struct ImageSet {
  mote::Dataset train;
  mote::Dataset test;
  std::uint32_t rows = 0;     ///< height of an image in pixels
  std::uint32_t columns = 0;  ///< width of an image in pixels
  std::size_t bytes = 0;      ///< memory that the files take
};

/// The folder of the MNIST that `make` unpacks, found relative to the running program.
std::string mnist_folder();

/// Reads {train,t10k}-images from `folder` into `memory` (aligned for floats), and by the aim {train,t10k}-labels,
/// {train,t10k}-targets, or no targets; find_member() in set_members.hpp says under which names. Elements may be of any
/// IDX type and in any number of dimensions; those after the first become one row. Files may be compressed by gzip.
/// Targets must be in the range of the loss. Throws an Error that names the file and the problem.
ImageSet load_image_set(const std::string& folder, mote::Memory memory, Aim aim = Aim::labels,
                        mote::Loss loss = mote::Loss::quadratic);

}  // namespace tools
