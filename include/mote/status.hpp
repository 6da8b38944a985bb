// SPDX-License-Identifier: MIT
// What a fallible call answers: a status, and where it helps, what was found and what was expected.
#pragma once

#include <cstdint>

namespace mote {

/// Every way a call can fail. The comment says what `found` and `expected` of the Result hold (0 where it says
/// nothing).
enum class Status : std::uint8_t {
  ok,
  // Memory handed over by the caller.
  memory_too_small,   ///< found: bytes given; expected: bytes needed
  memory_misaligned,  ///< found: address modulo expected; expected: alignment in bytes
  // Topology: the description of a network.
  no_layers,                 ///< a topology needs at least one layer after the inputs
  too_many_layers,           ///< found: layers; expected: kMaxLayers
  layer_size_out_of_range,   ///< found: size; expected: largest size allowed (the smallest is 1)
  network_too_large,         ///< found: bytes of parameters; expected: most that this target can address
  softmax_not_last,          ///< found: layer (1 = first hidden); expected: the last layer, the only one it is for
  batch_norm_in_last_layer,  ///< batch normalization is for hidden layers
  batch_norm_not_folded,     ///< inference takes what fold_batch_norm() makes (batch_norm.hpp)
  // Training options.
  loss_activation_mismatch,  ///< the loss does not go with the output layer's activation
  bad_huber_delta,           ///< must be finite and greater than 0
  bad_label_smoothing,       ///< must be in [0, 1), and 0 unless the loss is a cross-entropy
  bad_learning_rate,         ///< must be finite and greater than 0
  bad_momentum,              ///< must be in [0, 1)
  bad_beta,                  ///< decay rates of moments must be in [0, 1)
  bad_epsilon,               ///< must be finite and greater than 0
  bad_penalty,               ///< must be finite and at least 0
  bad_clipping,              ///< limits must be finite and at least 0, and one of the two 0
  bad_max_norm,              ///< must be finite and at least 0
  bad_dropout,               ///< must be in [0, 1)
  bad_schedule,              ///< decay_steps must be at least 1, factor in (0, 1], or 0 for cosine
  bad_early_stopping,        ///< patience must be at least 1, minimum_improvement finite and at least 0
  bad_batch_size,            ///< found: batch size; expected: largest possible (the smallest is 1)
  bad_worker_count,          ///< must be at least 1
  no_members,                ///< an ensemble needs at least one
  batch_norm_in_chunks,      ///< it needs whole mini-batches; found: samples in memory at a time; expected: batch size
  batch_norm_of_one_sample,  ///< it needs 2 or more; found: samples in the smallest mini-batch, maybe the epoch's last
  // Data that does not fit the network.
  input_size_mismatch,   ///< found: features of the data; expected: inputs of the network
  output_size_mismatch,  ///< found: classes or targets a sample of the data; expected: outputs of the network
  no_samples,            ///< the data set is empty
  no_labels,             ///< there are neither labels nor targets, or no labels where they are needed
  target_out_of_range,   ///< found: sample; not finite, or for cross-entropies outside of [0, 1] or no distribution
  too_many_samples,      ///< expected: the largest number possible
  // IDX files.
  idx_empty,             ///< no bytes at all
  idx_gzip,              ///< still compressed
  idx_bad_magic,         ///< found: the first two bytes; expected: 0
  idx_element_type,      ///< found: type code; expected: the one that the caller asked for
  idx_rank,              ///< found: number of dimensions; expected: the number the caller asked for
  idx_truncated_header,  ///< found: bytes present; expected: bytes of the header
  idx_zero_dimension,    ///< found: which dimension (0 = the first) is 0; expected: 1 or more
  idx_size_overflow,     ///< the product of the dimensions cannot be addressed
  idx_truncated_body,    ///< found: bytes present; expected: bytes that the header announces
  idx_trailing_bytes,    ///< found: bytes present; expected: bytes that the header announces
  count_mismatch,        ///< found: number of labels or targets; expected: number of images
  label_out_of_range,    ///< found: label; expected: largest label allowed
  // Reading and writing through the caller's functions.
  read_failed,   ///< ByteSource::read said no
  write_failed,  ///< ByteSink::write said no
  // Model files (model_file.hpp). "Byte" is one of the file, 0 the first: where what is wrong begins.
  model_truncated,  ///< found: bytes of the file; expected: bytes that its header asks for, or the least possible
  model_syntax,     ///< found: byte; no JSON, or not that of a safetensors header
  model_duplicate,  ///< found: byte; the same name was there before
  model_too_many_metadata,  ///< found: byte; expected: the most that are read
  model_value,              ///< found: byte; a value of the metadata or the description that is out of range or unknown
  model_no_sizes,           ///< the metadata lack it, likewise the following
  model_no_activations,
  model_no_loss,
  model_unknown_tensor,  ///< found: byte
  model_missing_tensor,  ///< found: which one: model_tensor_name()
  model_tensor_type,     ///< found: byte; expected: as for model_tensor_shape; only F32 is read
  model_tensor_shape,    ///< found: byte; expected: which tensor: model_tensor_shape(), or past the last for a count
  model_tensor_offsets,  ///< found: byte; expected: likewise; out of order, not of the tensor's size, or past the end
  model_data_gap,        ///< found: byte where no tensor begins, or more than one
  model_class_names,     ///< found: class names; expected: outputs
  model_checksum,        ///< found: checksum of the file; expected: the one that it says
  model_fingerprint,     ///< found: fingerprint of the parameters; expected: the one that the file says
  model_bad_number,      ///< found: tensor that has NaN, infinity or a negative variance: model_tensor_name()
  model_differs,         ///< describes another network than the one to load into: difference()
  // Flash memory (flash_record.hpp).
  flash_geometry,  ///< sizes of slots or writes that cannot be
  flash_empty,     ///< no whole record in either slot
  flash_full,      ///< found: bytes of the record; expected: the most that a slot holds
  // Checkpoints (checkpoint.hpp).
  checkpoint_magic,     ///< something else
  checkpoint_size,      ///< found: bytes; expected: bytes that it says it has, or the least possible
  checkpoint_checksum,  ///< found: that of the bytes; expected: the one that they say
  checkpoint_differs,   ///< of other training: read_checkpoint() names the first difference
  checkpoint_progress,  ///< numbers that no training comes to
  // Compact models: a trained network in flash.
  model_size_mismatch,    ///< found: weights, biases or factors given; expected: how many the topology has
  weight_out_of_range,    ///< not finite, or too large for the format; found: index of the weight
  model_damaged,          ///< found: checksum; expected: the one that was exported
  golden_mismatch,        ///< the model does not answer as it did when it was exported; found: first such output
  weights_not_trainable,  ///< training needs weights of 32 bits; found: bits of those given; expected: 32
  // The machine.
  unsupported_instruction_set,  ///< not built in, or not in this processor
  // Training gone wrong.
  not_finite,  ///< a loss, gradient or parameter is NaN or infinite; found: batch within the epoch (0 = the first);
               ///< expected: layer (0 = the first after the inputs); Trainer::divergence() says more
};

/// A short lower-case sentence for a human, without a final stop; never null.
const char* to_string(Status status);

/// Status of a call with the two numbers that explain it. Converts from Status, so `return Status::ok` works.
struct [[nodiscard]] Result {
  Status status = Status::ok;
  std::uint64_t found = 0;
  std::uint64_t expected = 0;

  constexpr Result(Status s = Status::ok, std::uint64_t f = 0, std::uint64_t e = 0)
      : status(s), found(f), expected(e) {}
  constexpr bool ok() const { return status == Status::ok; }
};

}  // namespace mote

/// Programmer errors (an index past the end, a call before bind) stop the program here. Define it to nothing to save
/// the bytes, or to a handler of your own.
#ifndef MOTE_ASSERT
#define MOTE_ASSERT(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#endif
