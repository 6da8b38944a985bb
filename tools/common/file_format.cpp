// SPDX-License-Identifier: MIT
#include "common/file_format.hpp"

#include <string_view>

namespace tools {

std::string format_by_start(mote::Bytes start) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  const struct {
    std::string_view start, name;
  } formats[] = {{"PK\x03\x04", "a zip archive, such as torch.save() writes"},
                 {"\x1f\x8b", "gzip data"},
                 {"\x80\x02", "a Python pickle"},
                 {"\x80\x03", "a Python pickle"},
                 {"\x80\x04", "a Python pickle"},
                 {"\x80\x05", "a Python pickle"},
                 {"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras writes"},
                 {"\x93NUMPY", "a NumPy array"},
                 {"\x89PNG", "a PNG image"},
                 {"\xff\xd8\xff", "a JPEG image"},
                 {"GIF8", "a GIF image"},
                 {"BM", "a BMP image"}};
  for (const auto& format : formats) {
    if (text.substr(0, format.start.size()) == format.start) return std::string(format.name);
  }
  return "";
}

}  // namespace tools
