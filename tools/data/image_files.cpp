// SPDX-License-Identifier: MIT
#include "data/image_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/error.hpp"
#include "common/input_file.hpp"
#include "data/large_pages.hpp"
#include "mote/idx.hpp"

namespace tools {
namespace {

/// Whether a path exists; throws where the system cannot tell.
bool exists(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) return true;
  if (errno != ENOENT) throw Error(path + ": " + std::strerror(errno));
  return false;
}

/// The path of file `name` of the set, in either spelling.
std::string find_file(const std::string& folder, const std::string& name, const std::string& ending) {
  const std::string start = folder + "/" + name;
  for (const char* separator : {"-", "."}) {
    if (exists(start + separator + ending)) return start + separator + ending;
  }
  for (const char* separator : {"-", "."}) {
    const std::string packed = start + separator + ending + ".gz";
    if (exists(packed)) throw Error(packed + ": still compressed; run gunzip on it first");
  }
  throw Error(start + "-" + ending + ": no such file (nor " + name + "." + ending + ")");
}

/// Takes memory from the front of a block. Elements of a float file are aligned, because the length of an
/// IDX header is a multiple of 4.
class Bump {
 public:
  explicit Bump(mote::Memory memory) : memory_(memory) {}

  mote::Bytes read(const std::string& path) {
    used_ = std::min((used_ + alignof(float) - 1) / alignof(float) * alignof(float), memory_.size());
    InputFile file(path, "an IDX file");
    mote::Bytes bytes;
    if (!file.read_all(memory_.subspan(used_, memory_.size() - used_), bytes)) {
      const std::size_t total = used_ + static_cast<std::size_t>(file.size());
      throw Error(
          path + ": data set too large for the " + std::to_string(memory_.size()) +
          " bytes of static memory built in; rebuild with: make DATA_MB=" + std::to_string(2 * (total >> 20) + 2));
    }
    used_ += bytes.size();
    return bytes;
  }

  /// Converts elements in the memory of read() to floats, in place.
  mote::MatrixView to_floats(const mote::Idx& idx) {
    unsigned char* elements = memory_.data() + (idx.elements.data() - memory_.data());
    float* floats = reinterpret_cast<float*>(elements);
    mote::read_floats(idx, floats);
    return {floats, idx.count(), idx.item_size(), idx.item_size()};
  }

  std::size_t used() const { return used_; }

 private:
  mote::Memory memory_;
  std::size_t used_ = 0;
};

struct Half {
  mote::Dataset dataset;
  mote::Idx images;
  std::string images_path;
};

void require(const mote::Result& result, const std::string& path) {
  if (!result.ok()) throw Error(path + ": " + describe(result));
}

void add_labels(Half& half, const std::string& path, std::size_t classes, Bump& memory) {
  mote::Idx labels;
  require(mote::parse_idx(memory.read(path), 1, labels), path);
  require(mote::make_dataset(half.images, labels, classes, half.dataset), path);
}

void add_numbers(Half& half, const std::string& path, std::size_t columns, mote::Loss loss, Bump& memory) {
  mote::Idx targets;
  require(mote::parse_idx(memory.read(path), 2, targets, mote::IdxType::float32), path);
  require(mote::make_dataset(half.images, memory.to_floats(targets), half.dataset), path);
  if (columns != 0 && half.dataset.outputs() != columns) {
    throw Error(path + ": second dimension: found " + std::to_string(half.dataset.outputs()) +
                " targets per sample, expected " + std::to_string(columns) + " as in the training set");
  }
  if (mote::check_targets(loss, half.dataset).ok()) return;
  const std::size_t sample = static_cast<std::size_t>(mote::check_targets(loss, half.dataset).found);
  const char* expected = loss == mote::Loss::cross_entropy ? "numbers from 0 to 1 that add up to 1"
                         : mote::is_cross_entropy(loss)    ? "numbers from 0 to 1"
                                                           : "finite numbers";
  std::string found;
  for (const float target : half.dataset.targets.row(sample)) {
    if (found.size() < 60) found += (found.empty() ? "" : ", ") + std::to_string(target);
  }
  throw Error(path + ": targets of sample " + std::to_string(sample) + " (the first is 0): found " + found +
              ", expected " + expected + " for this loss");
}

/// outputs: required number of outputs; 0: any number.
Half load_half(const std::string& folder, const std::string& name, Aim aim, mote::Loss loss, std::size_t outputs,
               Bump& memory) {
  Half half;
  half.images_path = find_file(folder, name + "-images", "idx3-ubyte");
  const std::string answers_path = aim == Aim::labels    ? find_file(folder, name + "-labels", "idx1-ubyte")
                                   : aim == Aim::numbers ? find_file(folder, name + "-targets", "idx2-float")
                                                         : "";
  require(mote::parse_idx(memory.read(half.images_path), 3, half.images), half.images_path);
  if (aim == Aim::labels) add_labels(half, answers_path, outputs, memory);
  if (aim == Aim::numbers) add_numbers(half, answers_path, outputs, loss, memory);
  if (aim == Aim::inputs) {
    const mote::Inputs images(half.images.elements.data(), half.images.count(), half.images.item_size());
    half.dataset = mote::Dataset(images, nullptr, 0).autoencoding();
  }
  return half;
}

}  // namespace

std::string mnist_folder() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    for (const char* place : {"../build/mnist", "../mnist"}) {  // tools/train, or another build's FOLDER/tools/train
      const std::filesystem::path folder = (program.parent_path() / place).lexically_normal();
      if (!std::filesystem::is_directory(folder, error)) continue;
      const std::filesystem::path here = std::filesystem::current_path(error);
      const std::filesystem::path nearer = folder.lexically_relative(here);
      return nearer.empty() || *nearer.begin() == ".." ? folder.string() : nearer.string();
    }
  }
  return "build/mnist";
}

ImageSet load_image_set(const std::string& folder, mote::Memory memory, Aim aim, mote::Loss loss) {
  std::error_code error;
  if (exists(folder) && !std::filesystem::is_directory(folder, error)) {
    throw Error(folder + ": not a folder; name the folder that holds the four IDX files");
  }
  if (!exists(folder)) throw Error(folder + ": no such folder; run `make` to unpack MNIST, or pass --data DIR");
  prefer_large_pages(memory);
  Bump bump(memory);
  const Half train = load_half(folder, "train", aim, loss, 0, bump);
  const Half test = load_half(folder, "t10k", aim, loss, aim == Aim::inputs ? 0 : train.dataset.outputs(), bump);
  for (int d = 1; d <= 2; ++d) {
    if (test.images.dimensions[d] == train.images.dimensions[d]) continue;
    throw Error(test.images_path + ": found images of " + std::to_string(test.images.dimensions[1]) + " x " +
                std::to_string(test.images.dimensions[2]) + ", expected " + std::to_string(train.images.dimensions[1]) +
                " x " + std::to_string(train.images.dimensions[2]) + " as in " + train.images_path);
  }
  return {train.dataset, test.dataset, train.images.dimensions[1], train.images.dimensions[2], bump.used()};
}

}  // namespace tools
