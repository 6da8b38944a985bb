// SPDX-License-Identifier: MIT
// The header of a model file, read and checked, and where each of its tensors lies.
#pragma once

#include "model_metadata.hpp"
#include "model_tensor.hpp"

namespace mote::detail {

struct ModelHeader {
  ModelDescription model;  // class_names as JSON has them
  StatedCrc fingerprint, checksum;
  std::uint64_t offsets[kMaxModelTensors] = {};  // of each tensor, byte of the file
};

inline constexpr std::uint64_t kModelHeaderBegin = 8;  // byte of the file

/// json: what the header, from byte 8 of the file on, says; data_bytes: what follows it.
Result parse_model_header(Bytes json, std::uint64_t data_bytes, ModelHeader& header);

}  // namespace mote::detail
