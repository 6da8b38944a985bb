// SPDX-License-Identifier: MIT
// Checkpoints: the whole state of training as bytes. Saving and restoring changes no bit of the trained parameters.
//
//   if (!mote::write_checkpoint(trainer, {}, sink).ok()) halt();             // between any two batches
//   ... power loss; bind() as before ...
//   if (!mote::read_checkpoint(source, dataset, trainer).ok()) halt();
//   while (trainer.samples_left() > 0 && trainer.train_batch().ok()) continue;  // the rest of the epoch
//
// Format, all numbers little-endian:
//
//   "mote ck2"                               8 bytes
//   size of the checkpoint                   8
//   size of the note, the note               8, ...
//   settings: count, then 8 bytes each       8, ... topology, options, samples, arithmetic: all that affects bits
//   progress                                 68    TrainingProgress
//   model, optimizer state, kept parameters  8, ... each: number of floats, the floats
//   CRC-32 of the bytes before it            4
//
// The order of the samples is not stored: it is drawn again from the state of the generator before the epoch.
#ifndef MOTE_CHECKPOINT_HPP
#define MOTE_CHECKPOINT_HPP

#include <cstdint>

#include "mote/bytes.hpp"
#include "mote/dataset.hpp"
#include "mote/trainer.hpp"

namespace mote {

/// The first bytes of a checkpoint, and a terminating 0.
inline constexpr char kCheckpointMagic[] = "mote ck2";

/// Bytes of a checkpoint with a note of this size.
std::uint64_t checkpoint_bytes(const Trainer& trainer, std::size_t note_bytes);

/// Writes a checkpoint. note: bytes of the caller, such as an EarlyStopping and its best parameters. Error:
/// write_failed.
Result write_checkpoint(const Trainer& trainer, Bytes note, const ByteSink& sink);

/// Checks that a checkpoint is complete and finds the size of its note. Errors: checkpoint_magic, checkpoint_size,
/// checkpoint_checksum, read_failed.
Result check_checkpoint(const ByteSource& file, std::uint64_t& note_bytes);

/// Fills `note`, whose size must be that from check_checkpoint().
Result read_checkpoint_note(const ByteSource& file, Memory note);

/// Restores a trainer that was bound to the checkpoint's network, options and number of samples. dataset: the training
/// set, with the transformation of its inputs; {} for a trainer of kUnstored samples, whose batches bring their own.
/// Workers and memory_rows may differ: they change no bit. On checkpoint_differs, `difference`, unless null,
/// becomes the name of the first setting that differs. A rejected checkpoint leaves the trainer unchanged; read_failed
/// may leave it partly restored: bind it or restore it again. checkpoint_number for kept parameters that are not
/// finite, and for parameters after a whole epoch; within an epoch, the loss of the next batch reports them.
Result read_checkpoint(const ByteSource& file, const Dataset& dataset, Trainer& trainer,
                       const char** difference = nullptr);

}  // namespace mote

#endif  // MOTE_CHECKPOINT_HPP
