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
//                       huber_delta and label_smoothing, input_scale (factor that turns a byte into an input; default
//                       1/255), input_shape "28,28" (rows and columns of an image), class_names (separated by line
//                       feeds), targets "numbers" or "inputs" (default "labels"), mote_version; fingerprint
//                       (topology.hpp) and checksum, which the reader verifies. Fractions are hexadecimal,
//                       "0x1.010102p-8": exact, as C's %a and Python's float.hex() write them.
//
// checksum is the CRC-32 of the whole file in 8 hexadecimal digits, computed with "00000000" in their place. The writer
// writes all of it. The reader ignores other metadata and norms.N.num_batches_tracked; it rejects any other tensor, and
// any gap.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/bytes.hpp"
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
  float input_scale = 1.0f / 255.0f;  ///< Dataset::scale: finite, > 0
  std::uint32_t rows = 0;             ///< of an image whose pixels are the inputs; 0: the inputs are no image
  std::uint32_t columns = 0;
  Bytes class_names = {};  ///< UTF-8, separated by line feeds, one for each output; or empty
  ModelTargets targets = ModelTargets::labels;
};

/// Checks a description: ok; a status of check(topology) or check(loss); model_metadata; model_class_names.
Result check(const ModelDescription& model);

/// Writes a model file. parameters: parameter_count() floats of the topology; running: running_statistics_count()
/// floats, laid out as in batch_norm.hpp. Fails with a status of check(model), memory_too_small for another number of
/// floats, model_number or write_failed. Traverses the numbers twice: first for the checksum.
Result write_model(const ModelDescription& model, Span<const float> parameters, Span<const float> running,
                   const ByteSink& sink);

/// Reads the header and checks that it describes a complete file. header: memory for the header; memory_too_small
/// states the bytes needed. The description's class_names are a view of that memory. A failure leaves `model`
/// unchanged, except that model_tensor stores the topology, which tells the name of the tensor found. Like
/// read_model(), takes about 170 bytes of stack for each of kMaxLayers layers.
Result read_model_description(const ByteSource& file, Memory header, ModelDescription& model);

/// Loads a network of exactly this topology; model_differs for another one: difference() finds where.
/// parameters, running: as for write_model. Everything is checked before the first parameter is written, the whole
/// file by its checksum if it states one; if the fingerprint or a later read fails, all parameters are 0.
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

/// Number of tensors of a network. Their indices follow the order in which they are written.
std::size_t model_tensor_count(const Topology& topology);
/// A name such as "layers.0.weight".
struct TensorName {
  char text[32];
};
/// Name of a tensor; for model_tensor_count() + N, the optional norms.N.num_batches_tracked.
TensorName model_tensor_name(const Topology& topology, std::size_t tensor);
/// Shape of a tensor of F32: [outputs][inputs] of a layer's weights, else [outputs]. num_batches_tracked: a scalar,
/// I64.
struct TensorShape {
  std::size_t rank = 1;
  std::size_t sizes[2] = {1, 1};
};
TensorShape model_tensor_shape(const Topology& topology, std::size_t tensor);

/// A key of the metadata, "sizes" for 0; null after the last.
const char* model_metadata_name(std::size_t key);

}  // namespace mote
