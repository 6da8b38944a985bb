// SPDX-License-Identifier: MIT
#include "data/image_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "common/error.hpp"
#include "common/names.hpp"
#include "data/idx_numbers.hpp"
#include "data/large_pages.hpp"
#include "data/packed_file.hpp"
#include "data/set_members.hpp"
#include "mote/idx.hpp"

namespace tools {
namespace {

/// Takes memory from the front of a block. Elements of an IDX file are aligned for floats, because the length of its
/// header is a multiple of 4.
class Bump {
 public:
  explicit Bump(mote::Memory memory) : memory_(memory) {}

  mote::Bytes read(const std::string& path) {
    align();
    const mote::Bytes bytes = read_packed(path, "an IDX file", memory_.subspan(used_, memory_.size() - used_), used_);
    used_ += bytes.size();
    return bytes;
  }

  /// The memory of the elements of a file that read() read.
  unsigned char* elements_of(const mote::Idx& idx) { return memory_.data() + (idx.elements.data() - memory_.data()); }

  /// Memory for the elements as floats: their own where it is enough.
  float* floats_of(const mote::Idx& idx, const std::string& path) {
    if (size_of(idx.type) >= sizeof(float)) return reinterpret_cast<float*>(elements_of(idx));
    align();
    const std::size_t bytes = idx.count() * idx.item_size() * sizeof(float);
    if (bytes > memory_.size() - used_) refuse_size(path, memory_.size(), used_ + bytes);
    float* floats = reinterpret_cast<float*>(memory_.data() + used_);
    used_ += bytes;
    return floats;
  }

  std::size_t used() const { return used_; }

 private:
  void align() { used_ = std::min((used_ + alignof(float) - 1) / alignof(float) * alignof(float), memory_.size()); }

  mote::Memory memory_;
  std::size_t used_ = 0;
};

struct Half {
  mote::Dataset dataset;
  mote::Idx images;
  std::string images_path;
  ImageShape shape;
};

void require(const mote::Result& result, const std::string& path) {
  if (!result.ok()) throw Error(path + ": " + describe(result));
}

void require_count(const mote::Idx& idx, const Half& half, const std::string& path) {
  if (idx.count() == half.images.count()) return;
  require({mote::Status::count_mismatch, idx.count(), half.images.count()}, path);
}

void read_images(Half& half, Bump& memory) {
  const std::string& path = half.images_path;
  mote::Idx& idx = half.images;
  require(mote::parse_idx(memory.read(path), idx), path);
  // Labels in the place of images would be one feature.
  if (idx.rank == 1 && path.find("idx1-") == std::string::npos) require({mote::Status::idx_rank, 1, 3}, path);
  mote::Inputs inputs;
  require_numbers(mote::read_inputs(idx, memory.elements_of(idx), inputs), idx, path);
  half.dataset = mote::Dataset(inputs, nullptr, 0);
  half.shape = shape_of(idx);
  for (std::size_t i = 0; inputs.type == mote::ElementType::float32 && i < idx.count() * idx.item_size(); ++i) {
    if (std::isfinite(static_cast<const float*>(inputs.data)[i])) continue;
    throw Error(path + ": element " + std::to_string(i % idx.item_size()) + " of " + sample_text(i / idx.item_size()) +
                ": found NaN or infinity, expected a finite number");
  }
}

/// classes: required number of classes; 0: the largest label + 1.
void add_labels(Half& half, const std::string& path, std::size_t classes, Bump& memory) {
  mote::Idx idx;
  require(mote::parse_idx(memory.read(path), idx), path);
  require_count(idx, half, path);
  unsigned char* labels = memory.elements_of(idx);
  require_numbers(mote::read_labels(idx, labels), idx, path);
  const std::size_t largest = mote::largest_label({labels, idx.count()});
  if (classes != 0 && largest >= classes) require({mote::Status::label_out_of_range, largest, classes - 1}, path);
  half.dataset = mote::Dataset(half.dataset, labels, classes != 0 ? classes : largest + 1);
}

void add_numbers(Half& half, const std::string& path, std::size_t columns, mote::Loss loss, Bump& memory) {
  mote::Idx idx;
  require(mote::parse_idx(memory.read(path), idx), path);
  require_count(idx, half, path);
  float* targets = memory.floats_of(idx, path);
  require_numbers(mote::read_floats(idx, targets), idx, path);
  half.dataset = mote::Dataset(half.dataset, {targets, idx.count(), idx.item_size(), idx.item_size()});
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
  throw Error(path + ": targets of " + sample_text(sample) + ": found " + found + ", expected " + expected +
              " for this loss");
}

/// outputs: required number of outputs; 0: any number.
Half load_half(const std::string& folder, const std::string& name, Aim aim, mote::Loss loss, std::size_t outputs,
               Bump& memory) {
  Half half;
  half.images_path = find_member(folder, name + "-images", "idx3-ubyte");
  const std::string answers_path = aim == Aim::labels    ? find_member(folder, name + "-labels", "idx1-ubyte")
                                   : aim == Aim::numbers ? find_member(folder, name + "-targets", "idx2-float")
                                                         : "";
  read_images(half, memory);
  if (aim == Aim::labels) add_labels(half, answers_path, outputs, memory);
  if (aim == Aim::numbers) add_numbers(half, answers_path, outputs, loss, memory);
  if (aim == Aim::inputs) {
    half.dataset = half.dataset.autoencoding();
    if (!mote::check_targets(loss, half.dataset).ok()) {
      throw Error(half.images_path +
                  ": found inputs out of range, expected numbers from 0 to 1, the targets of this loss");
    }
  }
  return half;
}

/// Throws an Error unless the test images are like the training images.
void require_alike(const Half& train, const Half& test) {
  if (test.shape.rows != train.shape.rows || test.shape.columns != train.shape.columns) {
    const auto size = [](const Half& half) {
      return std::to_string(half.shape.columns) + " x " + std::to_string(half.shape.rows);
    };
    throw Error(test.images_path + ": found images of " + size(test) + ", expected " + size(train) + " as in " +
                train.images_path);
  }
  if (test.images.type == train.images.type) return;
  throw Error(test.images_path + ": found " + std::string(name_of(kIdxTypes, test.images.type)) +
              " after training images of " + std::string(name_of(kIdxTypes, train.images.type)) +
              ", expected one type for both");
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
  if (exists(folder) && !is_directory(folder)) {
    throw Error(folder + ": not a folder; name the folder that holds the four IDX files");
  }
  if (!exists(folder)) throw Error(folder + ": no such folder; run `make` to unpack MNIST, or pass --data DIR");
  prefer_large_pages(memory);
  Bump bump(memory);
  const Half train = load_half(folder, "train", aim, loss, 0, bump);
  const Half test = load_half(folder, "t10k", aim, loss, aim == Aim::inputs ? 0 : train.dataset.outputs(), bump);
  require_alike(train, test);
  return {train.dataset, test.dataset, train.shape.rows, train.shape.columns, bump.used()};
}

}  // namespace tools
