// SPDX-License-Identifier: MIT
// The header of a model file: its metadata, and the place of each tensor.
#pragma once

#include "model_metadata.hpp"
#include "model_tensor.hpp"

namespace mote::detail {

struct ModelHeader {
  ModelMetadata metadata;
  std::uint64_t offsets[kMaxModelTensors] = {};  ///< byte of the file where each tensor begins
};

inline constexpr std::uint64_t kModelHeaderBegin = 8;  ///< byte of the file

/// Reads and checks a header. json: its text, which begins at kModelHeaderBegin; data_bytes: bytes after it.
Result parse_model_header(Bytes json, std::uint64_t data_bytes, ModelHeader& header);

}  // namespace mote::detail
