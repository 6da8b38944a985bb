// SPDX-License-Identifier: MIT
// Image sets on disk: four IDX files in a folder, laid out as MNIST is.
#pragma once

#include <cstdint>
#include <string>

#include "mote/dataset.hpp"
#include "mote/memory.hpp"

namespace tools {

struct ImageSet {
  mote::Dataset train;
  mote::Dataset test;
  std::uint32_t rows = 0;     ///< of an image, in pixels
  std::uint32_t columns = 0;  ///< likewise
  std::size_t bytes = 0;      ///< of memory that the files take
};

/// The MNIST that `make` unpacks, found from where the running program lies.
std::string mnist_folder();

/// Reads {train,t10k}-{images,labels} from `folder` into `memory`; both spellings, train-images-idx3-ubyte and
/// train-images.idx3-ubyte, are looked for. Throws an Error that names the file and what is wrong with it.
ImageSet load_image_set(const std::string& folder, mote::Memory memory);

}  // namespace tools
