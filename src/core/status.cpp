// SPDX-License-Identifier: MIT
#include "mote/status.hpp"

namespace mote {

const char* to_string(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::memory_too_small: return "memory too small";
    case Status::memory_misaligned: return "memory not aligned";
    case Status::no_layers: return "a network needs at least one layer after its inputs";
    case Status::too_many_layers: return "too many layers";
    case Status::layer_size_out_of_range: return "layer size out of range";
    case Status::network_too_large: return "network too large to be addressed on this machine";
    case Status::softmax_not_last: return "softmax is for the last layer only";
    case Status::batch_norm_in_last_layer: return "batch normalization is for hidden layers only";
    case Status::batch_norm_not_folded: return "batch normalization must be folded into the weights for inference";
    case Status::loss_activation_mismatch: return "the loss does not go with the activation of the output layer";
    case Status::bad_huber_delta: return "delta of the Huber loss must be finite and greater than 0";
    case Status::bad_label_smoothing:
      return "label smoothing must be from 0 to less than 1, and is for cross-entropies";
    case Status::bad_learning_rate: return "learning rate must be finite and greater than 0";
    case Status::bad_momentum: return "momentum must be at least 0 and less than 1";
    case Status::bad_beta: return "decay rates of moments must be at least 0 and less than 1";
    case Status::bad_epsilon: return "epsilon must be finite and greater than 0";
    case Status::bad_penalty: return "penalty must be finite and at least 0";
    case Status::bad_clipping: return "limits of clipping must be finite and at least 0, and one of the two 0";
    case Status::bad_max_norm: return "the limit of norms must be finite and at least 0";
    case Status::bad_dropout: return "dropout rates must be at least 0 and less than 1";
    case Status::bad_schedule: return "a schedule decays in at least 1 step, by a factor from 0 (cosine only) to 1";
    case Status::bad_early_stopping: return "patience must be at least 1, and the improvement finite and at least 0";
    case Status::bad_batch_size: return "batch size out of range";
    case Status::bad_worker_count: return "number of workers must be at least 1";
    case Status::no_members: return "an ensemble needs at least one member";
    case Status::batch_norm_in_chunks: return "batch normalization needs the whole mini-batch in memory at a time";
    case Status::batch_norm_of_one_sample: return "batch normalization needs 2 samples in every batch, the last too";
    case Status::input_size_mismatch: return "features of the data differ from the inputs of the network";
    case Status::output_size_mismatch: return "what the data want differs in size from the outputs of the network";
    case Status::no_samples: return "no samples";
    case Status::no_labels: return "the data have no labels";
    case Status::target_out_of_range: return "target out of range for the loss";
    case Status::too_many_samples: return "too many samples";
    case Status::idx_empty: return "empty file";
    case Status::idx_gzip: return "gzip data; run gunzip on it first";
    case Status::idx_bad_magic: return "not an IDX file: its first two bytes are not zero";
    case Status::idx_element_type: return "unsupported element type";
    case Status::idx_rank: return "wrong number of dimensions";
    case Status::idx_truncated_header: return "truncated header";
    case Status::idx_zero_dimension: return "a dimension is zero";
    case Status::idx_size_overflow: return "the product of the dimensions is too large";
    case Status::idx_truncated_body: return "truncated data";
    case Status::idx_trailing_bytes: return "bytes after the end of the data";
    case Status::count_mismatch: return "number of labels or targets differs from number of images";
    case Status::label_out_of_range: return "label out of range";
    case Status::read_failed: return "reading failed";
    case Status::write_failed: return "writing failed";
    case Status::model_truncated: return "truncated model file";
    case Status::model_syntax: return "not a safetensors header";
    case Status::model_duplicate: return "a name that was there before";
    case Status::model_too_many_metadata: return "too many metadata";
    case Status::model_value: return "a value that is out of range or unknown";
    case Status::model_no_sizes: return "sizes are missing in the metadata";
    case Status::model_no_activations: return "activations are missing in the metadata";
    case Status::model_no_loss: return "the loss is missing in the metadata";
    case Status::model_unknown_tensor: return "a tensor that the network does not have";
    case Status::model_missing_tensor: return "a tensor is missing";
    case Status::model_tensor_type: return "a tensor is not of type F32";
    case Status::model_tensor_shape: return "a tensor has another shape than the network's";
    case Status::model_tensor_offsets: return "offsets that are not those of the tensor or not in the file";
    case Status::model_data_gap: return "tensors overlap or leave a gap";
    case Status::model_class_names: return "number of class names differs from number of outputs";
    case Status::model_checksum: return "damaged: wrong checksum";
    case Status::model_fingerprint: return "damaged: wrong fingerprint of the parameters";
    case Status::model_bad_number: return "a parameter is not finite, or a variance negative";
    case Status::model_differs: return "a model of another network";
    case Status::flash_geometry: return "sizes of slots or writes that cannot be";
    case Status::flash_empty: return "nothing was saved yet";
    case Status::flash_full: return "record too large for a slot";
    case Status::checkpoint_magic: return "not a checkpoint";
    case Status::checkpoint_size: return "truncated, or something comes after its end";
    case Status::checkpoint_checksum: return "damaged checkpoint: wrong checksum";
    case Status::checkpoint_differs: return "a checkpoint of other training";
    case Status::checkpoint_progress: return "numbers that no training comes to";
    case Status::model_size_mismatch: return "weights, biases or factors are not as many as the network has";
    case Status::weight_out_of_range: return "weight not finite or too large for the format";
    case Status::model_damaged: return "the model differs from the one that was exported";
    case Status::golden_mismatch: return "the model does not answer as it did when it was exported";
    case Status::weights_not_trainable: return "weights smaller than 32 bits cannot be trained";
    case Status::unsupported_instruction_set: return "instruction set not supported here";
    case Status::not_finite: return "training diverged: a number is not finite";
  }
  return "unknown status";
}

}  // namespace mote
