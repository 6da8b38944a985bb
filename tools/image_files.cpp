// SPDX-License-Identifier: MIT
#include "image_files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "error.hpp"
#include "mote/idx.hpp"

namespace tools {
namespace {

/// Whether there is something; throws where that cannot be found out.
bool exists(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) return true;
  if (errno != ENOENT) throw Error(path + ": " + std::strerror(errno));
  return false;
}

/// The file `name` of the set, in whichever spelling is there.
std::string find_file(const std::string& folder, const char* name, int rank) {
  const std::string start = folder + "/" + name;
  const std::string ending = "idx" + std::to_string(rank) + "-ubyte";
  for (const char* separator : {"-", "."}) {
    if (exists(start + separator + ending)) return start + separator + ending;
  }
  for (const char* separator : {"-", "."}) {
    const std::string packed = start + separator + ending + ".gz";
    if (exists(packed)) throw Error(packed + ": still compressed; run gunzip on it first");
  }
  throw Error(start + "-" + ending + ": no such file (nor " + name + "." + ending + ")");
}

/// Takes memory from the front of a block.
class Bump {
 public:
  explicit Bump(mote::Memory memory) : memory_(memory) {}

  mote::Bytes read(const std::string& path) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) throw Error(path + ": " + std::strerror(errno));
    if (S_ISDIR(info.st_mode)) throw Error(path + ": is a directory, expected an IDX file");
    if (!S_ISREG(info.st_mode)) throw Error(path + ": is not a regular file, expected an IDX file");
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) throw Error(path + ": " + std::strerror(errno));
    const std::size_t room = memory_.size() - used_;
    const std::size_t size = std::fread(memory_.data() + used_, 1, room, file);
    const bool failed = std::ferror(file) != 0;
    const bool more = !failed && size == room && std::fgetc(file) != EOF;
    std::fclose(file);
    if (failed) throw Error(path + ": cannot be read");
    if (more) {
      const std::size_t total = used_ + static_cast<std::size_t>(info.st_size);
      throw Error(
          path + ": the data set does not fit: " + std::to_string(memory_.size()) +
          " bytes of static memory are built in; rebuild with: make DATA_MB=" + std::to_string(2 * (total >> 20) + 2));
    }
    const mote::Bytes bytes(memory_.data() + used_, size);
    used_ += size;
    return bytes;
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

Half load_half(const std::string& folder, const std::string& name, std::size_t classes, Bump& memory) {
  Half half;
  half.images_path = find_file(folder, (name + "-images").c_str(), 3);
  const std::string labels_path = find_file(folder, (name + "-labels").c_str(), 1);
  const auto require = [](const mote::Result& result, const std::string& path) {
    if (!result.ok()) throw Error(path + ": " + describe(result));
  };
  mote::Idx labels;
  require(mote::parse_idx(memory.read(half.images_path), 3, half.images), half.images_path);
  require(mote::parse_idx(memory.read(labels_path), 1, labels), labels_path);
  require(mote::make_dataset(half.images, labels, classes, half.dataset), labels_path);
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

ImageSet load_image_set(const std::string& folder, mote::Memory memory) {
  std::error_code error;
  if (exists(folder) && !std::filesystem::is_directory(folder, error)) {
    throw Error(folder + ": is not a folder; give the one that holds the four IDX files");
  }
  if (!exists(folder)) throw Error(folder + ": no such folder; run `make` to unpack MNIST, or give --data DIR");
  Bump bump(memory);
  const Half train = load_half(folder, "train", 0, bump);
  const Half test = load_half(folder, "t10k", train.dataset.classes, bump);
  for (int d = 1; d <= 2; ++d) {
    if (test.images.dimensions[d] == train.images.dimensions[d]) continue;
    throw Error(test.images_path + ": images of " + std::to_string(test.images.dimensions[1]) + " x " +
                std::to_string(test.images.dimensions[2]) + ", but those of " + train.images_path + " are " +
                std::to_string(train.images.dimensions[1]) + " x " + std::to_string(train.images.dimensions[2]));
  }
  return {train.dataset, test.dataset, train.images.dimensions[1], train.images.dimensions[2], bump.used()};
}

}  // namespace tools
