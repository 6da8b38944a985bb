// SPDX-License-Identifier: MIT
// Model files in the safetensors format, which PyTorch, NumPy and others read: 8 bytes with the size of the header, the
// header in JSON, then the numbers as little-endian floats. Contents:
//
//   layers.N.weight     [outputs][inputs], as in PyTorch's Linear, for layers N = 0, 1, ... after the inputs
//   layers.N.bias       [outputs]
//   norms.N.weight, norms.N.bias, norms.N.running_mean, norms.N.running_var, [outputs] each, as in BatchNorm1d:
//                       instead of layers.N.bias where layer N has batch normalization
//   __metadata__        strings. Required: sizes "784,256,10" (inputs first), activations "relu,softmax" and loss
//                       "cross-entropy" (name_of()). Optional: batch_norm "0" (layers with batch normalization),
//                       huber_delta and label_smoothing, input_offset (default 0) and input_scale (default 1/255),
//                       input_shape "28,28" (rows and columns of an image), class_names, target_names and feature_names
//                       (separated by line feeds), targets "numbers" or "inputs" (default "labels"), mote_version;
//                       fingerprint (topology.hpp) and checksum, which the reader verifies. Beside mote_version and
//                       fingerprint, checksum is required. Fractions are hexadecimal, "0x1.010102p-8": exact, as C's %a
//                       and Python's float.hex() write them; the reader takes decimal ones too, such as "0.0039215686".
//                       silu may be called "swish".
//
// Optional tensors:
//
//   inputs.offset, inputs.scale   [inputs]: offsets and scales of the features, instead of input_offset and input_scale
//   golden.inputs, golden.outputs [inputs], [outputs]: a known answer, elements of a sample and the network's outputs
//   layers.N.bias                 [outputs], before batch normalization too: subtracted from norms.N.running_mean
//   norms.N.num_batches_tracked   ignored
//
// An input is (element - offset) * scale of an element of the data, such as a byte of an image. So a network that was
// trained elsewhere on normalized inputs, (x / 255 - mean) / deviation of bytes x, has
//
//   input_offset = 255 mean,   input_scale = 1 / (255 deviation)
//
// A network from elsewhere should bring a known answer, here in PyTorch with elements x, its metadata beside it:
//
//   tensors = network.state_dict()   # weights are [outputs][inputs]: transposed ones pass for others in square layers
//   tensors["golden.inputs"], tensors["golden.outputs"] = x, network.eval()((x / 255 - mean)[None] / deviation)[0]
//
// The reader then computes the outputs and compares them: this finds transposed weights, another activation, or a wrong
// offset or scale.
//
// checksum is the CRC-32 of the whole file in 8 hexadecimal digits, computed with "00000000" in their place. The writer
// writes all but the known answer, biases before batch normalization and num_batches_tracked. The reader ignores other
// metadata, and other keys of a tensor; it rejects any other tensor, and any gap.
#ifndef MOTE_MODEL_FILE_HPP
#define MOTE_MODEL_FILE_HPP

#include <cstddef>
#include <cstdint>

#include "mote/bytes.hpp"
#include "mote/inputs.hpp"
#include "mote/loss.hpp"
#include "mote/topology.hpp"

namespace mote {

/// Targets of the training: labels, for which the largest output names the class; numbers; the inputs (autoencoder).
enum class ModelTargets : std::uint8_t { labels, numbers, inputs };

/// Name in model files; null for a value that is none of the enumerators.
constexpr const char* name_of(ModelTargets targets) {
  switch (targets) {
    case ModelTargets::labels: return "labels";
    case ModelTargets::numbers: return "numbers";
    case ModelTargets::inputs: return "inputs";
  }
  return nullptr;
}

/// The contents of a model file besides its parameters.
struct ModelDescription {
  Topology topology;
  LossOptions loss;
  float input_offset = 0.0f;             ///< Inputs::offset: finite
  float input_scale = 1.0f / 255.0f;     ///< Inputs::scale: finite, not 0
  Span<const float> input_offsets = {};  ///< Inputs::offsets, [inputs], like input_scales; or both empty
  Span<const float> input_scales = {};   ///< Inputs::scales
  std::uint32_t rows = 0;                ///< of an image whose pixels are the inputs; 0: the inputs are no image
  std::uint32_t columns = 0;
  // Names in UTF-8, separated by line feeds; or empty.
  Bytes class_names = {};    ///< one for each output
  Bytes target_names = {};   ///< one for each output
  Bytes feature_names = {};  ///< one for each input
  ModelTargets targets = ModelTargets::labels;

