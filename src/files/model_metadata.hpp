// SPDX-License-Identifier: MIT
// The metadata of a model file: strings, and what they say of a network.
#pragma once

#include "mote/detail/finite.hpp"
#include "mote/model_file.hpp"

namespace mote::detail {

enum MetadataKey : std::size_t {
  kSizes,
  kActivations,
  kBatchNorm,
  kLoss,
  kHuberDelta,
  kLabelSmoothing,
  kInputScale,
  kInputShape,
  kClassNames,
  kFingerprint,
  kChecksum,
  kMetadataKeys
};
inline constexpr const char* kMetadataNames[kMetadataKeys] = {
    "sizes",       "activations", "batch_norm",  "loss",        "huber_delta", "label_smoothing",
    "input_scale", "input_shape", "class_names", "fingerprint", "checksum"};

/// A string of the metadata as JSON has it, and the byte of the file where it begins.
struct MetadataValue {
  Bytes raw;
  std::uint64_t at = 0;
  bool is_there = false;
};

/// A CRC-32 that the metadata may hold.
struct StatedCrc {
  bool is_there = false;
  std::uint32_t value = 0;
  std::uint64_t at = 0;  ///< byte of the file where its 8 digits begin
};

/// model.class_names stays as JSON has it.
Result read_metadata(const MetadataValue (&values)[kMetadataKeys], ModelDescription& model, StatedCrc& fingerprint,
                     StatedCrc& checksum);

/// Whether fields of a description are what they may be.
inline bool is_input_scale(float scale) {
  return scale > 0.0f && is_finite(scale);
}
inline bool is_input_shape(const ModelDescription& model) {
  return (model.rows == 0 && model.columns == 0) || std::uint64_t{model.rows} * model.columns == model.topology.inputs;
}
/// ok or model_class_names; the names as they are, not as JSON has them.
Result check_class_names(const ModelDescription& model);

}  // namespace mote::detail
