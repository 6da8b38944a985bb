// SPDX-License-Identifier: MIT
// The header of a model file: tensors, in the order in which they are written, with their shapes and the place of their
// numbers in memory; metadata, strings that describe the network, its loss and its inputs.
#pragma once

#include "../core/bytes.hpp"
#include "mote/detail/finite.hpp"
#include "mote/model_file.hpp"

namespace mote::detail {

/// One tensor of a model file, [outputs][columns].
struct ModelTensor {
  enum class Kind : std::uint8_t {
    weight,
    bias,
    norm_weight,
    norm_bias,
    norm_mean,
    norm_variance,
    counter,  // the first that no network needs
    bias_before_norm,
    input_offset,
    input_scale,
    golden_inputs,
    golden_outputs
  };
  Kind kind = Kind::weight;
  std::size_t layer = 0;
  std::size_t outputs = 0;
  std::size_t columns = 1;  ///< inputs of the layer for its weights, else 1
  /// Element [j][k] is float offset + j + k stride of the running statistics if is_running(), else of the parameters.
  std::size_t offset = 0, stride = 0;

  bool is_needed() const { return kind < Kind::counter; }
  std::uint64_t elements() const { return std::uint64_t{outputs} * columns; }
  std::uint64_t bytes() const { return elements() * (kind == Kind::counter ? 8 : sizeof(float)); }
  bool is_running() const { return kind == Kind::norm_mean || kind == Kind::norm_variance; }
  /// Whether x is a valid element: finite, not a negative variance, not a scale of 0.
  bool allows(float x) const {
    return is_finite(x) && !(kind == Kind::norm_variance && x < 0.0f) && !(kind == Kind::input_scale && x == 0.0f);
  }
};

inline constexpr std::size_t kMaxModelTensors = 7 * kMaxLayers + 4;

/// Tensor i of known_model_tensors().
ModelTensor model_tensor(const Topology& topology, std::size_t i);
/// Index of a tensor of the inputs or of the known answer.
std::size_t model_tensor_index(const Topology& topology, ModelTensor::Kind kind);

/// Calls f(float) for the elements of a tensor that the network needs, in file order.
template <typename Float, typename F>
void for_each_element(const ModelTensor& tensor, Span<Float> parameters, Span<Float> running, F f) {
  Float* first = (tensor.is_running() ? running : parameters).data() + tensor.offset;
  for (std::size_t j = 0; j < tensor.outputs; ++j) {
    for (std::size_t k = 0; k < tensor.columns; ++k) f(first[j + k * tensor.stride]);
  }
}

/// Keys, spelled by model_metadata_name(), in the order in which their values are read.
enum ModelKey : std::size_t {
  kSizes,
  kActivations,
  kBatchNorm,
  kLoss,
  kHuberDelta,
  kLabelSmoothing,
  kInputOffset,
  kInputScale,
  kInputShape,
  kClassNames,
  kTargetNames,
  kFeatureNames,
  kTargets,
  kFingerprint,
  kChecksum,
  kVersion,
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
  ModelDescription model;  ///< names as JSON spells them
  StatedCrc fingerprint, checksum;
};

Result read_metadata(const MetadataValue (&values)[kModelKeys], ModelMetadata& metadata);

/// Writes the members of "__metadata__".
void write_metadata(ByteWriter& out, const ModelDescription& model, std::uint32_t fingerprint, std::uint32_t checksum);

bool is_input_scale(float scale);
/// Whether rows and columns are both 0 or multiply to the number of inputs.
bool is_input_shape(const ModelDescription& model);

struct ModelHeader {
  ModelMetadata metadata;
  std::uint64_t offsets[kMaxModelTensors] = {};  ///< of each tensor in the file; 0: the file does not have it
  std::size_t json_bytes = 0;

  /// Offset of a tensor of the inputs or of the known answer; 0: the file does not have it.
  std::uint64_t offset_of(ModelTensor::Kind kind) const {
    return offsets[model_tensor_index(metadata.model.topology, kind)];
  }
};

inline constexpr std::uint64_t kModelHeaderBegin = 8;  ///< offset in the file

/// Reads and checks a header. json: text of the header. data_bytes: number of bytes after it.
Result parse_model_header(Bytes json, std::uint64_t data_bytes, ModelHeader& header);

/// Bytes of memory, of any alignment, for check_known_answer(); 0 for a file without a known answer.
std::size_t known_answer_bytes(const ModelHeader& header);
/// ok, or golden_mismatch if the network does not give the known answer of the file, or read_failed.
Result check_known_answer(const ByteSource& file, const ModelHeader& header, Span<const float> parameters,
                          Span<const float> running, Memory memory);

}  // namespace mote::detail
