// SPDX-License-Identifier: MIT
// Metadata of a model file: strings that describe the network, its loss and its inputs.
#pragma once

#include "../core/bytes.hpp"
#include "mote/model_file.hpp"

namespace mote::detail {

/// Keys, spelled by model_metadata_name(), in the order in which their values are read.
enum ModelKey : std::size_t {
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
  kModelKeys
};

/// A string as JSON spells it. at: offset of its opening quote in the file; 0: the key is missing.
struct MetadataValue {
  Bytes raw;
  std::uint64_t at = 0;
};

/// A CRC-32 that the file states. at: offset of its 8 digits in the file; 0: none stated.
struct StatedCrc {
  std::uint32_t value = 0;
  std::uint64_t at = 0;
};

/// Values of the metadata.
struct ModelMetadata {
  ModelDescription model;  ///< class_names as JSON spells them
  StatedCrc fingerprint, checksum;
};

Result read_metadata(const MetadataValue (&values)[kModelKeys], ModelMetadata& metadata);

/// Writes the members of "__metadata__".
void write_metadata(ByteWriter& out, const ModelDescription& model, std::uint32_t fingerprint, std::uint32_t checksum);

bool is_input_scale(float scale);
/// Whether rows and columns are both 0 or multiply to the number of inputs.
bool is_input_shape(const ModelDescription& model);

}  // namespace mote::detail
