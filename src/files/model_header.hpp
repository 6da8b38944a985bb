// SPDX-License-Identifier: MIT
// The header of a model file: its metadata, and the place of each tensor.
#pragma once

#include "model_metadata.hpp"
#include "model_tensor.hpp"

namespace mote::detail {

struct ModelHeader {
  ModelMetadata metadata;
  std::uint64_t offsets[kMaxModelTensors] = {};  ///< of each tensor in the file
};

inline constexpr std::uint64_t kModelHeaderBegin = 8;  ///< offset in the file

/// Reads and checks a header. json: text of the header. data_bytes: number of bytes after it.
Result parse_model_header(Bytes json, std::uint64_t data_bytes, ModelHeader& header);

}  // namespace mote::detail
