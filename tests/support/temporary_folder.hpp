// SPDX-License-Identifier: MIT
// A folder for the duration of a test, small IDX image sets in it, and the bytes of any file.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "mote-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }

 private:
  std::string path_;
};

/// The bytes of a file; none of a file that cannot be read.
inline std::string contents(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

inline std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

inline std::string idx_header(const std::vector<std::uint32_t>& dimensions, char type = 0x08) {
  std::string header(2, '\0');
  header += type;
  header += static_cast<char>(dimensions.size());
  for (const std::uint32_t d : dimensions) header += big_endian(d);
  return header;
}

/// Images of rows x columns in which class c lights pixel c brightly over a varying background.
inline std::string idx_images(std::uint32_t count, std::uint32_t rows, std::uint32_t columns, std::uint32_t classes) {
  std::string bytes = idx_header({count, rows, columns});
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t p = 0; p < rows * columns; ++p) {
      bytes += static_cast<char>(p == i % classes ? 255 : (i * 7 + p * 13) % 50);
    }
  }
  return bytes;
}

inline std::string idx_labels(std::uint32_t count, std::uint32_t classes) {
  std::string bytes = idx_header({count});
  for (std::uint32_t i = 0; i < count; ++i) bytes += static_cast<char>(i % classes);
  return bytes;
}

inline std::string idx_floats(const std::vector<std::uint32_t>& dimensions, const std::vector<float>& values) {
  std::string bytes = idx_header(dimensions, 0x0d);
  for (const float value : values) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bytes += big_endian(bits);
  }
  return bytes;
}

/// Writes 12 test images and `train_count` training images of 3 x 4 pixels in 4 classes. Paths start with `under`.
inline void write_image_set(const TemporaryFolder& folder, std::uint32_t train_count = 48,
                            const std::string& under = "") {
  folder.write(under + "train-images-idx3-ubyte", idx_images(train_count, 3, 4, 4));
  folder.write(under + "train-labels-idx1-ubyte", idx_labels(train_count, 4));
  folder.write(under + "t10k-images-idx3-ubyte", idx_images(12, 3, 4, 4));
  folder.write(under + "t10k-labels-idx1-ubyte", idx_labels(12, 4));
}