  /// Stores the offsets and scales of samples; views those of features.
  void take_transformation(const Inputs& samples) {
    const std::size_t of_each = samples.scales == nullptr ? 0 : samples.features;
    input_offset = samples.offset;
    input_scale = samples.scale;
    input_offsets = {samples.offsets, of_each};
    input_scales = {samples.scales, of_each};
  }
  /// Sets the offsets and scales of samples; they view those of features.
  void set_transformation(Inputs& samples) const {
    samples.offset = input_offset;
    samples.scale = input_scale;
    samples.offsets = input_scales.empty() ? nullptr : input_offsets.data();
    samples.scales = input_scales.empty() ? nullptr : input_scales.data();
  }
};

/// Checks a description: ok; a status of check(topology) or check(loss); model_metadata; model_names; memory_too_small
/// for a wrong number of offsets or scales; model_number.
Result check(const ModelDescription& model);

/// Writes a model file. parameters: parameter_count() floats of the topology; running: running_statistics_count()
/// floats, laid out as in batch_norm.hpp. Fails with a status of check(model), memory_too_small for another number of
/// floats, model_number or write_failed. Traverses the numbers twice: first for the checksum.
Result write_model(const ModelDescription& model, Span<const float> parameters, Span<const float> running,
                   const ByteSink& sink);

/// Reads the header and checks that it describes a complete file. header: memory for the header and for the offsets and
/// scales of features; memory_too_small states the bytes needed. The description's names, offsets and scales are views
/// of that memory. A failure leaves `model` unchanged, except that model_tensor and model_number store the topology,
/// which tells the name of the tensor found. Like read_model(), takes about 200 bytes of stack for each of kMaxLayers
/// layers.
Result read_model_description(const ByteSource& file, Memory header, ModelDescription& model);

/// Loads a network of exactly this topology; model_differs for another one: difference() finds where.
/// parameters, running: as for write_model. header: memory for the header and, if the file has a known answer, for
/// computing it; memory_too_small states the bytes needed. Everything is checked before the first parameter is written,
/// the whole file by its checksum if it states one; if the fingerprint or a later read fails, all parameters are 0, and
/// also for golden_mismatch, an output that differs from the known answer by more than 1/1000 of its largest output.
Result read_model(const ByteSource& file, Memory header, const Topology& topology, Span<float> parameters,
                  Span<float> running);

/// The first difference of two networks.
struct TopologyDifference {
  enum class What : std::uint8_t { nothing, inputs, layer_count, outputs, activation, batch_norm };
  What what = What::nothing;
  std::size_t layer = 0;    ///< 0: the first after the inputs
  std::uint32_t found = 0;  ///< size, number of layers, value of the Activation, or 1 with batch normalization
  std::uint32_t expected = 0;
};
TopologyDifference difference(const Topology& found, const Topology& expected);

/// Number of tensors that a network needs. Their indices follow the order in which they are written.
std::size_t model_tensor_count(const Topology& topology);
/// Number of tensors that its file may have: after those needed, norms.N.num_batches_tracked of all layers N, biases of
/// all layers before batch normalization, inputs.offset, inputs.scale, golden.inputs and golden.outputs.
std::size_t known_model_tensors(const Topology& topology);
/// A name such as "layers.0.weight".
struct TensorName {
  char text[32];
};
/// Name of one of the known_model_tensors().
TensorName model_tensor_name(const Topology& topology, std::size_t tensor);
/// Shape of a tensor of F32: [outputs][inputs] of a layer's weights, else [outputs] or [inputs]. num_batches_tracked: a
/// scalar, I64.
struct TensorShape {
  std::size_t rank = 1;
  std::size_t sizes[2] = {1, 1};
};
TensorShape model_tensor_shape(const Topology& topology, std::size_t tensor);

/// A key of the metadata, "sizes" for 0; null after the last.
const char* model_metadata_name(std::size_t key);

}  // namespace mote

#endif  // MOTE_MODEL_FILE_HPP
