// SPDX-License-Identifier: MIT
// Results of calls that can fail: a status and the two numbers that explain it.
#ifndef MOTE_STATUS_HPP
#define MOTE_STATUS_HPP

#include <cstdint>

#include "mote/target.hpp"

namespace mote {

/// Reasons for failure. Each comment defines Result::found and Result::expected; without a definition they are 0.
enum class Status : std::uint8_t {
  ok,
  // Memory of the caller.
  memory_too_small,   ///< found: bytes given; expected: bytes needed
  memory_misaligned,  ///< found: address modulo expected; expected: alignment in bytes
  // Topology.
  no_layers,                 ///< a network needs a layer after its inputs
  too_many_layers,           ///< found: layers; expected: kMaxLayers
  layer_size_out_of_range,   ///< found: size; expected: largest size (the smallest is 1)
  network_too_large,         ///< found: bytes of parameters; expected: bytes that this machine can address
  softmax_not_last,          ///< found: layer with softmax (1: first hidden layer); expected: last layer
  batch_norm_in_last_layer,  ///< batch normalization is for hidden layers
  batch_norm_not_folded,     ///< inference needs the parameters from fold_batch_norm() (batch_norm.hpp)
  // Training options.
  bad_enumerator,            ///< found: number that is none of the enumerators of its type
  loss_activation_mismatch,  ///< the loss needs another activation in the output layer
  bad_huber_delta,           ///< must be positive and finite
  bad_label_smoothing,       ///< must be in [0, 1), and 0 unless the loss is a cross-entropy
  bad_learning_rate,         ///< must be positive and finite
  bad_momentum,              ///< must be in [0, 1)
  bad_beta,                  ///< decay rates of moments must be in [0, 1)
  bad_epsilon,               ///< must be finite and at least 0
  bad_penalty,               ///< must be finite and at least 0
  bad_clipping,              ///< limits must be finite and at least 0, and one of the two 0
  bad_max_norm,              ///< must be finite and at least 0
  bad_dropout,               ///< must be in [0, 1)
  bad_dropout_count,         ///< found: rates of layers; expected: hidden layers
  bad_schedule,              ///< decay_steps must be at least 1, factor in (0, 1], or 0 for cosine
  bad_early_stopping,        ///< patience must be at least 1, minimum_improvement finite and at least 0
  bad_batch_size,            ///< found: batch size; expected: largest batch size (the smallest is 1)
  bad_worker_count,          ///< must be at least 1, on microcontrollers 1
  no_members,                ///< an ensemble needs a member
  batch_norm_in_chunks,      ///< needs whole mini-batches; found: samples in memory at a time; expected: batch size
  batch_norm_of_one_sample,  ///< needs 2 samples; found: samples in the smallest mini-batch, perhaps the epoch's last
  // Data and the network.
  input_size_mismatch,   ///< found: features of the data; expected: inputs of the network
  output_size_mismatch,  ///< found: classes, or targets of a sample; expected: outputs of the network
  not_initialized,       ///< the weights of a network with hidden layers are all 0, so that it cannot learn
  no_samples,            ///< the data set is empty
  no_labels,             ///< the data set has neither labels nor targets, or no labels where they are needed
  target_out_of_range,   ///< found: sample whose target is not finite or, for cross-entropies, no distribution;
                         ///< expected: output
  input_not_finite,      ///< found: sample with NaN or infinity; expected: feature
  bad_input_scale,       ///< found: feature whose offset or scale is not finite or, for the scale, 0
  bad_weight,            ///< found: sample or class whose weight is negative or not finite
  too_many_samples,      ///< expected: largest number of samples
  score_not_finite,      ///< found: sample, counted from 0
  one_class,             ///< a ranking needs positive and negative samples
  // IDX files.
  idx_empty,             ///< the file has no bytes
  idx_gzip,              ///< the file is compressed
  idx_bad_magic,         ///< found: first two bytes; expected: 0
  idx_element_type,      ///< found: type code; expected: type code that the caller wants, 0: any
  idx_rank,              ///< found: number of dimensions; expected: number that the caller wants
  idx_truncated_header,  ///< found: bytes of the file; expected: bytes of the header
  idx_zero_dimension,    ///< found: dimension of size 0 (0: the first); expected: 1, the smallest size
  idx_size_overflow,     ///< this machine cannot address the product of the dimensions
  idx_truncated_body,    ///< found: bytes of the file; expected: bytes that the header announces
  idx_trailing_bytes,    ///< found: bytes of the file; expected: bytes that the header announces
  idx_number,            ///< found: element that is no float
  idx_label,             ///< found: sample whose label is not a whole number from 0 to 255
  idx_one_hot,           ///< found: sample whose labels are not a 1 among zeros; expected: number of columns
  count_mismatch,        ///< found: number of labels or targets; expected: number of images
  label_out_of_range,    ///< found: label; expected: largest label
  // Functions of the caller.
  read_failed,   ///< ByteSource::read returned false
  write_failed,  ///< ByteSink::write returned false
  // Model files (model_file.hpp). A byte is an offset in the file.
  model_truncated,    ///< found: bytes of the file; expected: bytes that its header needs, or the fewest possible
  model_syntax,       ///< found: byte where the header breaks the format; expected: limit of metadata if exceeded
  model_metadata,     ///< found: byte of a wrong value, 0: it is missing; expected: index for model_metadata_name()
  model_names,        ///< names of classes, features or targets; found: names; expected: outputs, inputs or outputs
  model_tensor,       ///< found: byte of a wrong name, type, shape or place, 0: tensor missing; expected: index for
                      ///< model_tensor_name(), or known_model_tensors(): the network has no such tensor
  model_gap,          ///< found: byte where tensors overlap or leave a gap
  model_number,       ///< found: index of a tensor with NaN, infinity, a negative variance or an input scale of 0:
                      ///< model_tensor_name()
  model_differs,      ///< model of another network: difference(); found: layer
  model_fingerprint,  ///< found: fingerprint of the parameters; expected: fingerprint that the file states
  model_damaged,      ///< found: checksum; expected: checksum stated in the file, or by the export
  // Flash memory (flash_record.hpp).
  flash_geometry,  ///< sizes of slots or writes out of range
  flash_empty,     ///< no slot holds a complete record
  flash_full,      ///< found: bytes of the record; expected: bytes that a slot holds
  // Checkpoints (checkpoint.hpp).
  checkpoint_magic,     ///< not a checkpoint
  checkpoint_size,      ///< found: bytes; expected: bytes that the file states, or the fewest possible
  checkpoint_checksum,  ///< found: checksum; expected: checksum that the file states
  checkpoint_differs,   ///< settings differ: read_checkpoint() names the first difference
  checkpoint_progress,  ///< invalid training progress
  checkpoint_number,    ///< found: array with NaN or infinity (0: parameters, 2: kept parameters)
  // Models in flash (flash_network.hpp).
  model_size_mismatch,  ///< found: weights, biases or factors given; expected: number that the topology has
  weight_out_of_range,  ///< found: index of a weight that is not finite or too large for the format
  golden_mismatch,      ///< found: first output that differs from the export's, or from the model file's known answer
  // Machine.
  unsupported_instruction_set,  ///< not built in, or not in this processor
  contracted_arithmetic,        ///< the compiler fused products and sums; clang does with -ffp-contract=fast
  // Divergence.
  not_finite,  ///< a loss, gradient or parameter is NaN or infinite; found: batch within the epoch (0: the first);
               ///< expected: layer (0: the first after the inputs); Trainer::divergence() says more
};

/// Describes a status in lower case, without a final stop; never null.
const char* to_string(Status status);

/// A status and the two numbers that explain it. Converts from Status: `return Status::ok;`.
struct [[nodiscard]] Result {
  Status status = Status::ok;
  std::uint64_t found = 0;
  std::uint64_t expected = 0;

  constexpr Result(Status s = Status::ok, std::uint64_t f = 0, std::uint64_t e = 0)
      : status(s), found(f), expected(e) {}
  constexpr bool ok() const { return status == Status::ok; }
};

namespace detail {
/// The Result for a value that is none of the enumerators.
template <typename Enum>
constexpr Result unknown(Enum value) {
  return {Status::bad_enumerator, static_cast<std::uint64_t>(value)};
}
}  // namespace detail

}  // namespace mote

/// Stops the program at a programmer error: an index past the end, a call before bind(). Define it as nothing to save
/// its bytes, or as your own handler.
#ifndef MOTE_ASSERT
#define MOTE_ASSERT(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#endif

#endif  // MOTE_STATUS_HPP
