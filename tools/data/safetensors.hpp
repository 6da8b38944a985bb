// SPDX-License-Identifier: MIT
// Safetensors files of other programs: names, shapes and numbers of any tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mote/bytes.hpp"

namespace tools {

/// "256,784"
std::string comma_list(const std::vector<std::uint64_t>& numbers);

struct ForeignTensor {
  std::string name;
  std::string type;  ///< "F32", "BF16", ...
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes in the file

  std::uint64_t elements() const;
  /// "fc1.weight [256,784]"
  std::string text() const;
};

struct ForeignFile {
  std::vector<ForeignTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads the header, at most 64 MiB, and checks that the tensors lie in the file. name: prefix of errors. Throws an
/// Error.
ForeignFile read_safetensors(const mote::ByteSource& file, const std::string& name);

/// The numbers of a tensor of F32, F64, F16 or BF16, rounded to single precision. Throws an Error for another type, and
/// for a number that is not finite there.
std::vector<float> read_numbers(const mote::ByteSource& file, const std::string& name, const ForeignTensor& tensor);

}  // namespace tools
