// SPDX-License-Identifier: MIT
// Image sets on disk: four IDX files in a folder, laid out as MNIST is, with labels or with vectors of numbers.
#pragma once

#include <cstdint>
#include <string>

#include "mote/dataset.hpp"
#include "mote/memory.hpp"

namespace tools {

/// What a network is to make of an image: its class, a vector of numbers, or the image itself.
enum class Aim { labels, numbers, inputs };

struct ImageSet {
  mote::Dataset train;
  mote::Dataset test;
  std::uint32_t rows = 0;     ///< of an image, in pixels
  std::uint32_t columns = 0;  ///< likewise
  std::size_t bytes = 0;      ///< of memory that the files take
};

/// The MNIST that `make` unpacks, found from where the running program lies.
std::string mnist_folder();

/// Reads {train,t10k}-images from `folder` into `memory` (aligned for floats), and beside them {train,t10k}-labels, or
/// {train,t10k}-targets-idx2-float, or nothing; both spellings, train-images-idx3-ubyte and train-images.idx3-ubyte,
/// are looked for. Targets are checked for what the loss can take. Throws an Error that names the file and what is
/// wrong with it.
ImageSet load_image_set(const std::string& folder, mote::Memory memory, Aim aim = Aim::labels,
                        mote::Loss loss = mote::Loss::quadratic);

}  // namespace tools
