// SPDX-License-Identifier: MIT
#include "mote/status.hpp"

namespace mote {

const char* to_string(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::memory_too_small: return "memory too small";
    case Status::memory_misaligned: return "memory not aligned";
    case Status::no_layers: return "network without layers: needs at least one after its inputs";
    case Status::too_many_layers: return "too many layers";
    case Status::layer_size_out_of_range: return "layer size out of range";
    case Status::network_too_large: return "network too large to be addressed on this machine";
    case Status::softmax_not_last: return "softmax before the last layer";
    case Status::batch_norm_in_last_layer:
      return "batch normalization in the last layer: only hidden layers can have it";
    case Status::batch_norm_not_folded: return "batch normalization not folded into the weights: inference needs that";
    case Status::bad_enumerator: return "value is not in its enumeration";
    case Status::loss_activation_mismatch: return "loss does not fit the activation of the output layer";
    case Status::bad_huber_delta: return "delta of the Huber loss: must be positive and finite";
    case Status::bad_label_smoothing:
      return "label smoothing: must be from 0 to less than 1, and 0 without a cross-entropy";
    case Status::bad_learning_rate: return "learning rate: must be positive and finite";
    case Status::bad_momentum: return "momentum: must be from 0 to less than 1";
    case Status::bad_beta: return "decay rate of moments: must be from 0 to less than 1";
    case Status::bad_epsilon: return "epsilon: must be finite and at least 0";
    case Status::bad_penalty: return "penalty: must be finite and at least 0";
    case Status::bad_clipping: return "clipping limit: must be finite and at least 0, and only one may be set";
    case Status::bad_max_norm: return "max-norm: must be finite and at least 0";
    case Status::bad_dropout: return "dropout rate: must be from 0 to less than 1";
    case Status::bad_dropout_count: return "dropout rates of layers: must be one for each hidden layer";
    case Status::bad_schedule: return "schedule: needs a decay step or more, and a factor from 0 (cosine only) to 1";
    case Status::bad_early_stopping:
      return "early stopping: needs patience of at least 1 and an improvement of at least 0";
    case Status::bad_batch_size: return "batch size out of range";
    case Status::bad_worker_count: return "number of workers: must be at least 1, on microcontrollers 1";
    case Status::no_members: return "ensemble without members: needs at least one";
    case Status::batch_norm_in_chunks:
      return "batch normalization with part of a mini-batch in memory: needs all of it";
    case Status::batch_norm_of_one_sample:
      return "batch normalization of one sample: needs 2 in every batch, the last too";
    case Status::input_size_mismatch: return "features of the data differ from inputs of the network";
    case Status::output_size_mismatch: return "classes or targets of the data differ from outputs of the network";
    case Status::not_initialized: return "all weights are 0, so that hidden layers cannot learn: call initialize first";
    case Status::no_samples: return "no samples";
    case Status::no_labels: return "data without labels";
    case Status::target_out_of_range: return "target out of range for the loss";
    case Status::input_not_finite: return "input is NaN or infinite";
    case Status::bad_input_scale: return "scale of an input: must be finite and not 0, and its offset finite";
    case Status::bad_weight: return "weight of a sample or class: must be finite and at least 0";
    case Status::too_many_samples: return "too many samples";
    case Status::score_not_finite: return "score of a sample is NaN or infinite";
    case Status::one_class: return "samples of one class: needs positive and negative ones";
    case Status::idx_empty: return "empty file";
    case Status::idx_gzip: return "gzip data; run gunzip on it first";
    case Status::idx_bad_magic: return "not an IDX file: its first two bytes are not zero";
    case Status::idx_element_type: return "unsupported element type";
    case Status::idx_rank: return "wrong number of dimensions";
    case Status::idx_truncated_header: return "truncated header";
    case Status::idx_zero_dimension: return "a dimension is zero";
    case Status::idx_size_overflow: return "product of the dimensions too large";
    case Status::idx_truncated_body: return "truncated data";
    case Status::idx_trailing_bytes: return "bytes after the end of the data";
    case Status::idx_number: return "number that a float cannot hold";
    case Status::idx_label: return "label: must be a whole number from 0 to 255";
    case Status::idx_one_hot: return "labels of several columns: must be a 1 among zeros, or a single column";
    case Status::count_mismatch: return "number of labels or targets differs from number of images";
    case Status::label_out_of_range: return "label out of range";
    case Status::read_failed: return "reading failed";
    case Status::write_failed: return "writing failed";
    case Status::model_truncated: return "truncated model file";
    case Status::model_syntax: return "not a safetensors header: no JSON, or an unknown or repeated name";
    case Status::model_metadata: return "metadata missing, unknown or out of range";
    case Status::model_names: return "number of names differs from number of outputs or features";
    case Status::model_tensor: return "tensors do not fit the network";
    case Status::model_gap: return "tensors overlap or leave a gap";
    case Status::model_number: return "parameter not finite, or negative variance";
    case Status::model_differs: return "model of another network";
    case Status::model_fingerprint: return "parameters differ from the fingerprint that the model states";
    case Status::model_damaged: return "damaged model: wrong checksum";
    case Status::flash_geometry: return "impossible sizes of flash slots or writes";
    case Status::flash_empty: return "flash without a record";
    case Status::flash_full: return "record too large for a flash slot";
    case Status::checkpoint_magic: return "not a checkpoint";
    case Status::checkpoint_size: return "checkpoint truncated, or with bytes after its end";
    case Status::checkpoint_checksum: return "damaged checkpoint: wrong checksum";
    case Status::checkpoint_differs: return "checkpoint of another training";
    case Status::checkpoint_progress: return "invalid training progress";
    case Status::checkpoint_number: return "parameter of a checkpoint is NaN or infinite";
    case Status::model_size_mismatch: return "number of weights, biases or factors differs from the network's";
    case Status::weight_out_of_range: return "weight not finite or too large for the format";
    case Status::golden_mismatch: return "outputs of the model differ from those at its export";
    case Status::unsupported_instruction_set: return "instruction set not supported here";
    case Status::contracted_arithmetic: return "compiled with fused products and sums: needs -ffp-contract=off";
    case Status::not_finite: return "training diverged: a number is not finite";
  }
  return "unknown status";
}

}  // namespace mote
