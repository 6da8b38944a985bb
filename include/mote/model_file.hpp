// SPDX-License-Identifier: MIT
// Models in the safetensors format, which PyTorch, NumPy and others read: the size of a header in 8 bytes, the header
// in JSON, then the numbers as little-endian floats. What is in it:
//
//   layers.N.weight     [outputs][inputs], as PyTorch's Linear has it, for layers N = 0, 1, ... after the inputs
//   layers.N.bias       [outputs]
//   norms.N.weight, norms.N.bias, norms.N.running_mean, norms.N.running_var, [outputs] each, as BatchNorm1d has them:
//                       instead of layers.N.bias where layer N has batch normalization
//   __metadata__        strings. Needed to load: sizes "784,256,10" (inputs first), activations "relu,softmax" and loss
//                       "cross-entropy" (names.hpp). Optional: batch_norm "0" (the layers that have it), huber_delta
//                       and label_smoothing, input_scale (what a byte is multiplied by to become an input; default
//                       1/255), input_shape "28,28" (rows and columns of an image), class_names (separated by line
//                       feeds), mote_version; fingerprint (checksum.hpp) and checksum, which are held to what is
//                       loaded. Fractions are hexadecimal, "0x1.010102p-8": exact, as C's %a and Python's float.hex()
//                       write them.
//
// checksum is the CRC-32 of the whole file in 8 hexadecimal digits, computed with "00000000" in their place. What is
// written has all of it. In what is read, metadata that are not named here, and norms.N.num_batches_tracked, are left
// alone; any other tensor, and any gap, is refused.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/bytes.hpp"
#include "mote/loss.hpp"
#include "mote/topology.hpp"

namespace mote {

/// What a model file says besides its parameters.
struct ModelDescription {
  Topology topology;
  LossOptions loss;
  float input_scale = 1.0f / 255.0f;  ///< Dataset::scale: finite, > 0
  std::uint32_t rows = 0;             ///< of an image whose pixels are the inputs; 0: they are something else
  std::uint32_t columns = 0;
  Bytes class_names = {};  ///< UTF-8, with line feeds between them, one for each output; or empty
};

/// What write_model() says of a description: what check(topology) or check(loss) find, model_value for another field
/// that cannot be, model_class_names.
Result check(const ModelDescription& model);

/// Writes a model file. parameters: parameter_count() floats of the topology; running: running_statistics_count(), laid
/// out as batch_norm.hpp says. What check(topology) or check(loss) find; model_value for another field of the
/// description that is out of range, model_class_names; model_bad_number for a parameter that no file should hold;
/// write_failed. Takes the numbers twice: the first time for the checksum.
Result write_model(const ModelDescription& model, Span<const float> parameters, Span<const float> running,
                   const ByteSink& sink);

/// Reads the header and checks that it describes a whole file. header: room for it; memory_too_small says how many
/// bytes it takes. The description's class_names are a view of that memory. On failure `model` is left alone, but for
/// model_missing_tensor, and model_tensor_type, _shape and _offsets, where its topology says which one that is. Like
/// read_model(), it takes some 170 bytes of stack for each of kMaxLayers layers.
Result read_model_description(const ByteSource& file, Memory header, ModelDescription& model);

/// Loads into a network of exactly this topology; model_differs otherwise, and difference() of the two says where.
/// parameters, running: as for write_model; running may be empty where there is no batch normalization. Everything is
/// checked before the first parameter is written, the file as a whole by its checksum if it has one; only after
/// model_fingerprint, or read_failed on the way, all parameters are 0.
Result read_model(const ByteSource& file, Memory header, const Topology& topology, Span<float> parameters,
                  Span<float> running);

/// Where two networks differ first.
struct TopologyDifference {
  enum class What : std::uint8_t { nothing, inputs, layer_count, outputs, activation, batch_norm };
  What what = What::nothing;
  std::size_t layer = 0;    ///< 0: the first after the inputs
  std::uint32_t found = 0;  ///< size, or number of layers, or value of the Activation, or 0 or 1
  std::uint32_t expected = 0;
};
TopologyDifference difference(const Topology& found, const Topology& expected);

/// Tensors in the order in which they are written.
std::size_t model_tensor_count(const Topology& topology);
/// The name of one, such as "layers.0.weight".
struct TensorName {
  char text[32];
};
TensorName model_tensor_name(const Topology& topology, std::size_t tensor);
/// Its shape: [outputs][inputs] of a layer's weights, [outputs] of all others.
struct TensorShape {
  std::size_t rank = 1;
  std::size_t sizes[2] = {};
};
TensorShape model_tensor_shape(const Topology& topology, std::size_t tensor);

}  // namespace mote
