// SPDX-License-Identifier: MIT
// The layers of a network of another program, found by the names and the shapes of its tensors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/safetensors.hpp"

namespace tools {

/// The tensors of one module, such as PyTorch's Linear or BatchNorm1d.
struct ForeignModule {
  std::string name;                                   ///< "fc1"; "" for a Linear alone
  std::map<std::string, const ForeignTensor*> parts;  ///< by the last part of their names: "weight", "running_mean"

  /// Null: missing.
  const ForeignTensor* part(const char* leaf) const {
    const auto found = parts.find(leaf);
    return found == parts.end() ? nullptr : found->second;
  }
  bool is_norm() const { return part("running_mean") != nullptr || part("running_var") != nullptr; }
  std::uint64_t outputs() const { return part(is_norm() ? "running_mean" : "weight")->shape[0]; }
  std::uint64_t inputs() const { return part("weight")->shape[1]; }
};

struct ForeignLayer {
  ForeignModule linear;
  std::optional<ForeignModule> norm = {};  ///< the batch normalization that follows
};

/// Whether a tensor describes the samples of a model file of mote, and no layer.
bool is_of_samples(const ForeignTensor& tensor);

/// The layers, the first after the inputs first, with sizes that mote takes. name: prefix of errors. `file` must
/// outlive them. Throws an Error.
std::vector<ForeignLayer> find_layers(const ForeignFile& file, const std::string& name);

/// Throws an Error with the problem and the tensors of the file.
[[noreturn]] void refuse(const ForeignFile& file, const std::string& name, const std::string& problem);

}  // namespace tools
